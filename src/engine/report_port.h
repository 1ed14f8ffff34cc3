// How a running activity has something recorded: its way to the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <absl/status/status.h>

#include "core/command.h"

namespace stet::engine {

class Inbox;
class Ledger;

// Thread-safe.  Attempts share it: one that outlives the engine finds it closed.
class ReportPort {
 public:
  virtual ~ReportPort() = default;

  // Executes `command`, a report of the calling attempt, and returns when its events are released.
  // Errors: Aborted, with the Reason, when the attempt does not own its run any more; the command's other
  // refusals; FailedPrecondition with Reason kClosed when the engine is closed; the log's failure.
  virtual absl::Status Record(const core::Command& command) = 0;

  // Limits::payload_bytes.
  virtual uint64_t payload_bytes_max() const = 0;
};

// For activities on threads of their own, while the loop turns on another.
std::shared_ptr<ReportPort> NewReportPort(std::shared_ptr<Inbox> inbox, uint64_t payload_bytes_max);

// For activities that run on the loop's own thread, and call from no other: drives the log until it has
// released what was recorded.  `ledger` is kept.
std::shared_ptr<ReportPort> NewInlinePort(Ledger* ledger,
                                          std::function<absl::Status()> await_release,
                                          uint64_t payload_bytes_max);

// Whether the refusal says that the run has another owner by now, or none.
bool IsLate(const absl::Status& refusal);

// A late report's refusal in the words of the activity: Aborted, with the same Reason.  Others stay.
absl::Status AbortedIfLate(const absl::Status& refusal);

}  // namespace stet::engine
