// The directory of a log: names of its files, LOG_ID.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "stet/wal/storage.h"
#include "wal/format.h"

namespace stet::wal {

inline constexpr std::string_view kLogIdName = "LOG_ID";
inline constexpr std::string_view kLockName = "LOCK";

std::string PathIn(std::string_view directory, std::string_view name);

// The directory that holds the name of `directory`: flushing it makes that name durable.
std::string ParentOf(std::string_view directory);

// "000000000000002a.wal", 16 hex digits; and back.
std::string SegmentName(uint64_t segno);
std::optional<uint64_t> SegnoOfName(std::string_view name);

// Suffix of a file that is being made: nothing in it counts.
inline constexpr std::string_view kUnfinished = ".tmp";

// What a directory holds.
struct Listing {
  bool log_id = false;
  std::vector<uint64_t> segnos = {};         // rising
  std::vector<std::string> unfinished = {};  // names that end in .tmp
  std::vector<std::string> misnamed = {};    // end in .wal, and are no segment's name
};

// Errors: those of Storage::List; NotFound if there is no such directory.
absl::StatusOr<Listing> ListLog(Storage* storage, const std::string& directory);

// Reads LOG_ID.  Errors: NotFound if it is absent; DataLoss, naming the flaw, if it is damaged;
// Unimplemented if a newer version wrote it; I/O errors.
absl::StatusOr<LogId> ReadLogId(Storage* storage, const std::string& directory);

// Writes LOG_ID so that after a crash it is either absent or whole.  Durable on return.
absl::Status WriteLogId(Storage* storage, const std::string& directory, LogId id);

}  // namespace stet::wal
