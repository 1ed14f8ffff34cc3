// A survey of a directory together with the storage that it reads through.
#pragma once

#include <memory>

#include <absl/status/statusor.h>

#include "base/status_macros.h"
#include "stet/wal/options.h"
#include "stet/wal/storage.h"
#include "wal/survey.h"

namespace stet::wal {

// What those who look at a log own.  The survey's files go before the storage.
struct Looking {
  std::unique_ptr<Storage> owned = {};  // null if the caller's is used
  Storage* storage = nullptr;
  Survey survey = {};
};

// The storage of `options`, else the machine's; reads block anyway, so the plain one.
inline absl::StatusOr<Storage*> ReadingStorage(const Options& options,
                                               std::unique_ptr<Storage>* owned) {
  if (options.storage != nullptr) return options.storage;
  ASSIGN_OR_RETURN(*owned, OpenStorage(Backend::kPosix));
  return owned->get();
}

// Errors: those of TakeSurvey.
inline absl::StatusOr<Looking> LookAt(const Options& options) {
  Looking looking;
  ASSIGN_OR_RETURN(looking.storage, ReadingStorage(options, &looking.owned));
  ASSIGN_OR_RETURN(looking.survey, TakeSurvey(looking.storage, options.directory));
  return looking;
}

}  // namespace stet::wal
