// Reports from the books.
#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "core/state.h"
#include "engine/codec.h"
#include "engine/ledger.h"
#include "stet/report.h"

namespace stet::engine {

ExecutionReport ReportOf(const core::State& state, const PayloadStore& payloads,
                         const core::Execution& execution);
// Of all, in the order in which they started.
std::vector<ExecutionSummary> Summaries(const core::State& state);
std::vector<DeadLetter> DeadLettersOf(const core::State& state, const PayloadStore& payloads);

// On the caller's thread: what cannot be decoded stays as it is stored.
void DecodeInPlace(PayloadCodec* codec, ExecutionReport& report);

// Errors: kUnknownDeadLetter.
absl::StatusOr<DeadLetter> DeadLetterOf(const core::State& state, const PayloadStore& payloads,
                                        const core::RunRef& task);

}  // namespace stet::engine
