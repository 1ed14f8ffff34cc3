// Validation of workflows; every refusal names its tasks.
#include "core/check_workflow.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/format.h"
#include "base/status_macros.h"
#include "core/definition.h"
#include "core/name_index.h"
#include "core/refusal.h"
#include "core/task_extra.h"
#include "schema/utf8.h"

namespace stet::core {
namespace {

constexpr size_t kNamesShown = 20;

absl::Status Invalid(Reason reason, const std::string& message,
                     std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  return Refuse(absl::StatusCode::kInvalidArgument, reason, message, fields);
}

absl::Status CheckName(std::string_view what, const std::string& name) {
  if (IsName(name)) return absl::OkStatus();
  const std::string shown = schema::IsUtf8(name) ? name.substr(0, 64) : std::string("?");
  return Invalid(Reason::kInvalidName,
                 fmt::format("{} name '{}': a name is 1 to {} bytes of UTF-8 without control "
                             "characters",
                             what, shown, kNameBytesMax),
                 {{"name", name}});
}

absl::Status CheckTask(const Task& task) {
  RETURN_IF_ERROR(CheckName("task", task.name));
  if (HasExtra(task)) {
    RETURN_IF_ERROR(CheckExtra(task));
  } else {
    RETURN_IF_ERROR(CheckName("activity", task.activity));
  }
  if (task.config.size() > kConfigBytesMax) {
    return Invalid(Reason::kTooLarge,
                   fmt::format("task '{}': config has {} bytes, {} are allowed", task.name,
                               task.config.size(), kConfigBytesMax),
                   {{"what", "config"},
                    {"bytes", fmt::format("{}", task.config.size())},
                    {"limit", fmt::format("{}", kConfigBytesMax)}});
  }
  return CheckPolicy(task);
}

absl::Status CheckSize(const Workflow& workflow, uint32_t tasks_max) {
  RETURN_IF_ERROR(CheckName("workflow", workflow.name));
  if (workflow.tasks.empty()) {
    return Invalid(Reason::kEmptyWorkflow, fmt::format("workflow '{}' has no task", workflow.name),
                   {});
  }
  if (workflow.tasks.size() > tasks_max) {
    return Invalid(Reason::kTooManyTasks,
                   fmt::format("workflow '{}' has {} tasks, {} are allowed", workflow.name,
                               workflow.tasks.size(), tasks_max),
                   {{"count", fmt::format("{}", workflow.tasks.size())},
                    {"limit", fmt::format("{}", tasks_max)}});
  }
  size_t edges = 0;
  for (const Task& task : workflow.tasks) edges += task.after.size();
  if (edges > kEdgesMax) {
    return Invalid(Reason::kTooManyEdges,
                   fmt::format("workflow '{}' has {} dependencies, {} are allowed", workflow.name,
                               edges, kEdgesMax),
                   {{"count", fmt::format("{}", edges)}, {"limit", fmt::format("{}", kEdgesMax)}});
  }
  return absl::OkStatus();
}

// Cleanup needs something to clean up after, compensations need names.
absl::Status CheckClosing(const std::vector<Task>& tasks, const NameIndex& index) {
  const auto name_at = [&tasks](uint32_t i) { return std::string_view(tasks[i].name); };
  const bool only_cleanup = std::all_of(
      tasks.begin(), tasks.end(), [](const Task& task) { return task.trigger != Trigger::kNone; });
  if (only_cleanup) {
    return Invalid(Reason::kEmptyWorkflow, "a workflow of cleanup tasks has nothing to do", {});
  }
  for (const Task& task : tasks) {
    if (task.compensate.empty()) continue;
    const std::string name = CompensationName(task.name);
    RETURN_IF_ERROR(CheckName("compensation", name));
    if (!index.Find(name, name_at)) continue;
    return Invalid(
        Reason::kDuplicateTask,
        fmt::format("task '{}' has the name of the task that undoes '{}'", name, task.name),
        {{"task", name}});
  }
  return absl::OkStatus();
}

// How tasks with extras fit into the graph.
absl::Status CheckPlaces(const std::vector<Task>& tasks, const NameIndex& index,
                         const Edges& edges) {
  const auto name_at = [&tasks](uint32_t i) { return std::string_view(tasks[i].name); };
  const auto find = [&](std::string_view name) { return index.Find(name, name_at); };
  const auto depends = [&tasks](uint32_t child, uint32_t parent) {
    const std::vector<std::string>& after = tasks[child].after;
    return std::find(after.begin(), after.end(), tasks[parent].name) != after.end();
  };
  const auto is_cleanup = [&tasks](uint32_t i) { return tasks[i].trigger != Trigger::kNone; };
  const GraphQuestions graph = {.find = find, .depends = depends, .is_cleanup = is_cleanup};
  bool any_cleanup = false;
  for (uint32_t i = 0; i < tasks.size(); ++i) {
    any_cleanup = any_cleanup || is_cleanup(i);
    if (!tasks[i].kind.is_default()) RETURN_IF_ERROR(CheckPlace(tasks[i], i, graph));
  }
  RETURN_IF_ERROR(CheckClosing(tasks, index));
  for (size_t edge = 0; any_cleanup && edge < edges.child.size(); ++edge) {
    if (!is_cleanup(edges.parent[edge]) || is_cleanup(edges.child[edge])) continue;
    return DependsOnCleanup(tasks[edges.child[edge]].name, tasks[edges.parent[edge]].name);
  }
  return absl::OkStatus();
}

absl::StatusOr<Edges> Resolve(const Workflow& workflow) {
  const std::vector<Task>& tasks = workflow.tasks;
  const auto name_at = [&tasks](uint32_t i) { return std::string_view(tasks[i].name); };
  NameIndex index(tasks.size());
  for (uint32_t i = 0; i < tasks.size(); ++i) {
    if (const auto first = index.Insert(i, name_at)) {
      return Invalid(Reason::kDuplicateTask,
                     fmt::format("task '{}' is declared twice: as number {} and number {}",
                                 tasks[i].name, *first + 1, i + 1),
                     {{"task", tasks[i].name}});
    }
  }
  Edges edges;
  for (uint32_t i = 0; i < tasks.size(); ++i) {
    for (const std::string& name : tasks[i].after) {
      const auto parent = index.Find(name, name_at);
      if (!parent) {
        return Invalid(Reason::kMissingDependency,
                       fmt::format("task '{}' depends on '{}', which is not a task of this "
                                   "workflow",
                                   tasks[i].name, name),
                       {{"task", tasks[i].name}, {"dependency", name}});
      }
      if (*parent == i) {
        return Invalid(Reason::kSelfDependency,
                       fmt::format("task '{}' depends on itself", tasks[i].name),
                       {{"task", tasks[i].name}});
      }
      edges.child.push_back(i);
      edges.parent.push_back(*parent);
    }
  }
  RETURN_IF_ERROR(CheckPlaces(tasks, index, edges));
  return edges;
}

absl::Status CheckAcyclic(const Workflow& workflow, const Edges& edges) {
  const auto nodes = static_cast<uint32_t>(workflow.tasks.size());
  const std::vector<uint32_t> cycle = FindCycle(MakeAdjacency(nodes, edges.child, edges.parent),
                                                MakeAdjacency(nodes, edges.parent, edges.child));
  if (cycle.empty()) return absl::OkStatus();
  std::string names;
  for (size_t i = 0; i < std::min(cycle.size(), kNamesShown); ++i) {
    if (i > 0) names += ", ";
    names += workflow.tasks[cycle[i]].name;
  }
  if (cycle.size() > kNamesShown) names += fmt::format(", ... ({} tasks)", cycle.size());
  return Invalid(Reason::kCycle,
                 fmt::format("workflow '{}' has a cycle: {}, each depending on the next and the "
                             "last on the first",
                             workflow.name, names),
                 {{"tasks", names}});
}

}  // namespace

absl::Status InvalidPolicy(const Task& task, const std::string& field, const std::string& rule) {
  return Invalid(Reason::kInvalidPolicy,
                 fmt::format("task '{}': {} must be {}", task.name, field, rule),
                 {{"task", task.name}, {"field", field}});
}

absl::Status InvalidActivityName(const std::string& name) { return CheckName("activity", name); }

absl::Status DependsOnCleanup(std::string_view task, std::string_view cleanup) {
  return Invalid(Reason::kInvalidPolicy,
                 fmt::format("task '{}' depends on '{}', which is a cleanup task: only cleanup "
                             "tasks may",
                             task, cleanup),
                 {{"task", std::string(task)}, {"field", "after"}});
}

bool IsStorable(absl::Duration duration) {
  return duration < absl::InfiniteDuration() && absl::ToInt64Nanoseconds(duration) > 0;
}

bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax || !schema::IsUtf8(name)) return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

absl::Status CheckPolicy(const Task& task) {
  const RetryPolicy& retry = task.retry;
  const Backoff& backoff = retry.backoff;
  if (retry.max_attempts < 1) return InvalidPolicy(task, "max_attempts", "at least 1");
  if (retry.max_lost < 1) return InvalidPolicy(task, "max_lost", "at least 1");
  if (backoff.kind > BackoffKind::kExponential) {
    return InvalidPolicy(task, "backoff.kind", "fixed, linear or exponential");
  }
  if (!IsStorable(backoff.base)) return InvalidPolicy(task, "backoff.base", "positive and finite");
  if (backoff.kind != BackoffKind::kFixed &&
      (!IsStorable(backoff.cap) || backoff.cap < backoff.base)) {
    return InvalidPolicy(task, "backoff.cap", "finite and not below backoff.base");
  }
  if (backoff.kind == BackoffKind::kExponential &&
      !(std::isfinite(backoff.factor) && backoff.factor >= 1)) {
    return InvalidPolicy(task, "backoff.factor", "finite and at least 1");
  }
  if (!(backoff.jitter >= 0 && backoff.jitter <= 1)) {
    return InvalidPolicy(task, "backoff.jitter", "from 0 to 1");
  }
  if (task.timeout && !IsStorable(*task.timeout)) {
    return InvalidPolicy(task, "timeout", "positive and finite");
  }
  return absl::OkStatus();
}

absl::StatusOr<Edges> CheckWorkflow(const Workflow& workflow, uint32_t tasks_max) {
  RETURN_IF_ERROR(CheckSize(workflow, tasks_max));
  for (const Task& task : workflow.tasks) RETURN_IF_ERROR(CheckTask(task));
  ASSIGN_OR_RETURN(Edges edges, Resolve(workflow));
  RETURN_IF_ERROR(CheckAcyclic(workflow, edges));
  return edges;
}

}  // namespace stet::core
