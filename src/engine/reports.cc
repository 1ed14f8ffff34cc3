// Joins state and payloads.
#include "engine/reports.h"

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

}  // namespace stet::engine
