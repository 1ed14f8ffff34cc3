// A continue_node for each task.
#include <atomic>
#include <deque>

#include <oneapi/tbb/flow_graph.h>

#include "bench/graphs.h"
#include "bench/latency.h"

namespace stet::bench {

absl::StatusOr<Samples> RunFlowGraph(const Parents& parents) {
  using Message = tbb::flow::continue_msg;
  using Node = tbb::flow::continue_node<Message>;
  tbb::flow::graph graph;
  std::deque<Node> nodes;  // They stay where they are.
  std::atomic<uint64_t> ran = 0;
  for (size_t task = 0; task < parents.size(); ++task) {
    nodes.emplace_back(graph, [&ran](const Message& message) {
      ran.fetch_add(1, std::memory_order_relaxed);
      return message;
    });
    for (const uint32_t parent : parents[task]) tbb::flow::make_edge(nodes[parent], nodes[task]);
  }
  const int64_t begin = NowNanos();
  for (size_t task = 0; task < parents.size(); ++task) {
    if (parents[task].empty()) nodes[task].try_put(Message());
  }
  graph.wait_for_all();
  const auto elapsed = static_cast<double>(NowNanos() - begin);
  if (ran != parents.size()) return absl::InternalError("some nodes did not run");
  return Samples{{"tasks", static_cast<double>(parents.size()) * 1e9 / elapsed, "1/s"}};
}

}  // namespace stet::bench
