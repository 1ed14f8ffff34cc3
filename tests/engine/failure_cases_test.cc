// Failure cases that other engines were bitten by, each a test of its name.
//
// case                                              | where it is tested
// killed between any two records                    | here; tests/sim_engine; "kill -9 at any moment, ..."
// killed in the middle of a skip or cancel cascade  | "a cascade cut at every part and interrupted there is completed by the next
//                                                   | process", "an execution can be cancelled at any moment, in parts of any size"
// the last record torn at every byte                | "cut at any byte up to the first sector behind its end, a log is refused",
//                                                   | "with every subset of its sectors missing, the last batch is in or out, ..."
// a bit flipped in the middle                       | "every flipped bit", "no flipped bit shortens what was acknowledged without an error"
// a log of another version                          | "20: newer than this build", "a newer version is told from damage"
// a record twice, swapped, missing, of elsewhere    | "7: a batch of another place", "8: an intact batch that does not continue the chain",
//                                                   | "a gap in seq is refused", "an event that is missing or doubled is noticed"
// random commands; snapshots of all states          | "random histories replay exactly, keep their rules and end", "every state of a random
//                                                   | history comes back whole, in parts of any size"
// a write or a flush fails at each point            | here; "each call fails once: the log goes on in the next segment, ..."
// a second opener                                   | "a second opener is refused with the pid of the first"
// rotation and retiring, cut at each step           | "the power goes at each call of snapshots and retiring: all that was durable is there"
// dependents across a restart                       | here
// priorities under saturation                       | "the execution that matters most gets the next worker", "priority, then first come, ..."
// a task that kills its process                     | "a task that kills its process is given up after max_lost"
// a late report behind a cancellation               | here
// a late heartbeat behind a cancellation            | failure_owners_test.cc
// a zombie of a dead epoch                          | here
// a worker whose lease was taken over               | failure_owners_test.cc
// a concurrency key across a restart                | failure_owners_test.cc; "runs of one concurrency key never meet, however many workers there are"
// retries and dead letters across restarts          | here; "a dead letter tells its attempts; requeued, its task and what it held up run"
// the same workflow twice, the same key twice       | here
// keys that are prefixes of others                  | here
// a clock that is set back                          | here; "engine time never steps back, and does not follow a step of the wall"
// a long downtime of a schedule                     | "after a long downtime: skip ...", "...: coalesce ...", "...: catch up ..."
// payloads over the limit                           | here; "an output over the limit fails the task without a retry"
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/resolve.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"
#include "tests/engine/sim_fixture.h"

namespace stet::failure_cases_test {
namespace {

using testing::Life;
using wal::CrashPolicy;

Activity Succeeds() {
  return [](ActivityContext&) { return Payload("1"); };
}

// What was made durable, by activity: how often each attempt of a task has run.
using Runs = std::map<std::string, int>;

Activity Counts(Runs& runs) {
  return [&runs](ActivityContext& context) -> absl::StatusOr<Payload> {
    ++runs[fmt::format("{} {}", context.task(), context.attempt())];
    if (context.task() == "t1" && context.attempt() == 1) return absl::UnavailableError("once");
    return Payload(fmt::format("\"{}\"", context.task()));
  };
}

Workflow RetryingChain() {
  Workflow workflow = testing::Chain(3, "count");
  workflow.tasks[1].retry = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Milliseconds(5))};
  return workflow;
}

TEST_SUITE_BEGIN("engine::failure_cases");

TEST_CASE("killed between any two records of submit, dispatch and finish, it goes on and ends") {
  uint64_t calls = 0;
  for (uint64_t call = 0; call == 0 || call <= calls; ++call) {
    CAPTURE(call);
    Runs runs;
    Life first({}, call);
    bool acknowledged = false;
    if (first.Open(RetryingChain(), {{"count", Counts(runs)}}).ok()) {
      first.host().Post([&](engine::Sequencer& loop) {
        (void)engine::StartNow(loop.ledger(), first.host().catalog(), first.host().options().limits,
                               {.workflow = "main", .key = "k"});
        loop.ledger().AnswerWhenReleased(
            [&](const absl::Status& released) { acknowledged = released.ok(); });
      });
      first.RunAll();
    }
    if (call == 0) calls = first.storage().calls();
    Life second(first.Cut(call % 2 == 0 ? CrashPolicy::kLoseAll : CrashPolicy::kRandom));
    second.MustOpen(RetryingChain(), {{"count", Counts(runs)}});
    if (acknowledged) REQUIRE(second.state().FindExecutionByKey("k") != nullptr);
    REQUIRE(second.Start("k").ok());
    REQUIRE(second.RunAll());
    CHECK_EQ(second.execution("k").state, ExecutionState::kCompleted);
    // At least once; the attempt that died with its process counts, and no other runs twice.
    for (const auto& run : runs) CHECK_MESSAGE(run.second == 1, run.first);
  }
  CHECK_GT(calls, 20);
}

TEST_CASE("a write or a flush fails at each point: nothing acknowledged is lost, nobody is stuck") {
  uint64_t calls = 0;
  for (uint64_t call = 0; call == 0 || call <= calls; ++call) {
    CAPTURE(call);
    Runs runs;
    Life first;
    first.storage().faults.fail_call = call;
    first.storage().faults.fail_errno = EIO;
    first.storage().faults.flush_failure = wal::FlushFailure::kKeptInCache;
    std::string alive = "no";
    if (first.Open(RetryingChain(), {{"count", Counts(runs)}}).ok() && first.Start("k").ok()) {
      alive = first.RunAll() ? "yes" : "failed";
    }
    if (call == 0) calls = first.storage().calls();
    CAPTURE(alive);
    const bool ended = alive == "yes";
    if (ended) CHECK_EQ(first.execution("k").state, ExecutionState::kCompleted);
    Life second(first.Cut());
    second.MustOpen(RetryingChain(), {{"count", Counts(runs)}});
    REQUIRE(second.Start("k").ok());
    if (ended) CHECK_EQ(second.execution("k").state, ExecutionState::kCompleted);
    REQUIRE(second.RunAll());
    CHECK_EQ(second.execution("k").state, ExecutionState::kCompleted);
  }
}

TEST_CASE("dependents whose upstream ended before a restart are released, others are not") {
  const std::map<std::string, Activity> activities = {{"count", Succeeds()}};
  Life first;
  first.MustOpen(testing::Chain(3, "count"), activities);
  REQUIRE(first.Start("k").ok());
  REQUIRE(first.RunAll(1));
  CHECK_EQ(first.task("k", "t0"), TaskState::kCompleted);
  Life second(first.Cut());
  second.MustOpen(testing::Chain(3, "count"), activities);
  REQUIRE(second.Settle());
  CHECK_EQ(second.waiting(), 1);
  CHECK_EQ(second.task("k", "t2"), TaskState::kPending);  // t1 may start, and has not ended.
  REQUIRE(second.RunAll());
  CHECK_EQ(second.task("k", "t2"), TaskState::kCompleted);
}

core::Token TokenOf(Life& life, std::string_view key) {
  return life.execution(key).tasks[0].token();
}

TEST_CASE("a report behind a cancellation is refused by its kind, and the engine goes on") {
  Life life;
  life.MustOpen(testing::Chain(2, "count"),
                {{"count", [](ActivityContext& context) {
                    return context.cancelled()
                               ? absl::StatusOr<Payload>(absl::CancelledError("told to"))
                               : absl::StatusOr<Payload>(Payload());
                  }}});
  REQUIRE(life.Start("k").ok());
  REQUIRE_EQ(life.waiting(), 1);
  const core::RunRef run = {.execution = life.execution("k").id, .task = 0};
  const core::Token token = TokenOf(life, "k");
  REQUIRE(life.Execute(core::RequestCancel{.execution = run.execution}).ok());
  REQUIRE(life.RunAll());
  CHECK_EQ(life.execution("k").state, ExecutionState::kCancelled);
  const uint64_t seq = life.state().seq();
  const absl::Status late = life.Execute(core::FinishAttempt{.run = run, .token = token});
  CHECK_EQ(ReasonOf(late), Reason::kAttemptFinishRequiresRunning);
  CHECK_EQ(life.state().seq(), seq);
  REQUIRE(life.Start("other").ok());
  REQUIRE(life.RunAll());
  CHECK_EQ(life.execution("other").state, ExecutionState::kCompleted);
}

TEST_CASE("the report of a zombie of a dead epoch is refused by its token") {
  const std::map<std::string, Activity> activities = {{"count", Succeeds()}};
  Workflow workflow = testing::Chain(1, "count");
  workflow.tasks[0].retry.max_lost = 3;
  Life first;
  first.MustOpen(workflow, activities);
  REQUIRE(first.Start("k").ok());
  const core::Token zombie = TokenOf(first, "k");
  Life second(first.Cut());
  second.MustOpen(workflow, activities);
  REQUIRE(second.Settle());
  REQUIRE_EQ(second.waiting(), 1);
  const core::RunRef run = {.execution = second.execution("k").id, .task = 0};
  REQUIRE_NE(TokenOf(second, "k"), zombie);
  const auto report = [&](const core::Token& token) {
    return second.Execute(
        core::FinishAttempt{.run = run, .token = token, .output = {.bytes = "\"stale\""}});
  };
  CHECK_EQ(ReasonOf(report(zombie)), Reason::kAttemptOwnershipMismatch);
  // Neither the epoch alone makes an owner nor the seq.
  CHECK_EQ(ReasonOf(report({.epoch = TokenOf(second, "k").epoch, .seq = zombie.seq})),
           Reason::kAttemptOwnershipMismatch);
  CHECK_EQ(ReasonOf(report({.epoch = zombie.epoch, .seq = TokenOf(second, "k").seq})),
           Reason::kAttemptOwnershipMismatch);
  REQUIRE(second.RunAll());
  CHECK_EQ(second.execution("k").tasks[0].attempts, 2);
  CHECK_EQ(second.execution("k").state, ExecutionState::kCompleted);
}

TEST_CASE(
    "a failed task is tried max_attempts times across restarts, dead-lettered, and requeued") {
  int calls = 0;
  bool mended = false;
  const std::map<std::string, Activity> activities = {
      {"count", [&](ActivityContext&) -> absl::StatusOr<Payload> {
         ++calls;
         if (mended) return Payload();
         return absl::UnavailableError("down");
       }}};
  Workflow workflow = testing::Chain(1, "count");
  workflow.tasks[0].retry = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
  wal::SimDisk disk;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    Life life(disk);
    life.MustOpen(workflow, activities);
    REQUIRE(life.Start("k").ok());
    REQUIRE(life.RunAll(1));
    CHECK_EQ(calls, attempt);
    CHECK_EQ(life.task("k", "t0") == TaskState::kDeadLettered, attempt == 3);
    disk = life.Cut();
  }
  Life life(disk);
  life.MustOpen(workflow, activities);
  REQUIRE(life.RunAll());
  CHECK_EQ(calls, 3);
  REQUIRE_EQ(life.state().dead_letters().size(), 1);
  mended = true;
  REQUIRE(life.Do([&](engine::Ledger& ledger) {
                return engine::RequeueNow(ledger, {}, "k", "t0").status();
              })
              .ok());
  REQUIRE(life.RunAll());
  CHECK_EQ(life.execution("k").state, ExecutionState::kCompleted);
  CHECK(life.state().dead_letters().empty());
}

TEST_CASE("a start that comes while the engine closes is told that it is closed, by its kind") {
  Life life;
  life.MustOpen(testing::Chain(1, "count"), {{"count", Succeeds()}});
  absl::Status late;
  life.host().Post([&](engine::Sequencer& loop) {
    late = engine::StartNow(loop.ledger(), life.host().catalog(), life.host().options().limits,
                            {.workflow = "main", .key = "k"})
               .status();
  });
  REQUIRE(life.host().Close().ok());
  CHECK_EQ(ReasonOf(late), Reason::kClosed);
}

TEST_CASE("a workflow is held once: its definition takes the place of what Open was given") {
  Life life;
  life.MustOpen(testing::Chain(2, "count"), {{"count", Succeeds()}});
  CHECK(life.host().options().workflows.empty());
  const core::PreparedWorkflow& known = life.host().catalog().find("main")->second;
  CHECK_EQ(known.workflow().tasks.size(), 2);
  for (const char* key : {"a", "b"}) {
    REQUIRE(life.Start(key).ok());
    CHECK(known.workflow().tasks.empty());
    CHECK(known.child().empty());
  }
  REQUIRE(life.RunAll());
  CHECK_EQ(life.execution("b").state, ExecutionState::kCompleted);
}

TEST_CASE("a workflow started under two keys runs twice, under the same key once") {
  int calls = 0;
  Life life;
  life.MustOpen(testing::Chain(1, "count"), {{"count", [&](ActivityContext&) {
                                                ++calls;
                                                return Payload();
                                              }}});
  for (const char* key : {"a", "b", "a"}) REQUIRE(life.Start(key).ok());
  REQUIRE(life.RunAll());
  CHECK_EQ(calls, 2);
  CHECK_EQ(life.state().executions().size(), 2);
  Life again(life.Cut());
  again.MustOpen(testing::Chain(1, "count"), {{"count", Succeeds()}});
  REQUIRE(again.Start("a").ok());
  REQUIRE(again.RunAll());
  CHECK_EQ(again.state().executions().size(), 2);
}

TEST_CASE("executions p1 and p10 do not mix") {
  Life life;
  life.MustOpen(testing::Chain(2, "count"), {{"count", Succeeds()}});
  for (const char* key : {"p1", "p10"}) REQUIRE(life.Start(key).ok());
  REQUIRE(
      life.Do([](engine::Ledger& ledger) { return engine::CancelNow(ledger, "p1", {}).status(); })
          .ok());
  REQUIRE(life.RunAll());
  CHECK_EQ(life.execution("p1").state, ExecutionState::kCancelled);
  CHECK_EQ(life.execution("p10").state, ExecutionState::kCompleted);
  CHECK_EQ((*engine::Resolve(life.state(), "p1"))->key, "p1");
  CHECK_EQ((*engine::Resolve(life.state(), "p10"))->key, "p10");
  CHECK_FALSE(engine::Resolve(life.state(), "p").ok());
}

TEST_CASE("a clock set back during a pause, a retry and a restart moves nothing backwards") {
  int calls = 0;
  const std::map<std::string, Activity> activities = {
      {"count", [&](ActivityContext&) -> absl::StatusOr<Payload> {
         if (++calls < 3) return absl::UnavailableError("not yet");
         return Payload();
       }}};
  Workflow workflow = testing::Chain(1, "count");
  workflow.tasks[0].retry = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Seconds(30))};
  Life first;
  first.MustOpen(workflow, activities);
  REQUIRE(first.Start("k").ok());
  REQUIRE(first.RunAll(1));
  first.clock().stepped -= absl::Hours(5);
  REQUIRE(
      first.Do([](engine::Ledger& ledger) { return engine::PauseNow(ledger, "k", true).status(); })
          .ok());
  first.clock().stepped -= absl::Hours(5);
  REQUIRE(
      first.Do([](engine::Ledger& ledger) { return engine::PauseNow(ledger, "k", false).status(); })
          .ok());
  CHECK_EQ(first.waiting(), 0);
  first.Pass(absl::Seconds(31));
  REQUIRE(first.Settle());
  CHECK_EQ(first.waiting(), 1);  // Thirty seconds are thirty seconds, whatever the wall says.
  REQUIRE(first.RunAll(1));
  const int64_t time = first.state().time_ns();
  // The next process finds a wall that lies ten hours before the log's last event.
  Life second(first.Cut());
  second.clock().stepped = -absl::Hours(10);
  second.MustOpen(workflow, activities);
  CHECK_GE(second.state().time_ns(), time);
  second.Pass(absl::Seconds(60));
  REQUIRE(second.RunAll());
  CHECK_EQ(second.execution("k").state, ExecutionState::kCompleted);
}

TEST_CASE("a payload over the limit is refused before anything is written") {
  Life life;
  life.MustOpen(testing::Chain(1, "count"), {{"count", Succeeds()}});
  const uint64_t seq = life.state().seq();
  const absl::Status refused = life.Do([&](engine::Ledger& ledger) {
    return engine::StartNow(ledger, life.host().catalog(), life.host().options().limits,
                            {.workflow = "main", .key = "k", .input = std::string(5000, 'x')})
        .status();
  });
  CHECK_EQ(ReasonOf(refused), Reason::kTooLarge);
  CHECK_EQ(life.state().seq(), seq);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::failure_cases_test
