// Steps by their names.
#include "core/step_map.h"

#include <map>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/core/random_workflow.h"

namespace stet::core::step_map_test {
namespace {

TEST_SUITE_BEGIN("core::StepMap");

TEST_CASE("a step map finds every step by its name and number, and takes none twice") {
  const uint64_t seed = SeedOr(21);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  StepMap<int> steps;
  std::map<std::pair<std::string, uint32_t>, int> expected;
  for (int i = 0; i < 3'000; ++i) {
    const std::string name = fmt::format("step {}", random.Below(500));
    const uint32_t occurrence = 1 + random.Below(5);
    const bool is_new = expected.try_emplace({name, occurrence}, i).second;
    REQUIRE_EQ(steps.Add({.name = name, .occurrence = occurrence}, i), is_new);
    REQUIRE_EQ(steps.size(), expected.size());
  }
  for (const auto& [key, value] : expected) {
    const int* const found = steps.Find({.name = key.first, .occurrence = key.second});
    REQUIRE(found != nullptr);
    CHECK_EQ(*found, value);
  }
  CHECK(steps.Find({.name = "step 1", .occurrence = 6}) == nullptr);
  CHECK(steps.Find({.name = "step", .occurrence = 1}) == nullptr);
  steps.clear();
  CHECK(steps.empty());
  CHECK(steps.Find({.name = "step 1", .occurrence = 1}) == nullptr);
}

TEST_CASE("step maps that hold the same are equal, in whatever order it came") {
  for (const int count : {3, 8, 9, 100}) {
    CAPTURE(count);
    StepMap<int> forth;
    StepMap<int> back;
    for (int i = 0; i < count; ++i) {
      forth.Add({.name = fmt::format("s{}", i)}, i);
      back.Add({.name = fmt::format("s{}", count - 1 - i)}, count - 1 - i);
    }
    CHECK_EQ(forth, back);
    StepMap<int> other = back;
    other.Add({.name = "one more"}, 0);
    CHECK_NE(forth, other);
    const auto doubled = forth.With<int>([](int value) { return 2 * value; });
    CHECK_NE(forth, doubled);
    REQUIRE(doubled.Find({.name = "s2"}) != nullptr);
    CHECK_EQ(*doubled.Find({.name = "s2"}), 4);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::step_map_test
