// The folder that walbench writes to, and nothing else.
#pragma once

#include <memory>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "tools/walbench/raw_file.h"

namespace stet::walbench {

// `DIR/walbench-PID.tmp`, removed with all that it holds by the destructor.
class Scratch {
 public:
  // Removes what killed runs left in `directory` first.
  // Errors: FailedPrecondition if the directory is a log; Aborted if it is that of an application
  // which runs; ResourceExhausted if the file system has less than `bytes` free; NotFound,
  // PermissionDenied, ... of the directory.
  static absl::StatusOr<std::unique_ptr<Scratch>> Make(const std::string& directory,
                                                       uint64_t bytes);

  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  const std::string& path() const { return path_; }

 private:
  Scratch(std::string path, Descriptor lock);

  const std::string path_;
  const Descriptor lock_;  // held: this folder is in use
};

}  // namespace stet::walbench
