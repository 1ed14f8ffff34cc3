// Public snapshots of parts of the state.
#pragma once

#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "core/state.h"
#include "stet/breaker.h"
#include "stet/payload.h"
#include "stet/report.h"
#include "stet/run_instance.h"

namespace stet::core {

// Gives the bytes behind a reference: of an input, an output or an error (as its text).  Never
// called for an empty payload of the default content type.
using PayloadSource = absl::FunctionRef<Payload(const PayloadRef&)>;

TaskRecord MakeTaskRecord(const Execution& execution, uint32_t task, PayloadSource payloads);
ExecutionReport MakeReport(const State& state, const Execution& execution, PayloadSource payloads);
ExecutionSummary MakeSummary(const Execution& execution);
DeadLetter MakeDeadLetter(const State& state, const DeadLetterRef& ref, PayloadSource payloads);
std::vector<DeadLetter> MakeDeadLetters(const State& state, PayloadSource payloads);

// The circuit breakers that have counted a failure, by name.
std::vector<BreakerInfo> MakeBreakers(const State& state);

// The task's current run, by the rules of RunInstance.
RunInstance MakeRun(const Execution& execution, uint32_t task);

}  // namespace stet::core
