// From names to commands.
#include "engine/operations.h"

#include <span>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/outstanding.h"
#include "core/refusal.h"
#include "engine/calls.h"
#include "engine/reports.h"
#include "engine/resolve.h"

namespace stet::engine {
namespace {

absl::StatusOr<uint64_t> IdOf(const Ledger& ledger, std::string_view name) {
  RETURN_IF_ERROR(ledger.failure());
  ASSIGN_OR_RETURN(const core::Execution* execution, Resolve(ledger.state(), name));
  return execution->id;
}

absl::StatusOr<core::RunRef> TaskOf(const Ledger& ledger, std::string_view name,
                                    std::string_view task) {
  RETURN_IF_ERROR(ledger.failure());
  return ResolveTask(ledger.state(), name, task);
}

// A skip cascade that was cut is done first.
absl::StatusOr<uint64_t> Reopen(Ledger& ledger, const Limits& limits, const core::Reopen& command) {
  if (IsTerminal(ledger.state().FindExecution(command.execution)->state)) {
    RETURN_IF_ERROR(CheckLive(ledger.state(), limits));
  }
  while (core::HasBacklog(ledger.state(), command.execution)) {
    RETURN_IF_ERROR(ledger.Execute(core::Continue{.execution = command.execution}).status());
  }
  return ledger.Execute(command);
}

}  // namespace

absl::StatusOr<uint64_t> PauseNow(Ledger& ledger, std::string_view execution, bool pause) {
  ASSIGN_OR_RETURN(const uint64_t id, IdOf(ledger, execution));
  return ledger.Execute(core::PauseExecution{.execution = id, .pause = pause});
}

absl::StatusOr<uint64_t> PauseActivityNow(Ledger& ledger, std::string_view activity, bool pause) {
  return ledger.Execute(core::PauseActivity{.activity = activity, .pause = pause});
}

absl::StatusOr<uint64_t> PauseEngineNow(Ledger& ledger, bool pause) {
  return ledger.Execute(core::PauseEngine{.pause = pause});
}

absl::StatusOr<uint64_t> SetPriorityNow(Ledger& ledger, std::string_view execution,
                                        int32_t priority) {
  ASSIGN_OR_RETURN(const uint64_t id, IdOf(ledger, execution));
  return ledger.Execute(core::SetPriority{.execution = id, .priority = priority});
}

absl::StatusOr<uint64_t> RetryNow(Ledger& ledger, const Limits& limits,
                                  std::string_view execution) {
  ASSIGN_OR_RETURN(const uint64_t id, IdOf(ledger, execution));
  return Reopen(ledger, limits, core::Reopen{.execution = id});
}

absl::StatusOr<uint64_t> PurgeNow(Ledger& ledger, std::string_view execution,
                                  absl::Duration key_retention) {
  ASSIGN_OR_RETURN(const uint64_t id, IdOf(ledger, execution));
  return ledger.Execute(core::Purge{.executions = std::span(&id, 1),
                                    .key_retention_ns = absl::ToInt64Nanoseconds(key_retention)});
}

absl::StatusOr<uint64_t> SignalNow(Ledger& ledger, const Limits& limits, std::string_view execution,
                                   const SignalRequest& request) {
  ASSIGN_OR_RETURN(const uint64_t id, IdOf(ledger, execution));
  if (request.payload.bytes.size() > limits.payload_bytes) {
    return core::Refuse(absl::StatusCode::kResourceExhausted, Reason::kTooLarge,
                        fmt::format("signal of {} bytes: the limit is {}",
                                    request.payload.bytes.size(), limits.payload_bytes),
                        {{"what", "signal"},
                         {"bytes", fmt::format("{}", request.payload.bytes.size())},
                         {"limit", fmt::format("{}", limits.payload_bytes)}});
  }
  const uint64_t seq = ledger.state().seq() + 1;
  const core::SendSignal send = {
      .execution = id,
      .name = request.name,
      .id = request.id,
      .payload = {.bytes = request.payload.bytes, .content_type = request.payload.content_type}};
  RETURN_IF_ERROR(ledger.Execute(send).status());
  if (ledger.state().seq() >= seq) return seq;
  return ledger.state().FindExecution(id)->signals->SeqOf(core::HashOfKey(request.id));
}

absl::StatusOr<DeadLetter> DeadLetterNow(const Ledger& ledger, std::string_view execution,
                                         std::string_view task) {
  ASSIGN_OR_RETURN(const core::RunRef run, TaskOf(ledger, execution, task));
  return DeadLetterOf(ledger.state(), ledger.payloads(), run);
}

absl::StatusOr<uint64_t> RequeueNow(Ledger& ledger, const Limits& limits,
                                    std::string_view execution, std::string_view task) {
  ASSIGN_OR_RETURN(const core::RunRef run, TaskOf(ledger, execution, task));
  return Reopen(ledger, limits, core::Reopen{.execution = run.execution, .task = run.task});
}

absl::StatusOr<uint64_t> DropNow(Ledger& ledger, std::string_view execution,
                                 std::string_view task) {
  ASSIGN_OR_RETURN(const core::RunRef run, TaskOf(ledger, execution, task));
  return ledger.Execute(core::DropDeadLetter{.task = run});
}

}  // namespace stet::engine
