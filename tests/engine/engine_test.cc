// The engine from outside: workflows run, data flows, reports tell what happened.
#include "stet/engine.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/engine/fixture.h"

namespace stet::engine_test {
namespace {

using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

// Joins what it was given: the input and the outputs of the tasks before it.
absl::StatusOr<Payload> Join(ActivityContext& context) {
  std::string text = context.input().bytes;
  for (const std::string_view task : context.upstream()) {
    absl::StatusOr<Payload> output = context.output(task);
    if (!output.ok()) return output.status();
    text += fmt::format("+{}({})", task, output->bytes);
  }
  return Payload(text);
}

EngineOptions OrderOptions(const std::string& directory) {
  return {.directory = directory,
          .workflows =
              {{.name = "main",
                .tasks = {{.name = "reserve", .activity = "join"},
                          {.name = "charge", .activity = "join"},
                          {.name = "ship", .activity = "join", .after = {"reserve", "charge"}}}}},
          .activities = {{"join", Join}}};
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("a workflow runs, and outputs reach the tasks below") {
  const TempDirectory directory;
  for (const std::string& path : {directory.engine(), std::string()}) {
    CAPTURE(path);
    const auto engine = MustOpen(OrderOptions(path));
    const Started started = MustStart(*engine, "order-42", "7");
    CHECK_FALSE(started.existed);
    CHECK_GT(started.id, 0);
    const ExecutionReport report = MustWait(*engine, "order-42");
    CHECK(report.success());
    CHECK_EQ(report.state, ExecutionState::kCompleted);
    CHECK_EQ(report.id, started.id);
    CHECK_EQ(report.key, "order-42");
    CHECK_EQ(report.workflow, "main");
    CHECK_EQ(report.output("ship"), "7+reserve(7)+charge(7)");
    CHECK_EQ(report.count_in(TaskState::kCompleted), 3);
    CHECK(report.failed_tasks().empty());
    REQUIRE(report.task("ship") != nullptr);
    CHECK_EQ(report.task("ship")->attempts, 1);
    CHECK_LE(report.started_at, report.finished_at);
    CHECK(engine->Close().ok());
  }
}

TEST_CASE("the context says whose attempt it is") {
  std::string seen;
  const auto engine = MustOpen(
      {.workflows = {testing::Single({.name = "a", .activity = "look", .config = "{\"x\":1}"})},
       .activities = {{"look", [&](ActivityContext& context) -> absl::StatusOr<Payload> {
                         seen = fmt::format("{} {} {} {} {}", context.execution_key(),
                                            context.task(), context.config(), context.attempt(),
                                            context.idempotency_key());
                         CHECK(absl::IsNotFound(context.output("b").status()));
                         CHECK_EQ(context.Deadline(), absl::InfiniteFuture());
                         CHECK_FALSE(context.cancelled());
                         return Payload();
                       }}}});
  const Started started = MustStart(*engine, "k");
  MustWait(*engine, "k");
  CHECK_EQ(seen, fmt::format("k a {{\"x\":1}} 1 {:016x}/a/1", started.id));
}

TEST_CASE("an exception is a failure of the attempt, and of nothing else") {
  const auto engine = MustOpen(
      {.workflows = {{.name = "main",
                      .tasks = {{.name = "a", .activity = "throw"},
                                {.name = "b", .activity = "throw int"},
                                {.name = "c", .activity = "fine"}}}},
       .activities = {{"throw",
                       [](ActivityContext&) -> absl::StatusOr<Payload> {
                         throw std::runtime_error("no such luck");
                       }},
                      {"throw int", [](ActivityContext&) -> absl::StatusOr<Payload> { throw 3; }},
                      {"fine", [](ActivityContext&) { return Payload("1"); }}}});
  MustStart(*engine, "k");
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.state, ExecutionState::kFailed);
  CHECK_NE(report.task("a")->error.find("exception: no such luck"), std::string::npos);
  CHECK_NE(report.task("b")->error.find("exception of an unknown type"), std::string::npos);
  CHECK_EQ(report.task("c")->state, TaskState::kCompleted);
  CHECK_EQ(report.failed_tasks().size(), 2);
}

TEST_CASE("a failure skips what depends on it, and leaves a dead letter") {
  const auto engine =
      MustOpen({.workflows = {{.name = "main",
                               .tasks = {{.name = "a", .activity = "fail"},
                                         {.name = "b", .activity = "fail", .after = {"a"}},
                                         {.name = "c", .activity = "fail", .after = {"b"}}}}},
                .activities = {{"fail", [](ActivityContext&) -> absl::StatusOr<Payload> {
                                  return absl::UnavailableError("try later");
                                }}}});
  MustStart(*engine, "k", "input");
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.state, ExecutionState::kFailed);
  CHECK_EQ(report.task("a")->state, TaskState::kDeadLettered);
  CHECK_EQ(report.count_in(TaskState::kSkipped), 2);
  const auto letters = engine->DeadLetters();
  REQUIRE(letters.ok());
  REQUIRE_EQ(letters->size(), 1);
  CHECK_EQ(letters->front().task, "a");
  CHECK_EQ(letters->front().key, "k");
  CHECK_EQ(letters->front().attempts, 1);
  CHECK_EQ(letters->front().input.bytes, "input");
  CHECK_NE(letters->front().error.find("try later"), std::string::npos);
}

TEST_CASE("an output over the limit fails the task without a retry") {
  EngineOptions options{
      .workflows = {testing::Single(
          {.name = "a", .activity = "big", .retry = {.max_attempts = 5}})},
      .activities = {{"big", [](ActivityContext&) { return Payload(std::string(101, 'x')); }}}};
  options.limits.payload_bytes = 100;
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.task("a")->attempts, 1);
  CHECK_EQ(report.task("a")->error, "output of 101 bytes is over the limit of 100");
}

TEST_CASE("a content type over the limit fails the task without a retry") {
  const auto engine =
      MustOpen({.workflows = {testing::Single(
                    {.name = "a", .activity = "odd", .retry = {.max_attempts = 5}})},
                .activities = {{"odd", [](ActivityContext&) {
                                  Payload payload("1");
                                  payload.content_type.assign(256, 'x');
                                  return payload;
                                }}}});
  MustStart(*engine, "k");
  const auto report = engine->Wait("k", testing::kPatience);
  REQUIRE(report.ok());
  CHECK_EQ(report->task("a")->attempts, 1);
  CHECK_EQ(report->task("a")->error, "content type of 256 bytes is over the limit of 255");
  CHECK_EQ(engine->Stats()->late_reports, 0);
}

TEST_CASE("progress is told in order, and the end last") {
  std::mutex mutex;
  std::vector<std::string> told;
  EngineOptions options = OrderOptions("");
  options.concurrency = 1;
  options.on_task = [&](const ExecutionSummary& summary, std::string_view task, TaskState state) {
    const std::lock_guard<std::mutex> lock(mutex);
    told.push_back(fmt::format("{} {} {}", summary.key, task, ToString(state)));
  };
  options.on_ended = [&](const ExecutionSummary& summary) {
    const std::lock_guard<std::mutex> lock(mutex);
    told.push_back(fmt::format("{} {} {}", summary.key, ToString(summary.state),
                               summary.counts[static_cast<size_t>(TaskState::kCompleted)]));
  };
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  MustWait(*engine, "k");
  CHECK(engine->Close().ok());
  CHECK_EQ(told, std::vector<std::string>{"k reserve ready", "k charge ready", "k reserve running",
                                          "k reserve completed", "k charge running",
                                          "k charge completed", "k ship ready", "k ship running",
                                          "k ship completed", "k completed 3"});
}

// Holds the only worker until it is let go, and notes the order of everything else.
TEST_CASE("priority, then first come, applied when a worker frees up") {
  std::mutex mutex;
  std::vector<std::string> order;
  std::atomic<bool> held = false;
  std::atomic<bool> go = false;
  const auto note = [&](ActivityContext& context) {
    const std::lock_guard<std::mutex> lock(mutex);
    order.emplace_back(context.execution_key());
    return Payload();
  };
  const auto workflow = [](std::string name, std::string activity, int32_t priority) {
    return Workflow{
        .name = std::move(name),
        .tasks = {{.name = "t", .activity = std::move(activity), .priority = priority}}};
  };
  const auto engine =
      MustOpen({.concurrency = 1,
                .workflows = {workflow("hold", "hold", 0), workflow("low", "note", 1),
                              workflow("high", "note", 2)},
                .activities = {{"hold",
                                [&](ActivityContext&) {
                                  held = true;
                                  while (!go) absl::SleepFor(absl::Milliseconds(1));
                                  return Payload();
                                }},
                               {"note", note}}});
  const auto start = [&](std::string workflow_name, std::string key) {
    REQUIRE(engine->Start({.workflow = std::move(workflow_name), .key = std::move(key)}).ok());
  };
  start("hold", "hold");
  REQUIRE(testing::Eventually([&] { return held.load(); }));
  start("low", "low 1");
  start("low", "low 2");
  start("high", "high 1");  // Comes late, and goes first.
  start("high", "high 2");
  go = true;
  for (const char* key : {"low 1", "low 2", "high 1", "high 2"}) MustWait(*engine, key);
  CHECK_EQ(order, std::vector<std::string>{"high 1", "high 2", "low 1", "low 2"});
}

TEST_CASE("as many attempts run at once as the options say, and no more") {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  Workflow workflow{.name = "main"};
  for (int i = 0; i < 40; ++i) {
    workflow.tasks.push_back({.name = fmt::format("t{}", i), .activity = "count"});
  }
  const auto engine =
      MustOpen({.concurrency = 8,
                .workflows = {workflow},
                .activities = {{"count", [&](ActivityContext& context) {
                                  const int now = ++running;
                                  int seen = most;
                                  while (now > seen && !most.compare_exchange_weak(seen, now)) {
                                  }
                                  context.SleepFor(absl::Milliseconds(20));
                                  --running;
                                  return Payload();
                                }}}});
  MustStart(*engine, "k");
  CHECK(MustWait(*engine, "k").success());
  CHECK_EQ(most.load(), 8);
}

TEST_CASE("many executions at once all end") {
  const TempDirectory directory;
  EngineOptions options{.directory = directory.engine(),
                        .concurrency = 16,
                        .workflows = {testing::Chain(5, "echo")},
                        .activities = {{"echo", Join}}};
  const auto engine = MustOpen(std::move(options));
  std::vector<StartRequest> requests;
  for (int i = 0; i < 200; ++i) {
    requests.push_back({.workflow = "main", .key = fmt::format("k{}", i), .input = "1"});
  }
  for (const auto& started : engine->StartAll(std::move(requests))) CHECK(started.ok());
  for (int i = 0; i < 200; ++i) CHECK(MustWait(*engine, fmt::format("k{}", i)).success());
  const auto list = engine->List();
  REQUIRE(list.ok());
  CHECK_EQ(list->size(), 200);
  CHECK(std::is_sorted(list->begin(), list->end(),
                       [](const auto& a, const auto& b) { return a.id < b.id; }));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::engine_test
