// What happens in a directory that is kept for later builds: something of everything that its level of events has.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/engine/snapshot_fixture.h"

namespace stet::testing {

inline absl::StatusOr<Payload> Succeed(ActivityContext& context) {
  return Payload(fmt::format("\"{}\"", context.task()));
}

inline absl::StatusOr<Payload> FailAtFirst(ActivityContext& context) {
  if (context.run() > 1) return Succeed(context);
  return absl::UnavailableError("not at first");
}

// Leaves a step, a checkpoint and metadata behind, and an attempt to come.
inline absl::StatusOr<Payload> TakeNotes(ActivityContext& context) {
  const auto step = context.Step("charge", [](const std::string&) { return Payload("7"); });
  if (!step.ok()) return step.status();
  if (absl::Status said = context.Checkpoint(Payload("half")); !said.ok()) return said;
  if (absl::Status said = context.SetMetadata("where", "here"); !said.ok()) return said;
  return absl::UnavailableError("later");
}

inline absl::StatusOr<Payload> List(ActivityContext&) {
  return Payload(R"({"files":["a","b"],"more":false})");
}

inline absl::StatusOr<Payload> KeepState(ActivityContext& context) {
  if (absl::Status said = context.SetState(Payload("1")); !said.ok()) return said;
  return Payload();
}

inline absl::StatusOr<Payload> Refuse(ActivityContext&) {
  return absl::InvalidArgumentError("no such card");
}

// Level 5.
inline std::vector<Workflow> ComposedWorkflows() {
  return {
      {.name = "composed",
       .tasks = {{.name = "list", .activity = "list"},
                 {.name = "asks",
                  .after = {"list"},
                  .kind = ConditionalTask{.when = When{.task = "list", .pointer = "/more"},
                                          .then = {"never"},
                                          .otherwise = {"each"}}},
                 {.name = "never", .activity = "work", .after = {"asks"}},
                 {.name = "each",
                  .activity = "work",
                  .after = {"list", "asks"},
                  .kind = MapTask{.items = {.task = "list", .pointer = "/files"}}},
                 {.name = "loops",
                  .activity = "work",
                  .after = {"each"},
                  .kind = LoopTask{.max_iterations = 2}},
                 {.name = "keeps", .activity = "keep", .kind = StatefulTask{}},
                 {.name = "repeats",
                  .activity = "work",
                  .repeat = Repeat{.count = 3, .interval = absl::Hours(1)}}}},
      {.name = "undoing",
       .tasks = {{.name = "books", .activity = "work", .compensate = "work"},
                 {.name = "fails", .activity = "refuse", .after = {"books"}},
                 {.name = "anyway",
                  .activity = "work",
                  .after = {"fails"},
                  .on_upstream_failure = UpstreamFailure::kRun},
                 {.name = "tells", .activity = "work", .trigger = Trigger::kFailure}}},
      {.name = "remote", .tasks = {{.name = "far", .activity = "remote"}}},
  };
}

inline EngineOptions StoryOptions(const TempDirectory& directory) {
  const RetryPolicy soon = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
  const RetryPolicy late = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Hours(1))};
  EngineOptions options = SnapshotOptions(directory);
  options.history = History::kKeep;
  options.limits.payload_bytes = 8 << 10;
  options.log.segment_bytes = 1 << 20;
  options.workflows = {
      {.name = "main",
       .tasks = {{.name = "first", .activity = "work"},
                 {.name = "second", .activity = "work", .after = {"first"}}}},
      {.name = "failing",
       .tasks = {{.name = "fails", .activity = "fail", .retry = soon},
                 {.name = "below", .activity = "work", .after = {"fails"}}}},
      {.name = "absent", .tasks = {{.name = "t", .activity = "absent"}}},
      {.name = "waiting",
       .tasks = {{.name = "signal", .kind = EventTask{.signal = "go"}},
                 {.name = "other", .kind = EventTask{.signal = "never"}},
                 {.name = "sleep", .kind = TimerTask{.duration = absl::Hours(1)}}}},
      {.name = "calling",
       .tasks = {{.name = "call", .kind = SubWorkflowTask{.workflow = "absent"}}}},
      {.name = "noting",
       .tasks = {{.name = "notes", .activity = "note", .retry = late},
                 {.name = "alone",
                  .activity = "work",
                  .after = {"notes"},
                  .concurrency_key = ConcurrencyKey{.key = "one of ${key}"}}}}};
  for (Workflow& workflow : ComposedWorkflows()) options.workflows.push_back(std::move(workflow));
  options.activities = {{"work", Succeed}, {"fail", FailAtFirst}, {"note", TakeNotes},
                        {"list", List},    {"keep", KeepState},   {"refuse", Refuse}};
  options.breakers = {{"note", {.failure_threshold = 1, .cooldown = absl::Hours(1)}}};
  return options;
}

inline void Begin(Engine& engine, const std::string& workflow, const std::string& key) {
  const auto started = engine.Start({.workflow = workflow, .key = key, .input = Payload("[1,2]")});
  REQUIRE_MESSAGE(started.ok(), started.status().ToString());
}

inline void EventuallyTask(Engine& engine, const std::string& execution, const std::string& task,
                           TaskState state) {
  REQUIRE(Eventually([&] {
    const auto report = engine.Report(execution);
    return report.ok() && report->task(task)->state == state;
  }));
}

// Level 2: what operators do.
inline void Operate(Engine& engine) {
  for (const char* key : {"dead", "again"}) {
    Begin(engine, "failing", key);
    MustWait(engine, key);
  }
  REQUIRE(engine.Retry("again").ok());
  CHECK(MustWait(engine, "again").success());
  Begin(engine, "main", "forgotten");
  MustWait(engine, "forgotten");
  REQUIRE(engine.Purge("forgotten").ok());
  Begin(engine, "absent", "held");
  REQUIRE(engine.SetPriority("held", 3).ok());
  REQUIRE(engine.Pause("held").ok());
  Begin(engine, "absent", "cancelled");
  REQUIRE(engine.Cancel("cancelled").ok());
  REQUIRE(engine.PauseActivity("rare").ok());
}

// Level 3: tasks that wait, and schedules.
inline void LetWait(Engine& engine) {
  Begin(engine, "waiting", "patient");
  REQUIRE(engine.Signal("patient", "go", Payload("{}"), "once").ok());
  REQUIRE(engine.Signal("patient", "spare", Payload("kept")).ok());
  EventuallyTask(engine, "patient", "signal", TaskState::kCompleted);
  EventuallyTask(engine, "patient", "other", TaskState::kRunning);
  Begin(engine, "calling", "parent");
  EventuallyTask(engine, "parent", "call", TaskState::kRunning);
  REQUIRE(
      engine.CreateSchedule({.name = "hourly", .workflow = "main", .every = absl::Hours(1)}).ok());
  REQUIRE(engine.TriggerSchedule("hourly").ok());
  REQUIRE(engine.PauseSchedule("hourly").ok());
  REQUIRE(engine.Start({.workflow = "main", .key = "delayed", .delay = absl::Hours(1)}).ok());
}

// Level 4: what attempts record; keys and breakers.
inline void Record(Engine& engine) {
  Begin(engine, "noting", "noted");
  EventuallyTask(engine, "noted", "notes", TaskState::kRetrying);
  REQUIRE_EQ(engine.Breakers()->size(), 1);
}

// Level 5: branches, maps, loops, state, repetition, cleanup, compensation; workers elsewhere.
inline void Compose(Engine& engine) {
  Begin(engine, "composed", "composed");
  EventuallyTask(engine, "composed", "loops", TaskState::kCompleted);
  EventuallyTask(engine, "composed", "never", TaskState::kSkipped);
  EventuallyTask(engine, "composed", "keeps", TaskState::kCompleted);
  Begin(engine, "undoing", "undone");
  CHECK_EQ(MustWait(engine, "undone").state, ExecutionState::kFailed);
  Begin(engine, "remote", "leased");
  const auto leased = engine.AcquireLeases(
      {.worker = "far away", .activities = {"remote"}, .lease = absl::Hours(1)});
  REQUIRE_MESSAGE(leased.ok(), leased.status().ToString());
  REQUIRE_EQ(leased->size(), 1);
  REQUIRE(engine.CheckpointLeased(leased->front().token, Payload("half")).ok());
}

// Two openings, a snapshot, and something on either side of each.
inline void TellStory(const TempDirectory& directory) {
  {
    const auto engine = MustOpen(StoryOptions(directory));
    Operate(*engine);
    LetWait(*engine);
    Record(*engine);
    Compose(*engine);
    MustSnapshot(*engine);
    Begin(*engine, "main", "behind");
    CHECK(MustWait(*engine, "behind").success());
  }
  const auto engine = MustOpen(StoryOptions(directory));
  Begin(*engine, "main", "anew");
  CHECK(MustWait(*engine, "anew").success());
  Begin(*engine, "absent", "open");
}

}  // namespace stet::testing
