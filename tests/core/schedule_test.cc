// Schedules: what their policies make of times that have come.
#include "core/schedule.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/core/world.h"

namespace stet::core::schedule_test {
namespace {

using schema::EventType;
using schema::PlanCause;

constexpr int64_t kHour = 3600 * kSecond;
using Times = std::vector<int64_t>;

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
    hash = w.Define({.name = "report", .tasks = {{.name = "t", .activity = "a"}}});
  }
  CreateSchedule Spec(std::string_view name = "nightly") {
    return {.name = name,
            .workflow = hash,
            .input = {.bytes = "7"},
            .every = kHour,
            .anchor = wall,
            .next_at = wall + kHour};
  }
  const Schedule& Create(const CreateSchedule& spec) {
    w.Must(spec);
    return *w.state().schedules().FindByName(spec.name);
  }
  const Schedule& Get() { return *w.state().schedules().all().begin()->second; }
  // So many hours pass; all their times are planned, in one go.
  void Pass(int hours, int64_t late = 0) {
    Times times;
    for (int i = 1; i <= hours; ++i) times.push_back(wall + i * kHour);
    wall += hours * kHour;
    w.now() += hours * kHour;
    w.Must(PlanSchedule{
        .schedule = Get().seq, .wall = wall + late, .times = times, .next_at = wall + kHour});
  }
  // Until there is nothing more to do.
  void RunAll() {
    while (!w.state().schedules().to_run().empty()) {
      w.Must(RunSchedule{.schedule = *w.state().schedules().to_run().begin(),
                         .input = {.bytes = "7"}});
    }
  }
  void EndOne() { w.Succeed(w.Begin()); }
  World w;
  WorkflowHash hash;
  int64_t wall = 1'700'000'000 * kSecond;
};

TEST_SUITE_BEGIN("core::schedule");

TEST_CASE_FIXTURE(Fixture, "each time that comes starts an execution named for it") {
  const Schedule& s = Create(Spec());
  CHECK_EQ(w.group(), std::vector{EventType::ScheduleCreated});
  CHECK_EQ(w.state().schedules().times().begin()->first, wall + kHour);
  CHECK_EQ(w.Refused(PlanSchedule{.schedule = s.seq, .wall = wall}), Reason::kNotDue);
  Pass(1);
  CHECK_EQ(s.waiting, Times{wall});
  RunAll();
  CHECK(s.waiting.empty());
  const Execution* execution = w.state().FindExecutionByKey("nightly/2023-11-14T23:13:20Z");
  REQUIRE_NE(execution, nullptr);
  CHECK_EQ(execution->schedule, s.seq);
  CHECK_EQ(execution->input.bytes, 1);
  CHECK_EQ(s.running, std::vector<uint64_t>{execution->id});
  CHECK_EQ(s.last_at, wall);
  EndOne();
  CHECK(s.running.empty());
  CHECK_EQ(w.Refused(RunSchedule{.schedule = s.seq}), Reason::kNothingToContinue);
}

TEST_CASE_FIXTURE(Fixture,
                  "creating a schedule again changes nothing; another one of its name is refused") {
  CreateSchedule spec = Spec();
  Create(spec);
  spec.anchor += 1;
  spec.next_at += 1;
  w.Must(spec);
  CHECK(w.group().empty());
  spec.every = 2 * kHour;
  CHECK_EQ(w.Refused(spec), Reason::kScheduleExists);
  spec = Spec("other");
  spec.cron = "* * * * *";
  CHECK_EQ(w.Refused(spec), Reason::kInvalidSchedule);
  spec.every = 0;
  spec.cron = "61 * * * *";
  CHECK_EQ(w.Refused(spec), Reason::kInvalidSchedule);
  spec = Spec("");
  CHECK_EQ(w.Refused(spec), Reason::kInvalidSchedule);
  spec = Spec("third");
  spec.catch_up_max = 0;
  CHECK_EQ(w.Refused(spec), Reason::kInvalidSchedule);
  spec = Spec("fourth");
  spec.workflow.low ^= 1;
  CHECK_EQ(w.Refused(spec), Reason::kUnknownWorkflow);
}

TEST_CASE_FIXTURE(Fixture, "after a long downtime: skip leaves out what was missed") {
  const Schedule& s = Create(Spec());
  Pass(5, kHour / 2);
  CHECK(s.waiting.empty());
  CHECK_EQ(s.skipped, 5);
  CHECK_EQ(s.next_at, wall + kHour);
  Pass(2);  // the second of them has just come
  CHECK_EQ(s.waiting, Times{wall});
  CHECK_EQ(s.skipped, 6);
}

TEST_CASE_FIXTURE(Fixture, "after a long downtime: coalesce fires once for all that was missed") {
  CreateSchedule spec = Spec();
  spec.misfire = Misfire::kCoalesce;
  const Schedule& s = Create(spec);
  Pass(5, kHour / 2);
  CHECK_EQ(s.waiting, Times{wall});
  CHECK_EQ(s.skipped, 4);
  RunAll();
  EndOne();
  Pass(3);
  CHECK_EQ(s.waiting, Times{wall});
  CHECK_EQ(s.skipped, 6);
}

TEST_CASE_FIXTURE(Fixture, "after a long downtime: catch up fires the newest, up to its cap") {
  CreateSchedule spec = Spec();
  spec.misfire = Misfire::kCatchUp;
  spec.overlap = Overlap::kAllow;
  spec.catch_up_max = 3;
  const Schedule& s = Create(spec);
  Pass(5, kHour / 2);
  CHECK_EQ(s.waiting, Times{wall - 2 * kHour, wall - kHour, wall});
  CHECK_EQ(s.skipped, 2);
  RunAll();
  CHECK_EQ(s.running.size(), 3);
  CHECK_EQ(s.started, 3);
}

TEST_CASE_FIXTURE(Fixture, "overlap skip: a time is left out while one runs") {
  const Schedule& s = Create(Spec());
  Pass(1);
  RunAll();
  Pass(1);
  RunAll();
  CHECK_EQ(s.started, 1);
  CHECK_EQ(s.skipped, 1);
  EndOne();
  Pass(1);
  RunAll();
  CHECK_EQ(s.started, 2);
}

TEST_CASE_FIXTURE(Fixture,
                  "overlap queue one: the first that comes waits, the others are left out") {
  CreateSchedule spec = Spec();
  spec.overlap = Overlap::kQueueOne;
  const Schedule& s = Create(spec);
  Pass(1);
  RunAll();
  const int64_t queued = wall + kHour;
  Pass(1);
  RunAll();
  Pass(1);
  RunAll();
  CHECK_EQ(s.waiting, Times{queued});
  CHECK_EQ(s.skipped, 1);
  EndOne();
  RunAll();
  CHECK_EQ(s.last_at, queued);
  CHECK_EQ(s.started, 2);
}

TEST_CASE_FIXTURE(Fixture,
                  "overlap cancel previous: what runs is cancelled, and the newest follows") {
  CreateSchedule spec = Spec();
  spec.overlap = Overlap::kCancelPrevious;
  const Schedule& s = Create(spec);
  Pass(1);
  RunAll();
  const RunRef work = w.Begin();
  Pass(1);
  RunAll();
  CHECK(w.execution(work.execution).cancel_requested);
  CHECK_EQ(s.started, 1);
  Pass(1);
  RunAll();
  CHECK_EQ(s.waiting, Times{wall});
  w.Must(w.ReportOn(work, schema::AttemptOutcome::Cancelled));
  RunAll();
  CHECK_EQ(s.started, 2);
  CHECK_EQ(s.last_at, wall);
  CHECK_EQ(s.skipped, 1);
}

TEST_CASE_FIXTURE(Fixture, "a pause lets times pass; someone's wish fires all the same") {
  const Schedule& s = Create(Spec());
  CHECK_EQ(w.Refused(PauseSchedule{.schedule = s.seq, .pause = false}), Reason::kNotPaused);
  w.Must(PauseSchedule{.schedule = s.seq});
  CHECK_EQ(w.Refused(PauseSchedule{.schedule = s.seq}), Reason::kAlreadyPaused);
  CHECK(w.state().schedules().times().empty());
  CHECK_EQ(w.Refused(PlanSchedule{.schedule = s.seq, .wall = wall + kHour}), Reason::kPaused);
  const int64_t now = wall + 5;
  w.Must(PlanSchedule{
      .schedule = s.seq, .cause = PlanCause::Trigger, .wall = now, .times = std::span(&now, 1)});
  RunAll();
  CHECK_EQ(s.started, 1);
  w.Must(PauseSchedule{.schedule = s.seq, .pause = false, .next_at = wall + 9 * kHour});
  CHECK_EQ(w.state().schedules().times().begin()->first, wall + 9 * kHour);
}

TEST_CASE_FIXTURE(Fixture,
                  "what was left out can be filled in, what has fired is not fired again") {
  CreateSchedule spec = Spec();
  spec.overlap = Overlap::kAllow;
  const Schedule& s = Create(spec);
  Pass(1);
  RunAll();
  const Times times = {wall - kHour, wall};
  const PlanSchedule backfill = {
      .schedule = s.seq, .cause = PlanCause::Backfill, .wall = wall, .times = times};
  w.Must(backfill);
  RunAll();
  CHECK_EQ(s.started, 2);
  CHECK_EQ(s.skipped, 1);
  const Times many(kOccurrencesMax + 1, wall);
  PlanSchedule too_many = backfill;
  too_many.times = many;
  CHECK_EQ(w.Refused(too_many), Reason::kTooManyOccurrences);
}

TEST_CASE_FIXTURE(Fixture, "a schedule that is removed leaves its executions alone") {
  const uint64_t seq = Create(Spec()).seq;
  Pass(1);
  RunAll();
  w.Must(RemoveSchedule{.schedule = seq});
  CHECK(w.state().schedules().all().empty());
  CHECK_EQ(w.Refused(RemoveSchedule{.schedule = seq}), Reason::kUnknownSchedule);
  EndOne();
  CHECK_EQ(w.state().live_executions(), 0);
  Create(Spec());
  CHECK(w.Replayed() == w.state());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::schedule_test
