// Reading of WfFormat 1.5.
#include "tools/stet/wfformat.h"

#include <map>
#include <set>
#include <utility>

#include <absl/time/time.h>
#include <fmt/format.h>

#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

constexpr char kSchemaVersion[] = "1.5";
constexpr double kRuntimeMax = 1e9;  // seconds

using NamedEdge = std::pair<std::string, std::string>;  // parent, child

// The ids in the array `key` of `task`, each with its place.
absl::StatusOr<std::vector<std::pair<std::string, Field>>> IdsIn(const Field& task,
                                                                 std::string_view key) {
  STET_ASSIGN_OR_RETURN(const Field list, task.Required(key));
  STET_RETURN_IF_ERROR(list.ExpectKind(JsonValue::Kind::kArray));
  std::vector<std::pair<std::string, Field>> ids;
  for (size_t i = 0; i < list.value().items.size(); ++i) {
    STET_ASSIGN_OR_RETURN(std::string id, list.Item(i).NonEmptyString());
    ids.emplace_back(std::move(id), list.Item(i));
  }
  return ids;
}

// id -> recorded runtime in seconds, from workflow.execution.tasks.
absl::StatusOr<std::map<std::string, double>> Runtimes(const Field& workflow) {
  STET_ASSIGN_OR_RETURN(const Field execution, workflow.Required("execution"));
  STET_ASSIGN_OR_RETURN(const Field tasks, execution.Required("tasks"));
  STET_RETURN_IF_ERROR(tasks.ExpectKind(JsonValue::Kind::kArray));
  std::map<std::string, double> runtimes;
  for (size_t i = 0; i < tasks.value().items.size(); ++i) {
    const Field task = tasks.Item(i);
    STET_ASSIGN_OR_RETURN(const Field id, task.Required("id"));
    STET_ASSIGN_OR_RETURN(std::string name, id.NonEmptyString());
    STET_ASSIGN_OR_RETURN(const Field runtime, task.Required("runtimeInSeconds"));
    STET_ASSIGN_OR_RETURN(const double seconds, runtime.Number(0, kRuntimeMax));
    if (!runtimes.emplace(name, seconds).second) {
      return id.Error(fmt::format("duplicate id {}", Quote(name)));
    }
  }
  return runtimes;
}

// The tasks of workflow.specification, which must be told apart by id, without their dependencies.
absl::Status AddTasks(const Field& tasks, const std::map<std::string, double>& runtimes,
                      const FileOptions& options, Workflow& workflow) {
  std::set<std::string> seen;
  for (size_t i = 0; i < tasks.value().items.size(); ++i) {
    STET_ASSIGN_OR_RETURN(const Field id, tasks.Item(i).Required("id"));
    Task task = {.activity = kSleepActivity};
    STET_ASSIGN_OR_RETURN(task.name, id.NonEmptyString());
    if (!seen.insert(task.name).second) {
      return id.Error(fmt::format("duplicate id {}", Quote(task.name)));
    }
    const auto runtime = runtimes.find(task.name);
    if (runtime == runtimes.end()) {
      return id.Error(fmt::format("task {} is not in /workflow/execution/tasks", Quote(task.name)));
    }
    task.config = absl::FormatDuration(absl::Seconds(runtime->second * options.time_scale));
    task.retry.max_attempts = options.max_attempts;
    workflow.tasks.push_back(std::move(task));
  }
  if (runtimes.size() != seen.size()) {
    return tasks.Error("has fewer tasks than /workflow/execution/tasks");
  }
  return absl::OkStatus();
}

// Fills in the dependencies from "parents", and checks them against "children".
absl::Status AddEdges(const Field& tasks, Workflow& workflow) {
  std::set<std::string> ids;
  for (const Task& task : workflow.tasks) ids.insert(task.name);
  std::set<NamedEdge> edges;
  for (size_t i = 0; i < workflow.tasks.size(); ++i) {
    Task& task = workflow.tasks[i];
    STET_ASSIGN_OR_RETURN(const auto parents, IdsIn(tasks.Item(i), "parents"));
    for (const auto& [parent, place] : parents) {
      if (ids.count(parent) == 0) {
        return place.Error(fmt::format("task {} depends on {}, which is not defined",
                                       Quote(task.name), Quote(parent)));
      }
      if (parent == task.name) {
        return place.Error(fmt::format("task {} depends on itself", Quote(parent)));
      }
      if (!edges.emplace(parent, task.name).second) {
        return place.Error(fmt::format("{} is listed twice", Quote(parent)));
      }
      task.after.push_back(parent);
    }
  }
  std::set<NamedEdge> mirrored;
  for (size_t i = 0; i < workflow.tasks.size(); ++i) {
    const std::string& parent = workflow.tasks[i].name;
    STET_ASSIGN_OR_RETURN(const auto children, IdsIn(tasks.Item(i), "children"));
    for (const auto& [child, place] : children) {
      if (edges.count({parent, child}) == 0) {
        return place.Error(
            fmt::format("{} does not list {} among its parents", Quote(child), Quote(parent)));
      }
      mirrored.emplace(parent, child);
    }
  }
  for (const auto& [parent, child] : edges) {
    if (mirrored.count({parent, child}) != 0) continue;
    return tasks.Error(
        fmt::format("{} has the parent {}, which does not list it among its children", Quote(child),
                    Quote(parent)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Workflow> ParseWfFormat(const Field& root, const FileOptions& options) {
  STET_ASSIGN_OR_RETURN(const Field version, root.Required("schemaVersion"));
  STET_ASSIGN_OR_RETURN(const std::string number, version.String());
  if (number != kSchemaVersion) {
    return version.Error(
        fmt::format("schemaVersion {} is not supported, only {}", Quote(number), kSchemaVersion));
  }
  Workflow workflow;
  STET_ASSIGN_OR_RETURN(const Field name, root.Required("name"));
  STET_ASSIGN_OR_RETURN(workflow.name, name.NonEmptyString());
  STET_ASSIGN_OR_RETURN(const Field body, root.Required("workflow"));
  STET_ASSIGN_OR_RETURN(const Field specification, body.Required("specification"));
  STET_ASSIGN_OR_RETURN(const Field tasks, specification.Required("tasks"));
  STET_RETURN_IF_ERROR(tasks.ExpectKind(JsonValue::Kind::kArray));
  if (tasks.value().items.empty()) return tasks.Error("a workflow needs at least one task");
  STET_ASSIGN_OR_RETURN(const auto runtimes, Runtimes(body));
  STET_RETURN_IF_ERROR(AddTasks(tasks, runtimes, options, workflow));
  STET_RETURN_IF_ERROR(AddEdges(tasks, workflow));
  return workflow;
}

}  // namespace stet::cli
