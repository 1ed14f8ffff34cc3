// Start, cancel, wait.
#include "engine/calls.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/refusal.h"
#include "engine/reports.h"
#include "engine/resolve.h"

namespace stet::engine {
namespace {

absl::Status CheckLimits(const core::State& state, const Limits& limits,
                         const StartRequest& request, size_t input_bytes) {
  if (request.key.size() > limits.key_bytes) {
    return core::Refuse(
        absl::StatusCode::kInvalidArgument, Reason::kInvalidKey,
        fmt::format("key of {} bytes: the limit is {}", request.key.size(), limits.key_bytes),
        {{"key", request.key}});
  }
  if (input_bytes > limits.payload_bytes) {
    return core::Refuse(
        absl::StatusCode::kResourceExhausted, Reason::kTooLarge,
        fmt::format("input of {} bytes: the limit is {}", input_bytes, limits.payload_bytes),
        {{"what", "input"},
         {"bytes", std::to_string(input_bytes)},
         {"limit", std::to_string(limits.payload_bytes)}});
  }
  if (state.FindExecutionByKey(request.key) != nullptr) return absl::OkStatus();
  return CheckLive(state, limits);
}

}  // namespace

absl::Status Define(Ledger& ledger, core::PreparedWorkflow& workflow) {
  while (ledger.state().FindDefinition(workflow.hash()) == nullptr) {
    RETURN_IF_ERROR(ledger.Execute(core::DefineWorkflow{.workflow = &workflow}).status());
  }
  workflow.LetGo();
  return absl::OkStatus();
}

namespace {

// On the engine's clock; 0: at once.  What is asked for in wall time is converted now, and does not
// follow a clock that someone sets later.
int64_t StartAt(const Ledger& ledger, const StartRequest& request) {
  absl::Time at = ledger.now() + request.delay;
  if (request.start_at.has_value()) {
    at = std::max(at, ledger.now() + (*request.start_at - ledger.time().wall()));
  }
  return at <= ledger.now() ? 0 : absl::ToUnixNanos(at);
}

}  // namespace

absl::Status CheckLive(const core::State& state, const Limits& limits) {
  if (state.live_executions() < limits.live_executions) return absl::OkStatus();
  return core::Refuse(absl::StatusCode::kResourceExhausted, Reason::kTooManyExecutions,
                      fmt::format("{} executions are not ended: the limit is {}",
                                  state.live_executions(), limits.live_executions),
                      {{"count", std::to_string(state.live_executions())},
                       {"limit", std::to_string(limits.live_executions)}});
}

absl::StatusOr<Started> StartNow(Ledger& ledger, Catalog& catalog, const Limits& limits,
                                 const StartRequest& request, const StoredInput& stored) {
  const auto workflow = catalog.find(request.workflow);
  if (workflow == catalog.end()) {
    return core::Refuse(absl::StatusCode::kNotFound, Reason::kUnknownWorkflow,
                        fmt::format("no workflow \"{}\"", request.workflow),
                        {{"workflow", request.workflow}});
  }
  RETURN_IF_ERROR(ledger.failure());
  const core::Execution* existing = ledger.state().FindExecutionByKey(request.key);
  const bool existed = existing != nullptr;
  SharedPayload keep;
  const core::PayloadView input = stored.View(request.input, ledger.payloads(),
                                              existed ? existing->input : core::PayloadRef(), keep);
  RETURN_IF_ERROR(CheckLimits(ledger.state(), limits, request, input.bytes.size()));
  // A key that stands for something else is refused below, without storing its definition.
  if (!existed) RETURN_IF_ERROR(Define(ledger, workflow->second));
  ASSIGN_OR_RETURN(const uint64_t seq,
                   ledger.Execute(core::StartExecution{.workflow = workflow->second.hash(),
                                                       .key = request.key,
                                                       .input = input,
                                                       .start_at = StartAt(ledger, request)}));
  return Started{
      .id = ledger.state().FindExecutionByKey(request.key)->id, .seq = seq, .existed = existed};
}

absl::StatusOr<uint64_t> CancelNow(Ledger& ledger, std::string_view name,
                                   const CancelOptions& options) {
  RETURN_IF_ERROR(ledger.failure());
  ASSIGN_OR_RETURN(const core::Execution* execution, Resolve(ledger.state(), name));
  return ledger.Execute(
      core::RequestCancel{.execution = execution->id, .compensate = options.compensate});
}

void WaitFor(Sequencer& loop, std::string_view name, const ReportReply& reply) {
  Ledger& ledger = loop.ledger();
  if (!ledger.failure().ok()) return reply->Set(ledger.failure());
  const absl::StatusOr<const core::Execution*> execution = Resolve(ledger.state(), name);
  if (!execution.ok()) return reply->Set(execution.status());
  if (IsTerminal((*execution)->state)) {
    return AnswerWhenReleased<ExecutionReport>(
        ledger, reply, ReportOf(ledger.state(), ledger.payloads(), **execution));
  }
  loop.waiters().Add((*execution)->id, reply);
}

}  // namespace stet::engine
