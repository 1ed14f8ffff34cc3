// Repetitions and loops as users meet them.
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/mutex.h"
#include "stet/engine.h"
#include "tests/engine/fixture.h"

namespace stet::runs_test {
namespace {

using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

// Counts runs in its output: {"n":1}, {"n":2}, ...; notes the keys it was given.
struct Counter {
  Mutex mutex;
  std::vector<std::string> keys;

  Activity activity() {
    return [this](ActivityContext& context) -> absl::StatusOr<Payload> {
      MutexLock lock(mutex);
      keys.push_back(context.idempotency_key());
      if (context.config() == "text") return Payload("plain text");
      return Payload(fmt::format(R"({{"n":{}}})", context.occurrence()));
    };
  }
};

EngineOptions Options(Task task, Counter& counter, const std::string& directory = {}) {
  task.name = "task";
  task.activity = "count";
  return {.directory = directory,
          .workflows = {{.name = "main", .tasks = {std::move(task)}}},
          .activities = {{"count", counter.activity()}}};
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("a task that repeats has a key of its own for each run, and the output of the last") {
  const TempDirectory directory;
  Counter counter;
  for (int open = 0; open < 2; ++open) {
    const auto engine =
        MustOpen(Options({.repeat = Repeat{.count = 3, .interval = absl::Milliseconds(1)}}, counter,
                         directory.engine()));
    MustStart(*engine, "k");
    const ExecutionReport report = MustWait(*engine, "k");
    CHECK(report.success());
    CHECK_EQ(report.output("task"), R"({"n":3})");
    CHECK_EQ(report.task("task")->runs, 3);
    REQUIRE_EQ(counter.keys.size(), 3);
    CHECK_NE(counter.keys[0], counter.keys[1]);
    CHECK_NE(counter.keys[1], counter.keys[2]);
  }
}

TEST_CASE("a loop ends when its condition holds, or with its last iteration") {
  const When third = {.pointer = "/n", .op = CompareOp::kGreaterOrEqual, .value = "3"};
  for (const uint32_t max : {2U, 3U, 10U}) {
    CAPTURE(max);
    Counter counter;
    const auto engine =
        MustOpen(Options({.kind = LoopTask{.max_iterations = max, .break_when = third}}, counter));
    MustStart(*engine, "k");
    const ExecutionReport report = MustWait(*engine, "k");
    CHECK(report.success());
    const uint32_t iterations = std::min(max, 3U);
    CHECK_EQ(report.output("task"),
             fmt::format(R"({{"iterations":{0},"last":{{"n":{0}}},"broke_early":{1}}})", iterations,
                         max >= 3));
    CHECK_EQ(counter.keys.size(), iterations);
  }
}

TEST_CASE(
    "a loop whose condition asks about what is no JSON fails; without one it takes any output") {
  for (const bool asks : {false, true}) {
    Counter counter;
    LoopTask loop = {.max_iterations = 2};
    if (asks) loop.break_when = When{.pointer = "/n"};
    const auto engine = MustOpen(Options({.config = "text", .kind = loop}, counter));
    MustStart(*engine, "k");
    const ExecutionReport report = MustWait(*engine, "k");
    CHECK_EQ(report.success(), !asks);
    if (asks) CHECK_NE(report.task("task")->error.find("break_when"), std::string::npos);
    if (!asks) {
      CHECK_EQ(report.output("task"),
               R"({"iterations":2,"last":"plain text","broke_early":false})");
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::runs_test
