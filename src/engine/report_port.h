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

// Of a loop that turns on the thread that makes it.
class LoopPort : public ReportPort {
 public:
  // The loop has ended: the ledger is not touched any more.
  virtual void LeaveLoop() = 0;
};

// Activities that run on the calling thread cannot wait for its loop: they drive the log until it has released
// what was recorded.  Others go through `elsewhere`.  `ledger` is kept until LeaveLoop.
std::shared_ptr<LoopPort> NewLoopPort(Ledger* ledger, std::function<absl::Status()> await_release,
                                      std::shared_ptr<ReportPort> elsewhere);

// Whether the refusal says that the run has another owner by now, or none.
bool IsLate(const absl::Status& refusal);

// A late report's refusal in the words of the activity: Aborted, with the same Reason.  Others stay.
absl::Status AbortedIfLate(const absl::Status& refusal);

}  // namespace stet::engine
