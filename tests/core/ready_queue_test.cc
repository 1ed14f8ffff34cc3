// The order of ready runs, against a plain search.
#include "core/ready_queue.h"

#include <algorithm>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "core/gated_queue.h"
#include "core/id_map.h"
#include "tests/core/random_workflow.h"

namespace stet::core::ready_queue_test {
namespace {

struct Waiting {
  uint32_t activity = 0;
  int32_t priority = 0;
  uint64_t order = 0;
};

TEST_SUITE_BEGIN("core::ReadyQueue");

TEST_CASE("the first is the most urgent of the oldest, of activities that may start") {
  const uint64_t seed = SeedOr(3);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  ReadyQueue queue;
  std::vector<Waiting> all;
  uint64_t order = 0;
  for (int step = 0; step < 5000; ++step) {
    if (all.empty() || random.OneIn(2)) {
      const Waiting one = {.activity = random.Below(6),
                           .priority = static_cast<int32_t>(random.Below(5)) - 2,
                           .order = ++order};
      queue.Insert(one.activity, one.priority, {.order = one.order});
      all.push_back(one);
    } else {
      const auto at = all.begin() + random.Below(static_cast<uint32_t>(all.size()));
      queue.Erase(at->activity, at->priority, at->order);
      all.erase(at);
    }
    const uint32_t barred = random.Below(6);
    const auto first = queue.First([barred](uint32_t activity) { return activity != barred; });
    const Waiting* best = nullptr;
    for (const Waiting& one : all) {
      if (one.activity == barred) continue;
      const bool better = best == nullptr || one.priority > best->priority ||
                          (one.priority == best->priority && one.order < best->order);
      if (better) best = &one;
    }
    REQUIRE_EQ(first.has_value(), best != nullptr);
    if (best != nullptr) REQUIRE_EQ(first->order, best->order);
  }
}

TEST_CASE("the highest rank is found, of gates that are taken, each asked once") {
  const uint64_t seed = SeedOr(4);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  GatedQueue queue;
  std::vector<Waiting> all;
  for (uint64_t order = 1; order <= 300; ++order) {
    all.push_back({.activity = random.Below(6),
                   .priority = static_cast<int32_t>(random.Below(5)) - 2,
                   .order = order});
    queue.Insert({.activity = all.back().activity}, all.back().priority, {.order = order});
  }
  for (const uint64_t weight : {1, 20, 1000}) {
    const auto rank = [&](uint64_t order, int64_t priority) {
      return priority * static_cast<int64_t>(weight) - static_cast<int64_t>(order);
    };
    std::set<uint32_t> asked;
    const auto found = queue.Highest(
        [&](const ReadyEntry& entry, int64_t priority) { return rank(entry.order, priority); },
        [&](const StartGate& gate) {
          CHECK(asked.insert(gate.activity).second);
          return gate.activity != 2;
        });
    const Waiting* best = nullptr;
    for (const Waiting& one : all) {
      if (one.activity == 2) continue;
      const int64_t other = best == nullptr ? 0 : rank(best->order, best->priority);
      if (best == nullptr || rank(one.order, one.priority) > other) best = &one;
    }
    REQUIRE(found.has_value());
    CHECK_EQ(found->order, best->order);
  }
}

TEST_CASE("an order that went back in takes its old place") {
  ReadyQueue queue;
  for (const uint64_t order : {1, 2, 3}) queue.Insert(0, 0, {.order = order});
  queue.Erase(0, 0, 1);
  CHECK_EQ(queue.First([](uint32_t) { return true; })->order, 2);
  queue.Insert(0, 0, {.order = 1});
  CHECK_EQ(queue.First([](uint32_t) { return true; })->order, 1);
  CHECK_EQ(queue.count(0), 3);
  CHECK_EQ(queue.count(7), 0);
}

TEST_CASE("a lane keeps its order, whoever leaves it and comes back") {
  const uint64_t seed = SeedOr(5);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  ReadyLane lane;
  std::set<uint64_t> in;
  std::vector<uint64_t> out;
  uint64_t next = 0;
  for (int step = 0; step < 30'000; ++step) {
    // Long phases of growing and of shrinking.
    const bool grow = random.Below(10) < (step / 2000 % 2 == 0 ? 7U : 3U);
    if (grow || in.empty()) {
      uint64_t order = ++next;
      if (!out.empty() && random.OneIn(4)) {
        order = out.back();
        out.pop_back();
      }
      lane.Insert({.order = order});
      in.insert(order);
    } else {
      auto at = in.begin();
      if (random.OneIn(3)) std::advance(at, random.Below(static_cast<uint32_t>(in.size())));
      lane.Erase(*at);
      out.push_back(*at);
      in.erase(at);
    }
    REQUIRE_EQ(lane.empty(), in.empty());
    if (!in.empty()) REQUIRE_EQ(lane.front().order, *in.begin());
  }
}

TEST_CASE("a hundred thousand runs that may not start are one question") {
  ReadyQueue queue;
  for (uint64_t order = 1; order <= 100'000; ++order) queue.Insert(0, 5, {.order = order});
  queue.Insert(1, 0, {.order = 100'001});
  uint32_t asked = 0;
  const auto first = queue.First([&asked](uint32_t activity) {
    ++asked;
    return activity == 1;
  });
  CHECK_EQ(first->order, 100'001);
  CHECK_EQ(asked, 2);
}

TEST_CASE("an id map forgets what is erased, and finds all else") {
  const uint64_t seed = SeedOr(11);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  IdMap<uint64_t> map;
  std::vector<uint64_t> ids;
  uint64_t next = 1;
  for (int step = 0; step < 20'000; ++step) {
    if (ids.empty() || random.Below(5) < 3) {
      next += 1 + random.Below(3);
      map.Insert(next, next * 2);
      ids.push_back(next);
    } else {
      const auto at = ids.begin() + random.Below(static_cast<uint32_t>(ids.size()));
      const uint64_t gone = *at;
      map.Erase(gone);
      ids.erase(at);
      REQUIRE_EQ(map.Find(gone), 0);
    }
    if (step % 500 != 0) continue;
    for (const uint64_t id : ids) REQUIRE_EQ(map.Find(id), id * 2);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::ready_queue_test
