// The leaf: what every layer leans on.
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "base/format.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "base/string_map.h"
#include "stet/clock.h"

namespace stet {
namespace {

template <typename A, typename B>
absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return absl::InvalidArgumentError("odd");
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  ASSIGN_OR_RETURN(const int half, Half<int, char>(value));
  ASSIGN_OR_RETURN(const int quarter, Half<int, char>(half));
  return quarter;
}

absl::Status Check(int value) {
  RETURN_IF_ERROR(Quarter(value).status());
  return absl::OkStatus();
}

TEST_SUITE("base") {
  TEST_CASE("an error returns early, a value is assigned") {
    CHECK_EQ(*Quarter(8), 2);
    CHECK_EQ(Quarter(6).status(), absl::InvalidArgumentError("odd"));
    CHECK(Check(4).ok());
    CHECK_EQ(Check(1).message(), "odd");
  }

  TEST_CASE("Abseil's types print") {
    CHECK_EQ(fmt::format("{}", absl::NotFoundError("x")), "NOT_FOUND: x");
    CHECK_EQ(fmt::format("{}", absl::FromUnixNanos(1'500'000'001)),
             "1970-01-01T00:00:01.500000001Z");
    CHECK_EQ(fmt::format("{:>6}", absl::Milliseconds(1500)), "  1.5s");
    CHECK_EQ(fmt::format("{}", absl::NotFoundError("text").message()), "text");
  }

  TEST_CASE("a string map is asked without a copy") {
    StringMap<int> map{{"one", 1}};
    CHECK(map.contains(std::string_view("one")));
    CHECK_FALSE(map.contains(std::string_view("two")));
  }

  TEST_CASE("a condition wakes who waits, and gives up in time") {
    Mutex mutex;
    Condition condition;
    bool ready = false;
    std::thread waker([&] {
      const MutexLock lock(mutex);
      ready = true;
      condition.NotifyAll();
    });
    {
      const MutexLock lock(mutex);
      while (!ready) condition.Wait(mutex);
      CHECK_FALSE(condition.WaitFor(mutex, std::chrono::milliseconds(1)));
    }
    waker.join();
  }

  TEST_CASE("monotonic time does not step back") {
    Clock* clock = SystemClock();
    const absl::Duration before = clock->Monotonic();
    CHECK_GE(clock->Monotonic(), before);
    CHECK_GT(clock->Wall(), absl::FromUnixSeconds(1'600'000'000));
  }
}

}  // namespace
}  // namespace stet
