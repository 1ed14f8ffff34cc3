// Logs that no engine wrote: Apply refuses what contradicts the state, and no bytes bring it down.
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/core/random_workflow.h"
#include "tests/core/world.h"

namespace stet::core::damage_test {
namespace {

using schema::AttemptOutcome;

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

// Delays, signals and schedules.
void Waits(const WorkflowHash& hash, World& w) {
  w.Must(StartExecution{.workflow = hash, .key = "delayed", .start_at = w.now() + kSecond});
  const uint64_t late = w.state().executions().back()->id;
  w.Must(SendSignal{.execution = late, .name = "go", .id = "once", .payload = {.bytes = "1"}});
  w.now() += kSecond;
  w.Must(Begin{.execution = late});
  const int64_t times[] = {w.now() + kSecond, w.now() + 2 * kSecond};
  w.Must(CreateSchedule{
      .name = "s", .workflow = hash, .every = kSecond, .anchor = w.now(), .next_at = times[0]});
  const uint64_t schedule = w.state().seq();
  w.Must(PlanSchedule{
      .schedule = schedule, .wall = times[1], .times = times, .next_at = times[1] + kSecond});
  w.Must(RunSchedule{.schedule = schedule});
  w.Must(RunSchedule{.schedule = schedule});
  w.Must(PauseSchedule{.schedule = schedule});
  w.Must(PauseSchedule{.schedule = schedule, .pause = false, .next_at = times[1] + kSecond});
  w.Must(RemoveSchedule{.schedule = schedule});
}

// An execution that chooses, and cleans up at its end.
void Closes(World& w) {
  Workflow closing = {.name = "closing",
                      .tasks = {Named("if"), Named("yes", {"if"}), Named("no", {"if"}),
                                Named("behind", {"no"}), Named("cleanup")}};
  closing.tasks[0].kind = ConditionalTask{.then = {"yes"}, .otherwise = {"no"}};
  closing.tasks[1].compensate = "undo";
  closing.tasks[4].trigger = Trigger::kSuccess;
  (void)w.Start(w.Define(closing), "fifth");
  while (!IsTerminal(w.state().executions().back()->state)) {
    w.Succeed(w.Begin());
    w.Settle();
  }
}

// Runs by a calendar, states, maps.
void RunsAndMaps(World& w) {
  Workflow runs = {.name = "runs",
                   .tasks = {Named("clock"), Named("keeps"), Named("each", {"keeps"})}};
  runs.tasks[0].repeat = Cron{.expression = "* * * * * *"};
  runs.tasks[1].kind = StatefulTask();
  runs.tasks[2].kind = MapTask();
  const WorkflowHash item = w.Define(Workflow{.name = "item", .tasks = {Named("item")}});
  const uint64_t id = w.Start(w.Define(runs), "sixth");
  w.Settle();
  const RunRef each = {.execution = id, .task = 2};
  while (NextReady(w.state()).has_value()) {
    const RunRef run = w.Begin();
    if (run == each) continue;
    FinishAttempt report = w.ReportOn(run, schema::AttemptOutcome::Success);
    if (run.task == 1) report.state = PayloadView{.bytes = "{}"};
    w.Must(report);
  }
  w.Must(ExpandMap{.run = each, .token = w.slot(each).token(), .items = 1});
  w.Must(StartChild{.run = each, .token = w.slot(each).token(), .workflow = item, .item = 1});
  w.Succeed(w.Begin());
  w.Must(FinishChild{.run = each, .token = w.slot(each).token(), .result = {.bytes = "[1]"}});
}

// A log with an event of every type.
std::vector<Stored> FullLog() {
  DecideOptions options = {.part_tasks = 1};
  options.breakers["a"] = {.failure_threshold = 100};
  World w(options);
  w.Open();
  Workflow workflow = {.name = "w"};
  workflow.tasks = {Named("ok"), Named("bad", {"ok"}), Named("after", {"bad"}),
                    Named("last", {"after"})};
  workflow.tasks[0].timeout = absl::Seconds(1);
  workflow.tasks[0].retry.max_attempts = 2;
  const WorkflowHash hash = w.Define(workflow);
  const uint64_t first = w.Start(hash, "first", "{}");
  const RunRef ok = w.Begin();
  w.now() += kSecond;
  w.Must(TimeoutAttempt{.run = ok, .token = w.slot(ok).token()});
  w.now() = w.slot(ok).due_at;
  w.Must(WakeRetry{.run = ok});
  w.Begin();
  w.Crash();
  w.Open();
  w.Settle();
  w.Must(WakeRetry{.run = ok});
  w.Begin();
  const Token token = w.slot(ok).token();
  w.Must(RecordStep{.run = ok, .token = token, .name = "charge", .result = {.bytes = "1"}});
  w.Must(RecordCheckpoint{.run = ok, .token = token, .checkpoint = {.bytes = "half"}});
  w.Must(SetMetadata{.run = ok, .token = token, .key = "host", .value = "a"});
  w.Succeed(ok);
  w.Fail(w.Begin());
  w.Settle();
  CHECK(IsTerminal(w.execution(first).state));
  const uint64_t second = w.Start(hash, "second");
  w.Begin();
  w.Must(RequestCancel{.execution = second});
  w.Settle();
  w.Succeed({.execution = second, .task = 0});
  w.Must(PauseExecution{.execution = w.Start(hash, "third")});
  w.Must(PauseExecution{.execution = w.state().executions().back()->id, .pause = false});
  w.Must(SetPriority{.execution = w.state().executions().back()->id, .priority = 2});
  w.Must(PauseActivity{.activity = "a"});
  w.Must(PauseActivity{.activity = "a", .pause = false});
  w.Must(PauseEngine{});
  w.Must(PauseEngine{.pause = false});
  w.Must(Reopen{.execution = first, .task = 1});
  w.Settle();
  w.Must(RequestCancel{.execution = w.state().executions().back()->id});
  w.Settle();
  w.Fail(w.Begin());
  w.Settle();
  Workflow late = {.name = "late", .tasks = {Named("l")}};
  late.tasks[0].timeouts = Timeouts{.schedule_to_start = absl::Seconds(1)};
  const RunRef never = {.execution = w.Start(w.Define(late), "late")};
  w.now() += kSecond;
  w.Must(TimeoutRun{.run = never});
  w.Must(DropDeadLetter{.task = {.execution = first, .task = 1}});
  w.Must(Purge{.executions = std::span(&first, 1), .key_retention_ns = kSecond});
  Waits(hash, w);
  const RunRef far = {.execution = w.Start(hash, "far")};
  w.Must(StartAttempt{.run = far, .worker = "w", .lease_ns = kSecond});
  w.now() += 1;
  const Renewed renewed = {.run = far, .token = w.slot(far).token()};
  w.Must(RenewLeases{.worker = "w", .attempts = {&renewed, 1}, .lease_ns = kSecond});
  w.Start(hash, "fourth");
  w.Must(RequestCancel{.execution = w.state().executions().back()->id});
  w.Settle();
  Closes(w);
  RunsAndMaps(w);
  return w.log();
}

// Applies until something is refused; how many were accepted.
size_t ApplyAll(const std::vector<Stored>& log) {
  State state;
  size_t accepted = 0;
  for (Stored event : log) {
    event.seq = accepted + 1;
    const absl::Status status = Apply(event.ref(), state, nullptr);
    if (!status.ok()) {
      CHECK((status.code() == absl::StatusCode::kDataLoss ||
             status.code() == absl::StatusCode::kUnimplemented));
      CHECK_EQ(status.message().find("event "), 0);
      return accepted;
    }
    ++accepted;
  }
  CHECK_EQ(state.digest(), RecomputeDigest(state));
  return accepted;
}

TEST_SUITE_BEGIN("core::damage");

TEST_CASE("the log holds every type and applies") {
  const std::vector<Stored> log = FullLog();
  std::set<uint16_t> types;
  for (const Stored& event : log) types.insert(event.type);
  CHECK_EQ(types.size(), schema::AllEventTypes().size());
  CHECK_EQ(ApplyAll(log), log.size());
}

TEST_CASE("an event that is missing or doubled is noticed") {
  const std::vector<Stored> log = FullLog();
  size_t missing = 0;
  size_t doubled = 0;
  for (size_t i = 0; i + 1 < log.size(); ++i) {
    std::vector<Stored> without = log;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    missing += ApplyAll(without) == without.size();
    std::vector<Stored> twice = log;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), log[i]);
    doubled += ApplyAll(twice) == twice.size();
    std::vector<Stored> other = log;
    std::swap(other[i], other[i + 1]);
    // Some neighbours do not concern each other: either order is a history.
    (void)ApplyAll(other);
  }
  CHECK_EQ(missing, 0);
  CHECK_EQ(doubled, 0);
}

TEST_CASE("a gap in seq is refused") {
  std::vector<Stored> log = FullLog();
  State state;
  log[0].seq = 2;
  const absl::Status status = Apply(log[0].ref(), state, nullptr);
  CHECK_EQ(status.code(), absl::StatusCode::kDataLoss);
  CHECK_NE(status.message().find("expected seq 1"), std::string::npos);
}

TEST_CASE("an unknown type is refused by name") {
  State state;
  const absl::Status status = Apply({.seq = 1, .type = 999}, state, nullptr);
  CHECK_EQ(status.code(), absl::StatusCode::kUnimplemented);
  CHECK_NE(status.message().find("type 999"), std::string::npos);
}

TEST_CASE("any byte of any event may be changed: refused or harmless") {
  const std::vector<Stored> log = FullLog();
  const uint64_t seed = SeedOr(5);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  for (size_t i = 0; i < log.size(); ++i) {
    for (size_t at = 0; at < log[i].bytes.size(); ++at) {
      std::vector<Stored> changed = log;
      changed[i].bytes[at] ^= static_cast<std::byte>(1 + random.Below(255));
      (void)ApplyAll(changed);
    }
    for (const schema::EventType type : schema::AllEventTypes()) {
      std::vector<Stored> changed = log;
      changed[i].type = static_cast<uint16_t>(type);
      (void)ApplyAll(changed);
    }
    for (const uint64_t stream : {uint64_t{0}, uint64_t{3}, uint64_t{1} << 40}) {
      std::vector<Stored> changed = log;
      changed[i].stream = stream;
      (void)ApplyAll(changed);
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::damage_test
