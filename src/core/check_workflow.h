// Whether a workflow can be: names, policies, graph.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "core/graph.h"
#include "stet/workflow.h"

namespace stet::core {

inline constexpr uint32_t kTasksMax = 1'000'000;
inline constexpr size_t kEdgesMax = 32'000'000;
inline constexpr size_t kNameBytesMax = 255;
inline constexpr size_t kConfigBytesMax = 1 << 20;
inline constexpr size_t kPointerBytesMax = 1024;
inline constexpr size_t kOperandBytesMax = 4096;

// Edges in the order of tasks and of Task::after: child[i] depends on parent[i].
struct Edges {
  std::vector<uint32_t> child = {};
  std::vector<uint32_t> parent = {};
};

// 1..255 bytes of UTF-8 without control characters.
bool IsName(std::string_view name);

// Whether it can be stored as nanoseconds: positive and finite.
bool IsStorable(absl::Duration duration);

// Errors: those of Validate.
absl::StatusOr<Edges> CheckWorkflow(const Workflow& workflow, uint32_t tasks_max = kTasksMax);

// Errors: kInvalidPolicy, naming `task` and the field.
absl::Status CheckPolicy(const Task& task);

// Kind, repetition, cleanup and the rest of what few tasks have, as far as the task itself can tell.
// Errors: kInvalidPolicy, kInvalidName (its activity).
absl::Status CheckExtra(const Task& task);

// What a task with extras wants to know of its graph.
struct GraphQuestions {
  absl::FunctionRef<std::optional<uint32_t>(std::string_view name)> find;
  absl::FunctionRef<bool(uint32_t child, uint32_t parent)> depends;
  absl::FunctionRef<bool(uint32_t task)> is_cleanup;
};
// Whether `task`, the one at `index`, fits into its graph.  Errors: kInvalidPolicy.
absl::Status CheckPlace(const Task& task, uint32_t index, const GraphQuestions& graph);

absl::Status InvalidPolicy(const Task& task, const std::string& field, const std::string& rule);
absl::Status InvalidActivityName(const std::string& name);
absl::Status DependsOnCleanup(std::string_view task, std::string_view cleanup);

}  // namespace stet::core
