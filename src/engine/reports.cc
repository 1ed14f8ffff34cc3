// Joins state and payloads.
#include "engine/reports.h"

#include <string>

#include <fmt/format.h>

#include "core/refusal.h"
#include "core/views.h"

namespace stet::engine {
namespace {

Payload CopyOf(const PayloadStore& payloads, const core::PayloadRef& ref) {
  const SharedPayload payload = payloads.Get(ref);
  return payload ? *payload : Payload();
}

}  // namespace

ExecutionReport ReportOf(const core::State& state, const PayloadStore& payloads,
                         const core::Execution& execution) {
  return core::MakeReport(state, execution,
                          [&](const core::PayloadRef& ref) { return CopyOf(payloads, ref); });
}

void DecodeInPlace(PayloadCodec* codec, ExecutionReport& report) {
  DecodeInPlace(codec, report.input);
  for (TaskRecord& task : report.tasks) {
    if (task.output) DecodeInPlace(codec, *task.output);
  }
}

std::vector<ExecutionSummary> Summaries(const core::State& state) {
  std::vector<ExecutionSummary> summaries;
  summaries.reserve(state.executions().size());
  for (const auto& execution : state.executions()) {
    summaries.push_back(core::MakeSummary(*execution));
  }
  return summaries;
}

std::vector<DeadLetter> DeadLettersOf(const core::State& state, const PayloadStore& payloads) {
  return core::MakeDeadLetters(state,
                               [&](const core::PayloadRef& ref) { return CopyOf(payloads, ref); });
}

absl::StatusOr<DeadLetter> DeadLetterOf(const core::State& state, const PayloadStore& payloads,
                                        const core::RunRef& task) {
  const core::DeadLetterRef* letter = state.FindDeadLetter(task);
  if (letter != nullptr) {
    return core::MakeDeadLetter(state, *letter,
                                [&](const core::PayloadRef& ref) { return CopyOf(payloads, ref); });
  }
  const core::Execution& execution = *state.FindExecution(task.execution);
  const std::string name(execution.definition->task_name(task.task));
  return core::Refuse(absl::StatusCode::kNotFound, Reason::kUnknownDeadLetter,
                      fmt::format("task '{}' of '{}' is {} and has no dead letter", name,
                                  execution.key, ToString(execution.tasks[task.task].state)),
                      {{"execution", core::IdText(execution.id)}, {"task", name}});
}

}  // namespace stet::engine
