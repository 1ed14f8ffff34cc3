// Leases: attempts that workers elsewhere have, as long as they are heard of.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/views.h"
#include "core/why.h"
#include "tests/core/world.h"

namespace stet::core::lease_test {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
    Workflow workflow = {.name = "w", .tasks = {{.name = "t", .activity = "a"}}};
    workflow.tasks[0].retry = {
        .max_attempts = 3, .max_lost = 2, .backoff = Backoff::Fixed(absl::Seconds(1))};
    run.execution = w.Start(w.Define(workflow));
  }
  void Lease() { w.Must(StartAttempt{.run = run, .worker = "far", .lease_ns = 60 * kSecond}); }
  Renewed Named() { return {.run = run, .token = w.slot(run).token()}; }
  ExpireLease Expiry() { return {.run = run, .token = w.slot(run).token()}; }
  const RunLease* lease() { return w.execution(run.execution).notes.LeaseOf(0); }
  std::vector<Effect::Kind> Wanted() {
    std::vector<Effect::Kind> kinds;
    for (const Effect& effect : Outstanding(w.state())) kinds.push_back(effect.kind);
    return kinds;
  }
  World w;
  RunRef run = {};
};

TEST_SUITE_BEGIN("core::lease");

TEST_CASE_FIXTURE(Fixture, "a worker elsewhere has an attempt until its lease ends") {
  Lease();
  REQUIRE(lease() != nullptr);
  CHECK_EQ(lease()->worker, "far");
  CHECK_EQ(lease()->until, w.now() + 60 * kSecond);
  // Nobody here is to run it.
  CHECK_EQ(Wanted(), std::vector{Effect::Kind::kLeaseTimer});
  CHECK_EQ(w.Refused(Expiry()), Reason::kNotDue);
  w.now() += 60 * kSecond;
  const ExpireLease expiry = Expiry();
  w.Must(expiry);
  CHECK_EQ(w.slot(run).state, TaskState::kRetrying);
  CHECK_EQ(w.slot(run).lost, 1);
  CHECK_EQ(w.slot(run).failures, 0);
  CHECK_EQ(lease(), nullptr);
  CHECK(w.execution(run.execution).notes.empty());
  CHECK_EQ(w.Refused(expiry), Reason::kAttemptFinishRequiresRunning);
}

TEST_CASE_FIXTURE(Fixture, "a report after the lease was taken away changes nothing") {
  Lease();
  const FinishAttempt late = w.ReportOn(run, AttemptOutcome::Success);
  w.now() += 60 * kSecond;
  w.Must(Expiry());
  CHECK_EQ(w.Refused(late), Reason::kAttemptFinishRequiresRunning);
  w.now() = w.slot(run).due_at;
  w.Must(WakeRetry{.run = run});
  Lease();
  CHECK_EQ(w.Refused(late), Reason::kAttemptOwnershipMismatch);
  w.Succeed(run);
  CHECK_EQ(w.slot(run).state, TaskState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "a worker that says it is there keeps what it has") {
  Lease();
  w.now() += 20 * kSecond;
  const Renewed named = Named();
  w.Must(RenewLeases{.worker = "far", .attempts = {&named, 1}, .lease_ns = 60 * kSecond});
  CHECK_EQ(w.group(), std::vector{EventType::LeasesRenewed});
  CHECK_EQ(lease()->until, w.now() + 60 * kSecond);
  w.now() += 40 * kSecond;
  CHECK_EQ(w.Refused(Expiry()), Reason::kNotDue);
  // What would end it earlier is no event.
  w.Must(RenewLeases{.worker = "far", .attempts = {&named, 1}, .lease_ns = 1});
  CHECK(w.group().empty());
}

TEST_CASE_FIXTURE(Fixture, "an attempt that is named twice is renewed once") {
  Lease();
  w.now() += kSecond;
  const std::vector<Renewed> twice = {Named(), Named()};
  w.Must(RenewLeases{.worker = "far", .attempts = twice, .lease_ns = 60 * kSecond});
  CHECK_EQ(w.group(), std::vector{EventType::LeasesRenewed});
  CHECK_EQ(lease()->until, w.now() + 60 * kSecond);
}

TEST_CASE_FIXTURE(Fixture, "nobody renews what another worker has, nor what a thread here runs") {
  Lease();
  const Renewed named = Named();
  const RenewLeases foreign = {.worker = "near", .attempts = {&named, 1}, .lease_ns = kSecond};
  const absl::Status refused = w.Do(foreign);
  CHECK_EQ(ReasonOf(refused), Reason::kLeaseMismatch);
  CHECK_EQ(ReasonField(refused, "actual"), "far");
  w.now() += 60 * kSecond;
  w.Must(Expiry());
  CHECK_EQ(w.Refused(foreign), Reason::kAttemptFinishRequiresRunning);
  w.now() = w.slot(run).due_at;
  w.Must(WakeRetry{.run = run});
  w.Begin();
  CHECK_EQ(w.Refused(Expiry()), Reason::kLeaseMismatch);
}

TEST_CASE_FIXTURE(Fixture, "a lease outlives the epoch that gave it") {
  Lease();
  const Token token = w.slot(run).token();
  w.Crash();
  w.Open();
  w.Settle();
  CHECK_EQ(w.slot(run).token(), token);
  CHECK_EQ(Wanted(), std::vector{Effect::Kind::kLeaseTimer});
  w.Must(FinishAttempt{.run = run, .token = token, .output = {.bytes = "1"}});
  CHECK_EQ(w.execution(run.execution).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "too many lost workers are poison") {
  for (int i = 0; i < 2; ++i) {
    Lease();
    w.now() += 60 * kSecond;
    w.Must(Expiry());
    if (i == 1) break;
    w.now() = w.slot(run).due_at;
    w.Must(WakeRetry{.run = run});
  }
  CHECK_EQ(w.slot(run).state, TaskState::kDeadLettered);
  CHECK_EQ(w.slot(run).failure, schema::FailureKind::Poison);
}

TEST_CASE_FIXTURE(Fixture, "a cancelled execution waits for its worker, or for its lease to end") {
  Lease();
  w.Must(RequestCancel{.execution = run.execution});
  CHECK_EQ(w.slot(run).state, TaskState::kRunning);
  CHECK_EQ(Wanted(), std::vector{Effect::Kind::kLeaseTimer});
  w.now() += 60 * kSecond;
  w.Must(Expiry());
  CHECK_EQ(w.execution(run.execution).state, ExecutionState::kCancelled);
}

TEST_CASE_FIXTURE(Fixture, "a lease has a worker and a time") {
  CHECK_EQ(w.Refused(StartAttempt{.run = run, .worker = "far"}), Reason::kInvalidLease);
  CHECK_EQ(w.Refused(StartAttempt{.run = run, .worker = "a\nb", .lease_ns = 1}),
           Reason::kInvalidName);
  CHECK_EQ(w.Refused(StartAttempt{.run = run, .lease_ns = 1}), Reason::kInvalidName);
  CHECK_EQ(w.Refused(RenewLeases{.lease_ns = 1}), Reason::kInvalidName);
}

TEST_CASE_FIXTURE(Fixture, "records and why name the worker, as long as it has the attempt") {
  Lease();
  const auto record = [this] {
    return MakeTaskRecord(w.execution(run.execution), 0,
                          [](const PayloadRef&) { return Payload(); });
  };
  CHECK_EQ(record().worker, "far");
  CHECK_EQ(record().lease_until, absl::FromUnixNanos(lease()->until));
  const RunInstance instance = MakeRun(w.execution(run.execution), 0);
  REQUIRE(instance.fields().lease.has_value());
  CHECK_EQ(instance.fields().lease->owner, "far");
  CHECK_EQ(instance.fields().lease->expires_at, absl::FromUnixNanos(lease()->until));
  const WhyReport report = Explain(
      w.state(), w.execution(run.execution), {}, [](uint32_t) { return true; }, 1);
  REQUIRE_EQ(report.tasks.size(), 1);
  CHECK_EQ(report.tasks[0].on, std::vector<std::string>{"far"});
  CHECK_EQ(report.tasks[0].ends, "its worker reports, or its lease ends at 1970-01-01T00:17:40Z");
  w.Succeed(run);
  CHECK_EQ(record().worker, "");
  CHECK_EQ(record().lease_until, std::nullopt);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::lease_test
