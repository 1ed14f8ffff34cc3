// What the shape of a workflow says before anything runs: order, waves, critical path, what hangs
// on what.
//
//   absl::StatusOr<stet::WorkflowGraph> graph = stet::WorkflowGraph::Of(workflow);
//   for (uint32_t task : graph->Impact(*graph->Find("extract"))) fmt::print("{}\n", workflow.tasks[task].name);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/workflow.h"

#pragma GCC visibility push(default)

namespace stet {

// The graph of one workflow, independent of it.  Tasks are positions in Workflow::tasks, below
// size().  Immutable; any number of threads may ask.  About 40 bytes a task and 8 a dependency,
// besides names.
class WorkflowGraph {
 public:
  // Errors: those of Validate.
  static absl::StatusOr<WorkflowGraph> Of(const Workflow& workflow);

  WorkflowGraph(WorkflowGraph&&) noexcept;
  WorkflowGraph& operator=(WorkflowGraph&&) noexcept;
  ~WorkflowGraph();

  uint32_t size() const;
  size_t dependency_count() const;

  // The task with this name.
  std::optional<uint32_t> Find(std::string_view name) const;

  // Every task behind its dependencies; ties are broken by declaration order.
  std::span<const uint32_t> order() const;

  // What `task` depends on, in the order of Task::after; what depends on it, in declaration order.
  std::span<const uint32_t> dependencies(uint32_t task) const;
  std::span<const uint32_t> dependents(uint32_t task) const;

  // Tasks without dependencies, and those that nothing depends on, in declaration order.
  std::vector<uint32_t> Roots() const;
  std::vector<uint32_t> Leaves() const;

  // With as many workers as one likes and tasks of equal length the tasks of wave 0 run first, then
  // those of wave 1, and so on: the wave of a task is the length of the longest chain above it.
  uint32_t wave(uint32_t task) const;
  // Each in declaration order.  The longest of them is what more workers could use.
  std::vector<std::vector<uint32_t>> Waves() const;

  // All that cannot run if `task` fails: its dependents and theirs, without itself, in order().
  std::vector<uint32_t> Impact(uint32_t task) const;
  // All that must have completed before `task`: its dependencies and theirs, in order().
  std::vector<uint32_t> Upstream(uint32_t task) const;

  struct Path {
    std::vector<uint32_t> tasks = {};
    absl::Duration length = absl::ZeroDuration();
  };
  // The chain of dependencies that takes longest, first task first: no number of workers makes the
  // workflow faster than it.  `durations`: one per task, none negative; empty: a second for each.
  // Of equal chains the one that ends at, and comes from, the tasks declared first. `durations` of
  // another size, or a negative or infinite one: InvalidArgument.
  absl::StatusOr<Path> CriticalPath(std::span<const absl::Duration> durations = {}) const;

 private:
  struct Parts;
  explicit WorkflowGraph(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> parts_;
};

}  // namespace stet

#pragma GCC visibility pop
