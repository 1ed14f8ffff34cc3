// Failure cases that other engines were bitten by: who owns a run, and who holds a key.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/reason.h"
#include "tests/engine/fixture.h"
#include "tests/engine/sim_fixture.h"

namespace stet::failure_owners_test {
namespace {

using testing::Life;

// Of the first task's attempt.
core::Token TokenOf(Life& life, std::string_view key) {
  return life.execution(key).tasks[0].token();
}

TEST_SUITE_BEGIN("engine::failure_cases");

TEST_CASE("a heartbeat and a step behind a cancellation are refused by their kind") {
  absl::Status heartbeat;
  absl::Status checkpoint;
  absl::StatusOr<Payload> step;
  const core::FinishAttempt* given_up = nullptr;
  Life life;
  life.MustOpen(
      testing::Chain(1, "count"),
      {{"count", [&](ActivityContext& context) {
          // Meanwhile someone cancels, and its grace ends.
          CHECK(life.host().machine() != nullptr);
          engine::Sequencer& loop = life.host().machine()->loop();
          engine::Ledger& ledger = loop.ledger();
          CHECK(ledger.Execute(core::RequestCancel{.execution = context.execution_id()}).ok());
          CHECK(ledger.Execute(*given_up).ok());
          checkpoint = context.Checkpoint("late");
          step = context.Step("s", [](const std::string&) { return Payload("late"); });
          loop.attempts().Stop(given_up->token, engine::StopReason::kDisowned);
          heartbeat = context.Heartbeat();
          return Payload("late");
        }}});
  REQUIRE(life.Start("k").ok());
  const core::FinishAttempt cancelled = {.run = {.execution = life.execution("k").id, .task = 0},
                                         .token = TokenOf(life, "k"),
                                         .outcome = schema::AttemptOutcome::Cancelled};
  given_up = &cancelled;
  REQUIRE(life.RunAll());
  CHECK_EQ(life.execution("k").state, ExecutionState::kCancelled);
  for (const absl::Status& status : {checkpoint, step.status(), heartbeat}) {
    CHECK(absl::IsAborted(status));
  }
  CHECK_EQ(ReasonOf(checkpoint), Reason::kAttemptFinishRequiresRunning);
  CHECK_EQ(ReasonOf(heartbeat), Reason::kAttemptOwnershipMismatch);
  CHECK_EQ(life.host().machine()->loop().attempts().late_reports(), 1);
  REQUIRE(life.Start("other").ok());
}

TEST_CASE("a worker that reports after its lease was taken over is refused, across a restart") {
  Workflow workflow = testing::Chain(1, "far");
  Life first;
  first.MustOpen(workflow, {});
  REQUIRE(first.Start("k").ok());
  const core::RunRef run = {.execution = first.execution("k").id, .task = 0};
  const auto lease = [&run](Life& life, std::string_view worker) {
    return life.Execute(core::StartAttempt{
        .run = run, .worker = worker, .lease_ns = absl::ToInt64Nanoseconds(absl::Seconds(60))});
  };
  REQUIRE(lease(first, "one").ok());
  const core::Token zombie = TokenOf(first, "k");
  // The wall is set back, too: leases go by the engine's time.
  Life second(first.Cut());
  second.clock().stepped = -absl::Hours(10);
  second.MustOpen(workflow, {});
  REQUIRE(second.Settle());
  CHECK_EQ(TokenOf(second, "k"), zombie);
  CHECK_EQ(second.execution("k").tasks[0].lost, 0);
  // Ahead of the wall, the engine's clock goes slower by up to a tenth.
  second.Pass(absl::Seconds(70));
  REQUIRE(second.Settle());
  CHECK_EQ(second.execution("k").tasks[0].lost, 1);
  REQUIRE(lease(second, "two").ok());
  const auto report = [&](const core::Token& token) {
    return second.Execute(
        core::FinishAttempt{.run = run, .token = token, .output = {.bytes = "1"}});
  };
  CHECK_EQ(ReasonOf(report(zombie)), Reason::kAttemptOwnershipMismatch);
  CHECK(report(TokenOf(second, "k")).ok());
  CHECK_EQ(second.execution("k").state, ExecutionState::kCompleted);
}

TEST_CASE("a key is held across a restart while its run waits for a retry, and no two runs meet") {
  std::vector<std::string> order;
  const std::map<std::string, Activity> activities = {
      {"count", [&](ActivityContext& context) -> absl::StatusOr<Payload> {
         order.push_back(fmt::format("{} {}", context.execution_key(), context.attempt()));
         if (order.size() == 1) return absl::UnavailableError("not yet");
         return Payload();
       }}};
  Workflow workflow = testing::Chain(1, "count");
  workflow.tasks[0].retry = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Seconds(30))};
  workflow.tasks[0].concurrency_key = ConcurrencyKey{.key = "disk", .held_in_retry = true};
  Life first;
  first.MustOpen(workflow, activities);
  REQUIRE(first.Start("a").ok());
  REQUIRE(first.RunAll(1));
  REQUIRE(first.Start("b").ok());
  CHECK_EQ(first.waiting(), 0);
  Life second(first.Cut());
  second.MustOpen(workflow, activities);
  REQUIRE(second.RunAll());
  CHECK_EQ(order, std::vector<std::string>{"a 1"});
  CHECK_EQ(second.task("b", "t0"), TaskState::kReady);
  second.Pass(absl::Seconds(31));
  REQUIRE(second.Settle());
  // The holder runs again; the other waits on.
  CHECK_EQ(second.waiting(), 1);
  REQUIRE(second.RunAll());
  CHECK_EQ(order, std::vector<std::string>{"a 1", "a 2", "b 1"});
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::failure_owners_test
