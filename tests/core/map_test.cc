// Map tasks: their items, how many run at once, and what their ends mean.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/waits.h"
#include "core/why.h"
#include "tests/core/waiting.h"
#include "tests/core/world.h"

namespace stet::core::map_test {
namespace {

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
    child = w.Define(Workflow{.name = "item", .tasks = {{.name = "item", .activity = "a"}}});
    std::vector<Task> tasks = {{.name = "each", .activity = "a"},
                               {.name = "next", .activity = "a", .after = {"each"}}};
    tasks[0].kind = MapTask{.parallelism = 2};
    map = {.execution = w.Start(w.Define(Workflow{.name = "w", .tasks = std::move(tasks)}))};
    CHECK(NextWait(w.state()).has_value());
    CHECK_EQ(w.Begin(), map);
    CHECK(w.slot(map).waits);
  }
  Token token() { return w.slot(map).token(); }
  void Expand(uint32_t items) { w.Must(ExpandMap{.run = map, .token = token(), .items = items}); }
  StartChild ItemStart(uint32_t item) {
    return {.run = map, .token = token(), .workflow = child, .item = item};
  }
  FinishChild End() { return {.run = map, .token = token(), .result = {.bytes = "[1,2,3]"}}; }
  TaskState state() { return w.slot(map).state; }
  World w;
  WorkflowHash child = {};
  RunRef map = {};
};

TEST_SUITE_BEGIN("core::map");

TEST_CASE_FIXTURE(Fixture, "so many items run at once as the map allows, in order") {
  CHECK_EQ(w.Refused(ItemStart(1)), Reason::kNotReady);
  Expand(3);
  CHECK_EQ(w.Refused(ExpandMap{.run = map, .token = token(), .items = 3}), Reason::kNotReady);
  CHECK_EQ(w.Refused(ItemStart(2)), Reason::kNotReady);
  w.Must(ItemStart(1));
  w.Must(ItemStart(2));
  CHECK_EQ(w.Refused(ItemStart(3)), Reason::kNotReady);
  const Execution* second = ItemOf(w.state(), w.execution(map.execution), 0, 2);
  REQUIRE(second != nullptr);
  CHECK_NE(second->key.find("/each/1.1[1]"), std::string::npos);
  CHECK_EQ(w.Refused(End()), Reason::kNotEnded);
  w.Succeed(w.Begin());
  CHECK_EQ(w.Refused(End()), Reason::kNotEnded);
  w.Must(ItemStart(3));
  w.Succeed(w.Begin());
  w.Succeed(w.Begin());
  w.Must(End());
  CHECK_EQ(state(), TaskState::kCompleted);
  CHECK_EQ(w.slot(map).output.bytes, 7);
  w.Succeed(w.Begin());
  CHECK_EQ(w.execution(map.execution).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "a map without items has completed") {
  Expand(0);
  w.Must(End());
  CHECK_EQ(state(), TaskState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "an item that fails ends the map, and the others are cancelled") {
  Expand(5);
  w.Must(ItemStart(1));
  w.Must(ItemStart(2));
  const uint64_t second = ItemOf(w.state(), w.execution(map.execution), 0, 2)->id;
  w.Fail(w.Begin());
  CHECK_EQ(w.Refused(ItemStart(3)), Reason::kNotReady);
  w.Must(End());
  w.Settle();
  CHECK_EQ(state(), TaskState::kDeadLettered);
  CHECK(w.execution(second).to_cancel);
  CHECK_EQ(w.execution(second).parent.attempt, 0);
  w.Must(RequestCancel{.execution = second});
  w.Settle();
  // A retry begins with other executions.
  w.Must(Reopen{.execution = map.execution});
  w.Settle();
  CHECK_EQ(w.Begin(), map);
  Expand(1);
  w.Must(ItemStart(1));
  CHECK_NE(w.state().executions().back()->key.find("/each/2.1[0]"), std::string::npos);
}

TEST_CASE_FIXTURE(Fixture,
                  "a cancellation reaches the items, and a process that dies stops nothing") {
  Expand(2);
  w.Must(ItemStart(1));
  const uint64_t first = w.state().executions().back()->id;
  w.Crash();
  w.Open();
  w.Must(ItemStart(2));
  w.Must(RequestCancel{.execution = map.execution});
  w.Settle();
  CHECK_EQ(w.execution(map.execution).state, ExecutionState::kCancelled);
  CHECK(w.execution(first).to_cancel);
}

TEST_CASE_FIXTURE(Fixture, "an item that is retried while the map still waits counts again") {
  Expand(2);
  w.Must(ItemStart(1));
  const uint64_t first = w.state().executions().back()->id;
  w.Fail(w.Begin());
  w.Settle();
  w.Must(Reopen{.execution = first});
  w.Settle();
  CHECK_EQ(w.Refused(End()), Reason::kNotEnded);
  w.Succeed(w.Begin());
  w.Must(ItemStart(2));
  w.Succeed(w.Begin());
  w.Must(End());
  CHECK_EQ(state(), TaskState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "too many items, and what is no array, fail the map at once") {
  CHECK_EQ(w.Refused(ExpandMap{.run = {.execution = map.execution, .task = 1}}),
           Reason::kAttemptFinishRequiresRunning);
  w.Must(ExpandMap{.run = map, .token = token(), .items = kMapItemsMax + 1});
  CHECK_EQ(state(), TaskState::kDeadLettered);
}

TEST_CASE_FIXTURE(Fixture, "why says how far a map is") {
  Expand(3);
  w.Must(ItemStart(1));
  w.Must(ItemStart(2));
  w.Succeed(w.Begin());
  const auto known = [](uint32_t) { return true; };
  const auto why =
      Explain(w.state(), w.execution(map.execution), {.executes = true, .slots = 1}, known, 10);
  CHECK_EQ(why.tasks[0].kind, WaitKind::kChild);
  CHECK_EQ(why.tasks[0].reason, "1 of 3 items have ended, 1 run");
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::map_test
