// Executions by their keys.
#include "core/key_index.h"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/execution.h"
#include "tests/core/random_workflow.h"

namespace stet::core::key_index_test {
namespace {

TEST_SUITE_BEGIN("core::KeyIndex");

TEST_CASE("a key index finds every execution by its key, and none that was erased") {
  const uint64_t seed = SeedOr(12);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  KeyIndex index;
  CHECK(index.Find("none") == nullptr);
  if (random.Below(2) == 0) index.Reserve(random.Below(500));
  std::vector<std::unique_ptr<Execution>> executions;
  for (int step = 0; step < 20'000; ++step) {
    if (executions.empty() || random.Below(5) < 3) {
      auto fresh = std::make_unique<Execution>();
      fresh->key = fmt::format("key {}", step);
      REQUIRE(index.Insert(*fresh));
      Execution twin;
      twin.key = fresh->key;
      REQUIRE_FALSE(index.Insert(twin));
      executions.push_back(std::move(fresh));
    } else {
      const auto at = executions.begin() + random.Below(static_cast<uint32_t>(executions.size()));
      index.Erase(**at);
      REQUIRE(index.Find((*at)->key) == nullptr);
      executions.erase(at);
    }
    if (step % 500 != 0) continue;
    for (const auto& execution : executions) {
      REQUIRE(index.Find(execution->key) == execution.get());
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::key_index_test
