// Items made ahead of their use.
#include "engine/ahead.h"

#include <atomic>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "tests/engine/fixture.h"

namespace stet::ahead_test {
namespace {

using engine::Ahead;

TEST_SUITE_BEGIN("engine::Ahead");

TEST_CASE("items come in the order in which they were made, and then there are no more") {
  for (const size_t items_max : {0, 1, 3, 100}) {
    CAPTURE(items_max);
    int made = 0;
    Ahead<std::unique_ptr<int>> ahead(
        [&made](std::unique_ptr<int>& item) {
          item = std::make_unique<int>(made);
          return made++ < 50;
        },
        items_max);
    for (int i = 0; i < 50; ++i) {
      const std::unique_ptr<int>* const item = ahead.Next();
      REQUIRE(item != nullptr);
      CHECK_EQ(**item, i);
    }
    CHECK(ahead.Next() == nullptr);
    CHECK_EQ(made, 51);
  }
}

TEST_CASE("no more are made than may wait, and whoever leaves early is not held up") {
  std::atomic<int> made = 0;
  {
    Ahead<int> ahead(
        [&made](int& item) {
          item = made++;
          return true;
        },
        3);
    // Three that wait, and one that is ready to.
    REQUIRE(testing::Eventually([&made] { return made == 4; }));
    CHECK_EQ(*ahead.Next(), 0);
    REQUIRE(testing::Eventually([&made] { return made == 5; }));
  }
  CHECK_EQ(made, 5);
}

TEST_CASE("without room for any, each is made by who asks for it") {
  std::thread::id maker;
  int made = 0;
  Ahead<int> ahead(
      [&maker, &made](int& item) {
        maker = std::this_thread::get_id();
        item = made++;
        return true;
      },
      0);
  CHECK_EQ(made, 0);
  CHECK_EQ(*ahead.Next(), 0);
  CHECK(maker == std::this_thread::get_id());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::ahead_test
