// Identity and validation of workflows, as users see them.
#include "stet/workflow.h"

#include <utility>

#include <fmt/format.h>

#include "core/check_workflow.h"
#include "core/graph.h"
#include "core/task_extra.h"
#include "core/workflow_hash.h"

namespace stet {

std::string ToString(const WorkflowHash& hash) {
  return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

WorkflowHash HashOf(const Workflow& workflow) {
  core::WorkflowHasher hasher(workflow.name, workflow.tasks.size());
  for (const Task& task : workflow.tasks) {
    hasher.AddTask(task.name, task.activity, task.config, task.priority, core::StoredPolicy(task));
    hasher.AddDependencies(task.after.size());
    for (const std::string& name : task.after) hasher.AddDependency(name);
  }
  for (uint32_t i = 0; i < workflow.tasks.size(); ++i) {
    if (!core::HasExtra(workflow.tasks[i])) continue;
    hasher.AddExtra(core::StoredExtra(workflow.tasks[i], i));
  }
  return hasher.Finish();
}

absl::Status Validate(const Workflow& workflow) { return core::CheckWorkflow(workflow).status(); }

absl::StatusOr<std::vector<uint32_t>> TopologicalOrder(const Workflow& workflow) {
  absl::StatusOr<core::Edges> edges = core::CheckWorkflow(workflow);
  if (!edges.ok()) return std::move(edges).status();
  const auto nodes = static_cast<uint32_t>(workflow.tasks.size());
  return core::OrderNodes(core::MakeAdjacency(nodes, edges->child, edges->parent),
                          core::MakeAdjacency(nodes, edges->parent, edges->child));
}

}  // namespace stet
