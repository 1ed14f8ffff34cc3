// Order and cycles, by counting parents (Kahn, 1962).
#include "core/graph.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace stet::core {

Adjacency MakeAdjacency(uint32_t nodes, std::span<const uint32_t> from,
                        std::span<const uint32_t> to) {
  Adjacency adjacency;
  adjacency.begin.assign(nodes + 1, 0);
  for (const uint32_t node : from) ++adjacency.begin[node + 1];
  for (uint32_t node = 0; node < nodes; ++node) {
    adjacency.begin[node + 1] += adjacency.begin[node];
  }
  adjacency.to.resize(to.size());
  std::vector<uint32_t> next(adjacency.begin.begin(), adjacency.begin.end() - 1);
  for (size_t i = 0; i < from.size(); ++i) adjacency.to[next[from[i]]++] = to[i];
  return adjacency;
}

std::vector<uint32_t> OrderNodes(const Adjacency& parents, const Adjacency& children) {
  const auto nodes = static_cast<uint32_t>(parents.begin.size() - 1);
  std::vector<uint32_t> waiting(nodes);
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> free;
  for (uint32_t node = 0; node < nodes; ++node) {
    waiting[node] = static_cast<uint32_t>(parents.of(node).size());
    if (waiting[node] == 0) free.push(node);
  }
  std::vector<uint32_t> order;
  order.reserve(nodes);
  while (!free.empty()) {
    const uint32_t node = free.top();
    free.pop();
    order.push_back(node);
    for (const uint32_t child : children.of(node)) {
      if (--waiting[child] == 0) free.push(child);
    }
  }
  return order;
}

namespace {

// Which nodes no order reaches: those on a cycle or behind one.
std::vector<bool> Unreached(const Adjacency& parents, const Adjacency& children) {
  const auto nodes = static_cast<uint32_t>(parents.begin.size() - 1);
  std::vector<uint32_t> waiting(nodes);
  std::vector<uint32_t> free;
  for (uint32_t node = 0; node < nodes; ++node) {
    waiting[node] = static_cast<uint32_t>(parents.of(node).size());
    if (waiting[node] == 0) free.push_back(node);
  }
  std::vector<bool> unreached(nodes, true);
  while (!free.empty()) {
    const uint32_t node = free.back();
    free.pop_back();
    unreached[node] = false;
    for (const uint32_t child : children.of(node)) {
      if (--waiting[child] == 0) free.push_back(child);
    }
  }
  return unreached;
}

}  // namespace

std::vector<uint32_t> FindCycle(const Adjacency& parents, const Adjacency& children) {
  const std::vector<bool> unreached = Unreached(parents, children);
  const auto first = std::find(unreached.begin(), unreached.end(), true);
  if (first == unreached.end()) return {};
  // An unreached node has an unreached parent: going up must meet a node twice.
  std::vector<uint32_t> path;
  std::vector<uint32_t> place(unreached.size(), UINT32_MAX);
  auto node = static_cast<uint32_t>(first - unreached.begin());
  while (place[node] == UINT32_MAX) {
    place[node] = static_cast<uint32_t>(path.size());
    path.push_back(node);
    for (const uint32_t parent : parents.of(node)) {
      if (unreached[parent]) {
        node = parent;
        break;
      }
    }
  }
  path.erase(path.begin(), path.begin() + place[node]);
  return path;
}

}  // namespace stet::core
