// Whether a workflow can be: names, policies, graph.
#pragma once

#include <cstdint>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "core/graph.h"
#include "stet/workflow.h"

namespace stet::core {

inline constexpr uint32_t kTasksMax = 1'000'000;
inline constexpr size_t kEdgesMax = 32'000'000;
inline constexpr size_t kNameBytesMax = 255;
inline constexpr size_t kConfigBytesMax = 1 << 20;

// Edges in the order of tasks and of Task::after: child[i] depends on parent[i].
struct Edges {
  std::vector<uint32_t> child = {};
  std::vector<uint32_t> parent = {};
};

// 1..255 bytes of UTF-8 without control characters.
bool IsName(std::string_view name);

// Errors: those of Validate.
absl::StatusOr<Edges> CheckWorkflow(const Workflow& workflow, uint32_t tasks_max = kTasksMax);

// Errors: kInvalidPolicy, naming `task` and the field.
absl::Status CheckPolicy(const Task& task);

}  // namespace stet::core
