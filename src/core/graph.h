// Dependency graphs as arrays of edges: order, cycles.  Nothing recurses: a chain may be a million tasks deep.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stet::core {

// Edges from each of n nodes in one array: those of node i are [begin[i], begin[i + 1]).
struct Adjacency {
  std::vector<uint32_t> begin = {0};
  std::vector<uint32_t> to = {};
  std::span<const uint32_t> of(uint32_t node) const {
    return std::span(to).subspan(begin[node], begin[node + 1] - begin[node]);
  }
};

// The edges from[i] -> to[i] by `from`; those of one node keep their order.
Adjacency MakeAdjacency(uint32_t nodes, std::span<const uint32_t> from,
                        std::span<const uint32_t> to);

// The nodes such that each stands behind its parents; the smallest that can comes first.  Shorter than the graph if it has a cycle.
std::vector<uint32_t> OrderNodes(const Adjacency& parents, const Adjacency& children);

// The nodes along one cycle, each a parent of the one before.  Empty when there is none.
std::vector<uint32_t> FindCycle(const Adjacency& parents, const Adjacency& children);

}  // namespace stet::core
