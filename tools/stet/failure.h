// How stet ends when something is wrong: exit status, one line on standard error, or one JSON object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>

namespace stet::cli {

// Exit statuses of stet; scripts rely on them.
enum class ExitStatus : int {
  kCompleted = 0,
  kEndedOtherwise = 1,  // failed or cancelled
  kUsage = 2,           // or an invalid definition
  kData = 3,            // damaged, or refused by the log
  kInputOutput = 4,     // I/O error, disk full
  kLocked = 5,          // another process holds the directory
  kInterrupted = 130,
};

struct Failure {
  ExitStatus exit = ExitStatus::kUsage;
  std::string code = {};  // snake_case, or the log's finding in capitals
  std::string message = {};
  std::string file = {};
  std::optional<uint64_t> offset = std::nullopt;
  std::string next = {};  // what to do next; may be empty
};

// Explains `status`.  With a directory, a refusal of its log is examined for file, offset and next command.
Failure FailureFrom(const absl::Status& status, const std::string& directory = {});

// `status` as one that ends stet with `exit`, whatever its code; `next`: what to do next.
absl::Status WithExit(absl::Status status, ExitStatus exit, std::string_view next);
// Whether it came from WithExit.
bool HasExit(const absl::Status& status);

// What to do about a directory that another process holds.
inline constexpr char kWhenLocked[] = "wait until it ends, or stop it";

// A mistake in the use of the tool.
Failure UsageFailure(std::string_view message, std::string_view next = {});

// Says it: one line "stet: ..." on standard error, or {"error": {...}} on standard output.
void Print(const Failure& failure, bool json);

}  // namespace stet::cli
