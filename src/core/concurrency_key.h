// Concurrency keys of tasks: patterns in definitions, texts in executions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "core/execution.h"

namespace stet::core {

// Whether each ${...} in it is ${key}, ${input} or ${input/a/json/pointer}.
bool IsKeyPattern(std::string_view pattern);

// The keys of an execution's tasks, in the order of Definition::key_patterns().
// Errors: kInvalidKey when the input has no text, number or boolean where a pattern looks for one, or what
// comes out is no name; the field `key` is the pattern.
absl::StatusOr<std::vector<std::string>> ResolveKeys(const Definition& definition,
                                                     std::string_view execution_key,
                                                     std::string_view input);

// The task's key; null when it has none.
const KeyEntry* KeyOf(const Execution& execution, uint32_t task);

// Whether the task's run holds its key: from its start to its end, or to its next retry.
bool HoldsKey(const Execution& execution, uint32_t task);

}  // namespace stet::core
