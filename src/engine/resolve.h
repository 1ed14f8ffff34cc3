// From what a person types to an execution.
#pragma once

#include <string_view>

#include <absl/status/statusor.h>

#include "core/state.h"

namespace stet::engine {

// `name` is an exact key, else an exact id (16 hex digits), else a unique prefix of either.
// Errors: NotFound with Reason kUnknownExecution; InvalidArgument when several fit (lists some).
absl::StatusOr<const core::Execution*> Resolve(const core::State& state, std::string_view name);

// A task of it.  Errors: also NotFound with Reason kUnknownTask.
absl::StatusOr<core::RunRef> ResolveTask(const core::State& state, std::string_view execution,
                                         std::string_view task);

}  // namespace stet::engine
