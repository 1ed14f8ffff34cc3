// Maps, stateful tasks and events with an activity as users meet them.
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/mutex.h"
#include "stet/engine.h"
#include "tests/engine/fixture.h"

namespace stet::map_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

// How many run now, and how many ran at once at most.
struct Crowd {
  Mutex mutex;
  int now = 0;
  int most = 0;

  int Most() {
    MutexLock lock(mutex);
    return most;
  }

  Activity Doubler() {
    return [this](ActivityContext& context) -> absl::StatusOr<Payload> {
      {
        MutexLock lock(mutex);
        most = std::max(most, ++now);
      }
      // As many as may be are there at once, however slow the machine is.
      while (Most() < 3 && context.SleepFor(absl::Milliseconds(1))) continue;
      MutexLock lock(mutex);
      --now;
      if (context.input().bytes == "13") return absl::InvalidArgumentError("unlucky");
      return Payload(fmt::format("{}", 2 * std::stoi(context.input().bytes)));
    };
  }
};

EngineOptions Options(Crowd& crowd, const std::string& directory = {}) {
  Task each = {.name = "each", .activity = "double"};
  each.kind = MapTask{.items = {.pointer = "/numbers"}, .parallelism = 3};
  return {.directory = directory,
          .concurrency = 8,
          .workflows = {{.name = "main", .tasks = {each}}},
          .activities = {{"double", crowd.Doubler()}}};
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("a map runs its activity for each item, so many at once, and gathers in order") {
  const TempDirectory directory;
  Crowd crowd;
  const auto engine = MustOpen(Options(crowd, directory.engine()));
  REQUIRE(engine
              ->Start({.workflow = "main",
                       .key = "k",
                       .input = Payload(R"({"numbers":[7,1,2,3,4,5,6,0]})")})
              .ok());
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_EQ(report.output("each"), "[14,2,4,6,8,10,12,0]");
  CHECK_EQ(crowd.most, 3);
}

TEST_CASE("a map of what is no array, or with an item that fails, fails and says why") {
  Crowd crowd;
  const auto engine = MustOpen(Options(crowd));
  REQUIRE(
      engine->Start({.workflow = "main", .key = "a", .input = Payload(R"({"numbers":1})")}).ok());
  CHECK_EQ(MustWait(*engine, "a").task("each")->error,
           "its items are no JSON array, but 1 bytes of other JSON");
  REQUIRE(
      engine->Start({.workflow = "main", .key = "b", .input = Payload(R"({"numbers":[1,13,2]})")})
          .ok());
  const ExecutionReport report = MustWait(*engine, "b");
  CHECK_EQ(report.state, ExecutionState::kFailed);
  CHECK_EQ(report.task("each")->error.find("item 1: execution "), 0);
}

TEST_CASE("a stateful task finds what its last success left, in the next process too") {
  const TempDirectory directory;
  Task count = {.name = "count", .activity = "count"};
  count.kind = StatefulTask();
  count.repeat = Repeat{.count = 3};
  const auto one_more = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    const std::optional<Payload> state = context.state();
    const int next = state ? std::stoi(state->bytes) + 1 : 1;
    if (absl::Status s = context.SetState(Payload(std::to_string(next))); !s.ok()) return s;
    return Payload(fmt::format("[{}]", next));
  };
  for (int open = 0; open < 2; ++open) {
    const auto engine = MustOpen({.directory = directory.engine(),
                                  .workflows = {{.name = "main", .tasks = {count}}},
                                  .activities = {{"count", one_more}}});
    MustStart(*engine, "k");
    CHECK_EQ(MustWait(*engine, "k").output("count"), "[3]");
  }
}

TEST_CASE("only stateful tasks keep a state") {
  absl::Status refused;
  const auto engine =
      MustOpen({.workflows = {{.name = "main", .tasks = {{.name = "t", .activity = "a"}}}},
                .activities = {{"a", [&](ActivityContext& context) -> absl::StatusOr<Payload> {
                                  refused = context.SetState(Payload("1"));
                                  return Payload();
                                }}}});
  MustStart(*engine, "k");
  CHECK(MustWait(*engine, "k").success());
  CHECK(absl::IsFailedPrecondition(refused));
}

TEST_CASE("an event task's activity gets the signal, and its output is the task's") {
  Task order = {.name = "order", .activity = "ship"};
  order.retry.max_attempts = 2;
  order.retry.backoff = Backoff::Fixed(absl::Milliseconds(1));
  order.kind = EventTask{.signal = "paid"};
  const auto ship = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    CHECK_EQ(context.occurrence(), 1);
    REQUIRE(context.signal().has_value());
    if (context.attempt() == 2) return absl::UnavailableError("once more");
    return Payload("[" + context.signal()->bytes + "]");
  };
  const auto engine =
      MustOpen({.workflows = {{.name = "main", .tasks = {order}}}, .activities = {{"ship", ship}}});
  MustStart(*engine, "k");
  REQUIRE(engine->Signal("k", "paid", Payload("42")).ok());
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_EQ(report.output("order"), "[42]");
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::map_test
