// What a graph says before anything runs, on a known workflow and against brute force.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/graph.h"
#include "stet/reason.h"
#include "tests/core/random_workflow.h"

namespace stet::workflow_graph_test {
namespace {

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

//   fetch ──► parse ──► index ──► publish
//         └─► thumbs ─────────────►┘        audit (alone)
Workflow Known() {
  return {
      .name = "w",
      .tasks = {Named("publish", {"index", "thumbs"}), Named("fetch"), Named("parse", {"fetch"}),
                Named("thumbs", {"fetch"}), Named("index", {"parse"}), Named("audit")}};
}

using Names = std::vector<std::string>;

Names NamesOf(const Workflow& workflow, std::span<const uint32_t> tasks) {
  Names names;
  for (const uint32_t task : tasks) names.push_back(workflow.tasks[task].name);
  return names;
}

WorkflowGraph GraphOf(const Workflow& workflow) {
  absl::StatusOr<WorkflowGraph> graph = WorkflowGraph::Of(workflow);
  REQUIRE_MESSAGE(graph.ok(), graph.status().ToString());
  return *std::move(graph);
}

// reaches[a][b]: a chain of dependencies leads from a down to b.
std::vector<std::vector<bool>> Closure(const Workflow& workflow, const WorkflowGraph& graph) {
  const size_t n = workflow.tasks.size();
  std::vector<std::vector<bool>> reaches(n, std::vector<bool>(n, false));
  for (uint32_t task = 0; task < n; ++task) {
    for (const std::string& parent : workflow.tasks[task].after) {
      reaches[*graph.Find(parent)][task] = true;
    }
  }
  for (size_t via = 0; via < n; ++via) {
    for (size_t from = 0; from < n; ++from) {
      for (size_t to = 0; to < n; ++to) {
        if (reaches[from][via] && reaches[via][to]) reaches[from][to] = true;
      }
    }
  }
  return reaches;
}

Workflow RandomGraph(core::Random& random) {
  Workflow workflow = {.name = "w"};
  const uint32_t tasks = 1 + random.Below(14);
  // Edges lead from a lower to a higher rank; the ranks are shuffled against the declaration.
  std::vector<uint32_t> rank(tasks);
  for (uint32_t i = 0; i < tasks; ++i) rank[i] = i;
  for (uint32_t i = tasks; i > 1; --i) std::swap(rank[i - 1], rank[random.Below(i)]);
  for (uint32_t i = 0; i < tasks; ++i) {
    Task task = Named(fmt::format("t{}", i));
    for (uint32_t j = 0; j < tasks; ++j) {
      if (rank[j] < rank[i] && random.OneIn(4)) task.after.push_back(fmt::format("t{}", j));
    }
    workflow.tasks.push_back(std::move(task));
  }
  return workflow;
}

TEST_SUITE_BEGIN("WorkflowGraph");

TEST_CASE("order, neighbours, ends and waves of a known workflow") {
  const Workflow workflow = Known();
  const WorkflowGraph graph = GraphOf(workflow);
  CHECK_EQ(graph.size(), 6);
  CHECK_EQ(graph.dependency_count(), 5);
  CHECK_EQ(graph.Find("index"), 4);
  CHECK_FALSE(graph.Find("nobody"));
  CHECK_EQ(NamesOf(workflow, graph.order()),
           Names{"fetch", "parse", "thumbs", "index", "publish", "audit"});
  CHECK_EQ(NamesOf(workflow, graph.dependencies(0)), Names{"index", "thumbs"});
  CHECK_EQ(NamesOf(workflow, graph.dependents(1)), Names{"parse", "thumbs"});
  CHECK_EQ(NamesOf(workflow, graph.Roots()), Names{"fetch", "audit"});
  CHECK_EQ(NamesOf(workflow, graph.Leaves()), Names{"publish", "audit"});
  std::vector<Names> waves;
  for (const std::vector<uint32_t>& wave : graph.Waves()) waves.push_back(NamesOf(workflow, wave));
  CHECK_EQ(waves,
           std::vector<Names>{{"fetch", "audit"}, {"parse", "thumbs"}, {"index"}, {"publish"}});
}

TEST_CASE("impact and upstream leave the task itself out") {
  const Workflow workflow = Known();
  const WorkflowGraph graph = GraphOf(workflow);
  CHECK_EQ(NamesOf(workflow, graph.Impact(*graph.Find("parse"))), Names{"index", "publish"});
  CHECK_EQ(NamesOf(workflow, graph.Upstream(*graph.Find("index"))), Names{"fetch", "parse"});
  CHECK(graph.Impact(*graph.Find("audit")).empty());
  CHECK(graph.Upstream(*graph.Find("fetch")).empty());
}

TEST_CASE("the critical path follows durations, and without them the longest chain") {
  const Workflow workflow = Known();
  const WorkflowGraph graph = GraphOf(workflow);
  const auto by_count = graph.CriticalPath();
  CHECK_EQ(NamesOf(workflow, by_count->tasks), Names{"fetch", "parse", "index", "publish"});
  CHECK_EQ(by_count->length, absl::Seconds(4));
  std::vector<absl::Duration> durations(6, absl::Seconds(1));
  durations[*graph.Find("thumbs")] = absl::Seconds(9);
  const auto slow = graph.CriticalPath(durations);
  CHECK_EQ(NamesOf(workflow, slow->tasks), Names{"fetch", "thumbs", "publish"});
  CHECK_EQ(slow->length, absl::Seconds(11));
  durations[*graph.Find("audit")] = absl::Hours(1);
  CHECK_EQ(NamesOf(workflow, graph.CriticalPath(durations)->tasks), Names{"audit"});
}

TEST_CASE("durations that cannot be are refused") {
  const WorkflowGraph graph = GraphOf(Known());
  const std::vector<absl::Duration> few(5, absl::Seconds(1));
  CHECK_EQ(graph.CriticalPath(few).status().code(), absl::StatusCode::kInvalidArgument);
  for (const absl::Duration bad : {-absl::Nanoseconds(1), absl::InfiniteDuration()}) {
    std::vector<absl::Duration> durations(6, absl::Seconds(1));
    durations[3] = bad;
    const absl::Status status = graph.CriticalPath(durations).status();
    CHECK_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    CHECK_NE(status.message().find("task 3"), std::string::npos);
  }
}

TEST_CASE("a workflow that cannot be has no graph") {
  CHECK_EQ(ReasonOf(WorkflowGraph::Of({.name = "w", .tasks = {Named("x", {"x"})}}).status()),
           Reason::kSelfDependency);
}

TEST_CASE("any graph agrees with brute force") {
  const uint64_t seed = core::SeedOr(11);
  MESSAGE("STET_SEED=", seed);
  core::Random random(seed);
  for (int round = 0; round < 200; ++round) {
    const Workflow workflow = RandomGraph(random);
    const WorkflowGraph graph = GraphOf(workflow);
    const std::vector<std::vector<bool>> reaches = Closure(workflow, graph);
    const auto order = graph.order();
    CHECK_EQ(std::vector<uint32_t>(order.begin(), order.end()), *TopologicalOrder(workflow));
    std::vector<uint32_t> longest(graph.size(), 1);
    for (const uint32_t task : order) {
      std::vector<uint32_t> below;
      std::vector<uint32_t> above;
      for (const uint32_t other : order) {
        if (reaches[task][other]) below.push_back(other);
        if (reaches[other][task]) above.push_back(other);
        if (reaches[other][task]) longest[task] = std::max(longest[task], longest[other] + 1);
      }
      CHECK_EQ(graph.Impact(task), below);
      CHECK_EQ(graph.Upstream(task), above);
      CHECK_EQ(graph.wave(task) + 1, longest[task]);
    }
    const auto path = graph.CriticalPath();
    const uint32_t most = *std::max_element(longest.begin(), longest.end());
    CHECK_EQ(path->length, absl::Seconds(most));
    REQUIRE_EQ(path->tasks.size(), most);
    for (size_t i = 0; i + 1 < path->tasks.size(); ++i) {
      const auto below = graph.dependents(path->tasks[i]);
      CHECK_NE(std::find(below.begin(), below.end(), path->tasks[i + 1]), below.end());
    }
  }
}

TEST_CASE("a chain of a million tasks is no deep recursion") {
  Workflow workflow = {.name = "w"};
  constexpr uint32_t kTasks = 1'000'000;
  workflow.tasks.reserve(kTasks);
  for (uint32_t i = 0; i < kTasks; ++i) {
    Task task = Named(fmt::format("t{}", i));
    if (i > 0) task.after = {fmt::format("t{}", i - 1)};
    workflow.tasks.push_back(std::move(task));
  }
  const WorkflowGraph graph = GraphOf(workflow);
  CHECK_EQ(graph.Impact(0).size(), kTasks - 1);
  CHECK_EQ(graph.CriticalPath()->tasks.size(), kTasks);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::workflow_graph_test
