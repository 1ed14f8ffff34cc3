// The public view of a workflow's graph.
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/graph.h"
#include "core/name_index.h"
#include "stet/graph.h"

namespace stet {

struct WorkflowGraph::Parts {
  explicit Parts(size_t tasks) : index(tasks) {}

  std::string_view NameAt(uint32_t task) const {
    const size_t begin = task == 0 ? 0 : name_end[task - 1];
    return std::string_view(names).substr(begin, name_end[task] - begin);
  }

  uint32_t size() const { return static_cast<uint32_t>(name_end.size()); }

  std::string names = {};
  std::vector<size_t> name_end = {};
  core::NameIndex index;
  core::Adjacency parents = {};
  core::Adjacency children = {};
  std::vector<uint32_t> order = {};
  std::vector<uint32_t> wave = {};
};

namespace {

std::vector<uint32_t> WavesOf(std::span<const uint32_t> order, const core::Adjacency& children) {
  std::vector<uint32_t> wave(order.size(), 0);
  for (const uint32_t task : order) {
    for (const uint32_t child : children.of(task)) {
      wave[child] = std::max(wave[child], wave[task] + 1);
    }
  }
  return wave;
}

// What `edges` lead to from `task`, in `order`.
std::vector<uint32_t> Reached(uint32_t task, const core::Adjacency& edges,
                              std::span<const uint32_t> order) {
  std::vector<bool> seen(order.size(), false);
  std::vector<uint32_t> open = {task};
  while (!open.empty()) {
    const uint32_t node = open.back();
    open.pop_back();
    for (const uint32_t next : edges.of(node)) {
      if (seen[next]) continue;
      seen[next] = true;
      open.push_back(next);
    }
  }
  std::vector<uint32_t> reached;
  for (const uint32_t node : order) {
    if (seen[node]) reached.push_back(node);
  }
  return reached;
}

std::vector<uint32_t> WithoutEdges(const core::Adjacency& edges, uint32_t nodes) {
  std::vector<uint32_t> found;
  for (uint32_t node = 0; node < nodes; ++node) {
    if (edges.of(node).empty()) found.push_back(node);
  }
  return found;
}

absl::Status CheckDurations(std::span<const absl::Duration> durations, uint32_t size) {
  if (durations.size() != size) {
    return absl::InvalidArgumentError(
        fmt::format("{} durations for {} tasks: give one for each", durations.size(), size));
  }
  for (uint32_t task = 0; task < size; ++task) {
    if (durations[task] < absl::ZeroDuration() || durations[task] == absl::InfiniteDuration()) {
      return absl::InvalidArgumentError(
          fmt::format("the duration of task {} is {}: expected one from 0 on, and finite", task,
                      absl::FormatDuration(durations[task])));
    }
  }
  return absl::OkStatus();
}

}  // namespace

WorkflowGraph::WorkflowGraph(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
WorkflowGraph::WorkflowGraph(WorkflowGraph&&) noexcept = default;
WorkflowGraph& WorkflowGraph::operator=(WorkflowGraph&&) noexcept = default;
WorkflowGraph::~WorkflowGraph() = default;

absl::StatusOr<WorkflowGraph> WorkflowGraph::Of(const Workflow& workflow) {
  ASSIGN_OR_RETURN(const core::Edges edges, core::CheckWorkflow(workflow));
  const auto nodes = static_cast<uint32_t>(workflow.tasks.size());
  auto parts = std::make_unique<Parts>(nodes);
  for (const Task& task : workflow.tasks) {
    parts->names += task.name;
    parts->name_end.push_back(parts->names.size());
  }
  for (uint32_t task = 0; task < nodes; ++task) {
    // Unique: the workflow has been checked.
    (void)parts->index.Insert(task, [&parts](uint32_t i) { return parts->NameAt(i); });
  }
  parts->parents = core::MakeAdjacency(nodes, edges.child, edges.parent);
  parts->children = core::MakeAdjacency(nodes, edges.parent, edges.child);
  parts->order = core::OrderNodes(parts->parents, parts->children);
  parts->wave = WavesOf(parts->order, parts->children);
  return WorkflowGraph(std::move(parts));
}

uint32_t WorkflowGraph::size() const { return parts_->size(); }
size_t WorkflowGraph::dependency_count() const { return parts_->parents.to.size(); }

std::optional<uint32_t> WorkflowGraph::Find(std::string_view name) const {
  return parts_->index.Find(name, [this](uint32_t task) { return parts_->NameAt(task); });
}

std::span<const uint32_t> WorkflowGraph::order() const { return parts_->order; }

std::span<const uint32_t> WorkflowGraph::dependencies(uint32_t task) const {
  return parts_->parents.of(task);
}

std::span<const uint32_t> WorkflowGraph::dependents(uint32_t task) const {
  return parts_->children.of(task);
}

std::vector<uint32_t> WorkflowGraph::Roots() const { return WithoutEdges(parts_->parents, size()); }

std::vector<uint32_t> WorkflowGraph::Leaves() const {
  return WithoutEdges(parts_->children, size());
}

uint32_t WorkflowGraph::wave(uint32_t task) const { return parts_->wave[task]; }

std::vector<std::vector<uint32_t>> WorkflowGraph::Waves() const {
  std::vector<std::vector<uint32_t>> waves(
      *std::max_element(parts_->wave.begin(), parts_->wave.end()) + 1);
  for (uint32_t task = 0; task < size(); ++task) waves[wave(task)].push_back(task);
  return waves;
}

std::vector<uint32_t> WorkflowGraph::Impact(uint32_t task) const {
  return Reached(task, parts_->children, parts_->order);
}

std::vector<uint32_t> WorkflowGraph::Upstream(uint32_t task) const {
  return Reached(task, parts_->parents, parts_->order);
}

absl::StatusOr<WorkflowGraph::Path> WorkflowGraph::CriticalPath(
    std::span<const absl::Duration> durations) const {
  const std::vector<absl::Duration> seconds(durations.empty() ? size() : 0, absl::Seconds(1));
  if (durations.empty()) durations = seconds;
  RETURN_IF_ERROR(CheckDurations(durations, size()));
  std::vector<absl::Duration> ends(size());
  for (const uint32_t task : parts_->order) {
    for (const uint32_t parent : dependencies(task))
      ends[task] = std::max(ends[task], ends[parent]);
    ends[task] += durations[task];
  }
  // max_element takes the first of equals.
  auto task = static_cast<uint32_t>(std::max_element(ends.begin(), ends.end()) - ends.begin());
  Path path = {.length = ends[task]};
  while (true) {
    path.tasks.push_back(task);
    const std::span<const uint32_t> parents = dependencies(task);
    if (parents.empty()) break;
    uint32_t latest = parents[0];
    for (const uint32_t parent : parents) {
      if (ends[parent] > ends[latest] || (ends[parent] == ends[latest] && parent < latest)) {
        latest = parent;
      }
    }
    task = latest;
  }
  std::reverse(path.tasks.begin(), path.tasks.end());
  return path;
}

}  // namespace stet
