// What other definitions would have made of executions that ran.
#include "stet/rehearsal.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/engine/fixture.h"

namespace stet::rehearsal_test {
namespace {

using testing::MustOpen;
using testing::MustWait;
using testing::TempDirectory;

const RetryPolicy kThrice = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Milliseconds(1))};

// "a", then "b", which fails twice, then a timer, then "c", which fails; "d" is skipped.
Workflow Flow() {
  return {
      .name = "flow",
      .tasks = {
          {.name = "a", .activity = "work"},
          {.name = "b", .activity = "work", .after = {"a"}, .retry = kThrice},
          {.name = "rest", .after = {"b"}, .kind = TimerTask{.duration = absl::Milliseconds(1)}},
          {.name = "c", .activity = "work", .after = {"rest"}},
          {.name = "d", .activity = "work", .after = {"c"}}}};
}

void RunFlow(const TempDirectory& directory) {
  const auto work = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    if (context.task() == "b" && context.attempt() < 3) return absl::UnavailableError("tired");
    if (context.task() == "c") return absl::InvalidArgumentError("no such card");
    return Payload("\"" + std::string(context.task()) + "\"");
  };
  const auto engine = MustOpen(
      {.directory = directory.engine(), .workflows = {Flow()}, .activities = {{"work", work}}});
  REQUIRE(engine->Start({.workflow = "flow", .key = "one", .input = Payload("[1]")}).ok());
  CHECK_EQ(MustWait(*engine, "one").state, ExecutionState::kFailed);
}

Rehearsal MustRehearse(const TempDirectory& directory, const Workflow& workflow) {
  const auto rehearsal = Rehearse(
      {.source = {.directory = directory.engine()}, .execution = "one", .workflow = workflow});
  REQUIRE_MESSAGE(rehearsal.ok(), rehearsal.status().ToString());
  return *rehearsal;
}

const StateChange* Find(const Rehearsal& rehearsal, std::string_view task, std::string_view field) {
  for (const StateChange& change : rehearsal.differences) {
    if (change.task == task && change.field == field) return &change;
  }
  return nullptr;
}

TEST_SUITE_BEGIN("Rehearsal");

TEST_CASE("the same definition does the same, whatever waited, failed or was tried again") {
  const TempDirectory directory;
  RunFlow(directory);
  const Rehearsal rehearsal = MustRehearse(directory, Flow());
  for (const StateChange& change : rehearsal.differences) {
    FAIL_CHECK(change.task, " ", change.field, ": ", change.before, " -> ", change.after);
  }
  CHECK(rehearsal.guessed.empty());
  CHECK_EQ(rehearsal.rehearsed.input.bytes, "[1]");
}

TEST_CASE("branches are taken, and what completed is undone, as it was recorded") {
  const TempDirectory directory;
  const Workflow flow = {
      .name = "flow",
      .tasks = {{.name = "asks",
                 .activity = "says no",
                 .kind = ConditionalTask{.then = {"never"}, .otherwise = {"books"}}},
                {.name = "never", .activity = "work", .after = {"asks"}},
                {.name = "books", .activity = "work", .after = {"asks"}, .compensate = "undo"},
                {.name = "fails", .activity = "fail", .after = {"books"}},
                {.name = "tells", .activity = "work", .trigger = Trigger::kFailure}}};
  const auto says = [](std::string text) {
    return [text](ActivityContext&) -> absl::StatusOr<Payload> { return Payload(text); };
  };
  const auto fail = [](ActivityContext&) -> absl::StatusOr<Payload> {
    return absl::InvalidArgumentError("no such card");
  };
  {
    const auto engine = MustOpen({.directory = directory.engine(),
                                  .workflows = {flow},
                                  .activities = {{"says no", says("false")},
                                                 {"work", says("1")},
                                                 {"undo", says("2")},
                                                 {"fail", fail}}});
    REQUIRE(engine->Start({.workflow = "flow", .key = "one"}).ok());
    CHECK_EQ(MustWait(*engine, "one").state, ExecutionState::kFailed);
  }
  const Rehearsal rehearsal = MustRehearse(directory, flow);
  for (const StateChange& change : rehearsal.differences) {
    FAIL_CHECK(change.task, " ", change.field, ": ", change.before, " -> ", change.after);
  }
  CHECK(rehearsal.guessed.empty());
  CHECK_EQ(rehearsal.rehearsed.task("compensate:books")->state, TaskState::kCompleted);
}

TEST_CASE("what ran several times, handled a signal or did each item does so again") {
  const TempDirectory directory;
  const When done = {.pointer = "/n", .op = CompareOp::kGreaterOrEqual, .value = "2"};
  const Workflow flow = {
      .name = "flow",
      .tasks = {{.name = "loop",
                 .activity = "count",
                 .kind = LoopTask{.max_iterations = 5, .break_when = done}},
                {.name = "thrice", .activity = "count", .repeat = Repeat{.count = 3}},
                {.name = "paid", .activity = "ship", .kind = EventTask{.signal = "paid"}},
                {.name = "each", .activity = "count", .kind = MapTask{.items = {.pointer = ""}}}}};
  const auto count = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    return Payload(fmt::format(R"({{"n": {}}})", context.occurrence()));
  };
  const auto ship = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    return Payload("[" + context.signal()->bytes + "]");
  };
  {
    const auto engine = MustOpen({.directory = directory.engine(),
                                  .workflows = {flow},
                                  .activities = {{"count", count}, {"ship", ship}}});
    REQUIRE(engine->Start({.workflow = "flow", .key = "one", .input = "[1,2]"}).ok());
    REQUIRE(engine->Signal("one", "paid", Payload("7")).ok());
    CHECK_EQ(MustWait(*engine, "one").state, ExecutionState::kCompleted);
  }
  const Rehearsal rehearsal = MustRehearse(directory, flow);
  for (const StateChange& change : rehearsal.differences) {
    FAIL_CHECK(change.task, " ", change.field, ": ", change.before, " -> ", change.after);
  }
  CHECK(rehearsal.guessed.empty());
  CHECK_EQ(rehearsal.rehearsed.output("each"), R"([{"n": 1},{"n": 1}])");
}

TEST_CASE("fewer attempts fail where more of them succeeded, and what comes behind is skipped") {
  const TempDirectory directory;
  RunFlow(directory);
  Workflow less = Flow();
  less.tasks[1].retry.max_attempts = 2;
  const Rehearsal rehearsal = MustRehearse(directory, less);
  REQUIRE(Find(rehearsal, "b", "state") != nullptr);
  CHECK_EQ(Find(rehearsal, "b", "state")->before, "completed");
  CHECK_EQ(Find(rehearsal, "b", "state")->after, "dead_lettered");
  CHECK_EQ(Find(rehearsal, "b", "attempts")->after, "2");
  CHECK_EQ(Find(rehearsal, "rest", "state")->after, "skipped");
  CHECK(Find(rehearsal, "a", "state") == nullptr);
  CHECK(rehearsal.guessed.empty());
}

TEST_CASE("tasks that are new or gone are told, and what is not recorded is called a guess") {
  const TempDirectory directory;
  RunFlow(directory);
  Workflow other = Flow();
  other.tasks.pop_back();
  other.tasks[3].after = {"a"};
  other.tasks.push_back({.name = "new", .activity = "brand-new", .after = {"rest"}});
  const Rehearsal rehearsal = MustRehearse(directory, other);
  CHECK_EQ(Find(rehearsal, "d", "present")->before, "skipped");
  CHECK_EQ(Find(rehearsal, "new", "present")->after, "completed");
  CHECK(rehearsal.guessed == std::vector<std::string>{"new"});
  CHECK_EQ(rehearsal.rehearsed.state, ExecutionState::kFailed);
}

TEST_CASE("what cannot be rehearsed is refused") {
  const TempDirectory directory;
  RunFlow(directory);
  const ReplayOptions source = {.directory = directory.engine()};
  CHECK(absl::IsNotFound(
      Rehearse({.source = source, .execution = "two", .workflow = Flow()}).status()));
  CHECK(absl::IsInvalidArgument(
      Rehearse({.source = source, .execution = "one", .workflow = {.name = "w"}}).status()));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::rehearsal_test
