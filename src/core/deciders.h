// One function per command.  `now` is engine time in ns, never before the last event.
#pragma once

#include <cstdint>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "core/command.h"
#include "core/event_buffer.h"
#include "core/state.h"

namespace stet::core {

absl::Status DecideOn(const State& state, const OpenEngine& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const DefineWorkflow& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const StartExecution& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const StartAttempt& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const FinishAttempt& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const TimeoutAttempt& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const WakeRetry& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const RequestCancel& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const Continue& command, int64_t now, EventBuffer& out);

absl::Status DecideOn(const State& state, const PauseEngine& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const PauseActivity& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const PauseExecution& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const SetPriority& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const Reopen& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const DropDeadLetter& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const Purge& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const Retain& command, int64_t now, EventBuffer& out);

// Errors: kUnknownExecution.
absl::StatusOr<const Execution*> FindForCommand(const State& state, uint64_t execution);

// Errors: also kUnknownTask.
absl::StatusOr<const Execution*> FindForCommand(const State& state, const RunRef& run);

// Errors: kExecutionEnded.
absl::Status CheckRunning(const Execution& execution);

// Errors: kTooLarge.
absl::Status CheckPayload(std::string_view what, const PayloadView& payload);

}  // namespace stet::core
