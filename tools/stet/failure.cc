// Explanation of failures.
#include "tools/stet/failure.h"

#include <cstdio>

#include <absl/status/status.h>
#include <absl/strings/cord.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stet/inspect.h>
#include <stet/reason.h>
#include <stet/wal/recovery.h>

#include "tools/stet/quote.h"
#include "tools/stet/terminal.h"

namespace stet::cli {
namespace {

std::string_view CodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return "invalid_argument";
    case absl::StatusCode::kNotFound:
      return "not_found";
    case absl::StatusCode::kAlreadyExists:
      return "already_exists";
    case absl::StatusCode::kPermissionDenied:
      return "permission_denied";
    case absl::StatusCode::kResourceExhausted:
      return "resource_exhausted";
    case absl::StatusCode::kFailedPrecondition:
      return "failed_precondition";
    case absl::StatusCode::kUnimplemented:
      return "not_built";
    case absl::StatusCode::kDataLoss:
      return "data_loss";
    case absl::StatusCode::kUnavailable:
      return "unavailable";
    case absl::StatusCode::kCancelled:
      return "interrupted";
    default:
      return "io_error";
  }
}

// Under these an exit status and the next step travel inside a Status.
constexpr char kExitPayload[] = "stet/exit";
constexpr char kNextPayload[] = "stet/next";

std::string PayloadText(const absl::Status& status, const char* type) {
  const auto payload = status.GetPayload(type);
  return payload ? std::string(*payload) : std::string();
}

bool IsLimit(Reason reason) {
  return reason == Reason::kTooLarge || reason == Reason::kTooManyTasks ||
         reason == Reason::kTooManyEdges || reason == Reason::kTooManyExecutions;
}

ExitStatus ExitFor(const absl::Status& status) {
  if (const std::string given = PayloadText(status, kExitPayload); !given.empty()) {
    return static_cast<ExitStatus>(std::stoi(given));
  }
  const Reason reason = ReasonOf(status);
  const wal::Refusal refusal = wal::RefusalOf(status);
  if (reason == Reason::kLocked || refusal == wal::Refusal::kLocked) return ExitStatus::kLocked;
  if (refusal == wal::Refusal::kNoAccess) return ExitStatus::kInputOutput;
  if (refusal != wal::Refusal::kNone) return ExitStatus::kData;
  if (IsLimit(reason)) return ExitStatus::kUsage;
  switch (status.code()) {
    case absl::StatusCode::kDataLoss:
      return ExitStatus::kData;
    case absl::StatusCode::kCancelled:
      return ExitStatus::kInterrupted;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
      return ExitStatus::kUsage;
    default:
      return ExitStatus::kInputOutput;
  }
}

nlohmann::ordered_json TextOrNull(const std::string& text) {
  if (text.empty()) return nullptr;
  return text;
}

// The finding that made the log refuse tells the place and the next command.
void AddFinding(const std::string& directory, Failure& failure) {
  const wal::RecoveryReport report = ExamineWithSnapshots(LogOptionsFor(directory));
  const wal::Finding* finding = report.refusal_finding();
  if (finding == nullptr) {
    failure.next = fmt::format("walinspect verify {}", directory);
    return;
  }
  if (report.refusal == wal::Refusal::kNoAccess) failure.exit = ExitStatus::kInputOutput;
  failure.code = finding->code;
  failure.file = finding->file;
  failure.offset = finding->offset;
  failure.next = finding->next_command.empty() ? fmt::format("walinspect verify {}", directory)
                                               : finding->next_command;
}

void ExplainLock(const std::string& directory, Failure& failure) {
  failure.code = "locked";
  const std::optional<int> pid = ExamineWithSnapshots(LogOptionsFor(directory)).live_pid;
  if (!pid.has_value()) return;
  failure.message = fmt::format("{} is in use by process {}", OneLine(directory), *pid);
  failure.next = kWhenLocked;
}

}  // namespace

Failure FailureFrom(const absl::Status& status, const std::string& directory) {
  Failure failure = {.exit = ExitFor(status),
                     .code = std::string(CodeName(status.code())),
                     .message = OneLine(std::string(status.message())),
                     .next = PayloadText(status, kNextPayload)};
  if (failure.exit == ExitStatus::kLocked) failure.code = "locked";
  if (const Reason reason = ReasonOf(status); reason != Reason::kNone) {
    failure.code = ToString(reason);
  }
  if (failure.exit == ExitStatus::kLocked) ExplainLock(directory, failure);
  if (failure.exit == ExitStatus::kData && !directory.empty() && !HasExit(status)) {
    AddFinding(directory, failure);
  }
  if (failure.exit == ExitStatus::kInputOutput && absl::IsResourceExhausted(status) &&
      failure.next.empty()) {
    failure.next = "make room and run the same command, which goes on";
  }
  return failure;
}

absl::Status WithExit(absl::Status status, ExitStatus exit, std::string_view next) {
  status.SetPayload(kExitPayload, absl::Cord(std::to_string(static_cast<int>(exit))));
  status.SetPayload(kNextPayload, absl::Cord(std::string(next)));
  return status;
}

bool HasExit(const absl::Status& status) { return status.GetPayload(kExitPayload).has_value(); }

Failure UsageFailure(std::string_view message, std::string_view next) {
  return {.exit = ExitStatus::kUsage,
          .code = "usage",
          .message = std::string(message),
          .next = std::string(next)};
}

void Print(const Failure& failure, bool json) {
  if (json) {
    nlohmann::ordered_json error = {{"code", failure.code}, {"message", failure.message}};
    error["file"] = TextOrNull(failure.file);
    error["offset"] = nullptr;
    if (failure.offset.has_value()) error["offset"] = *failure.offset;
    error["next"] = TextOrNull(failure.next);
    const nlohmann::ordered_json object = {{"error", std::move(error)}};
    Say(stdout,
        fmt::format("{}\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
    return;
  }
  const bool said = failure.next.empty() || failure.message.find(failure.next) != std::string::npos;
  Say(stderr, fmt::format("stet: {}{}{}\n", failure.message,
                          said ? "" : "; next: ", said ? "" : failure.next));
}

}  // namespace stet::cli
