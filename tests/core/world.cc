// See world.h.
#include "tests/core/world.h"

#include <iterator>
#include <utility>

#include "core/run_policy.h"
#include "tests/core/effect_done.h"

namespace stet::core {

World::World(DecideOptions options) : buffer_(options) {}
World::~World() = default;

absl::Status World::Do(const Command& command) {
  const uint64_t digest = state_.digest();
  absl::Status status = Decide(state_, command, absl::FromUnixNanos(now_), buffer_);
  if (!status.ok()) {
    CHECK_NE(ReasonOf(status), Reason::kNone);
    CHECK(buffer_.events().empty());
    CHECK_EQ(state_.digest(), digest);
    return status;
  }
  group_.clear();
  for (const EventRef& event : buffer_.events()) Accept(event);
  if (check_) CheckEffects();
  return status;
}

void World::Must(const Command& command) {
  const absl::Status status = Do(command);
  REQUIRE_MESSAGE(status.ok(), status.ToString());
}

Reason World::Refused(const Command& command) { return ReasonOf(Do(command)); }

void World::Open() { Must(OpenEngine{.epoch = ++epoch_, .wall = absl::FromUnixNanos(now_)}); }

void World::Define(const PreparedWorkflow& workflow) {
  while (state_.FindDefinition(workflow.hash()) == nullptr) {
    Must(DefineWorkflow{.workflow = &workflow});
  }
}

WorkflowHash World::Define(Workflow workflow) {
  auto prepared = PreparedWorkflow::Make(std::move(workflow));
  REQUIRE_MESSAGE(prepared.ok(), prepared.status().ToString());
  Define(*prepared);
  return prepared->hash();
}

uint64_t World::Start(const WorkflowHash& hash, std::string key, std::string input) {
  Must(StartExecution{.workflow = hash, .key = key, .input = {.bytes = input}});
  return state_.FindExecutionByKey(key)->id;
}

RunRef World::Begin() {
  const auto run = NextReady(state_);
  REQUIRE(run.has_value());
  Must(StartAttempt{.run = *run});
  return *run;
}

FinishAttempt World::ReportOn(RunRef run, schema::AttemptOutcome outcome) {
  FinishAttempt report = {.run = run, .token = slot(run).token(), .outcome = outcome};
  const bool success = outcome == schema::AttemptOutcome::Success;
  const Definition& definition = *execution(run.execution).definition;
  if (success && KindOf(definition.extra(run.task)) == TaskKind::kConditional) {
    report.branch = schema::Branch::Then;
  }
  const bool loops = KindOf(definition.extra(run.task)) == TaskKind::kLoop;
  report.last = success && loops && !NextRunAt(execution(run.execution), run.task, 0);
  return report;
}

void World::Succeed(RunRef run) { Must(ReportOn(run, schema::AttemptOutcome::Success)); }

void World::Fail(RunRef run) { Must(ReportOn(run, schema::AttemptOutcome::Failure)); }

void World::Settle() {
  while (HasBacklog(state_, 0)) Must(Continue{.execution = 0});
  for (const auto& execution : state_.executions()) {
    while (HasBacklog(state_, execution->id)) Must(Continue{.execution = execution->id});
  }
}

void World::Crash() {
  state_ = Replayed();
  payloads_ = PayloadsNeeded();
  const Effects effects = Outstanding(state_);
  pending_ = std::set<Effect>(effects.begin(), effects.end());
}

State World::Replayed() const {
  State state;
  for (const Stored& event : log_) {
    const absl::Status status = ApplyUnsettled(event.ref(), state, nullptr);
    REQUIRE_MESSAGE(status.ok(), status.ToString());
    // As in recovery: where a batch ends, which may be anywhere.
    if (event.seq % 7 == 0) core::Settle(state);
  }
  core::Settle(state);
  return state;
}

void World::Accept(const EventRef& event) {
  effects_.clear();
  if (check_) {
    for (const uint64_t seq : PayloadsDroppedBy(event, state_)) payloads_.erase(seq);
  }
  const absl::Status status = Apply(event, state_, &effects_);
  REQUIRE_MESSAGE(status.ok(), status.ToString());
  group_.push_back(static_cast<schema::EventType>(event.type));
  pending_.insert(effects_.begin(), effects_.end());
  if (!check_) return;
  log_.push_back({.seq = event.seq,
                  .stream = event.stream,
                  .type = event.type,
                  .bytes = {event.payload.begin(), event.payload.end()}});
  CHECK_EQ(state_.digest(), RecomputeDigest(state_));
  if (PayloadsIn(event).has_value()) payloads_.insert(event.seq);
  if (!compare_) return;
  CHECK(payloads_ == PayloadsNeeded());
  RecordMoves(static_cast<schema::EventType>(event.type));
  const absl::Status replayed = Apply(log_.back().ref(), mirror_, nullptr);
  REQUIRE_MESSAGE(replayed.ok(), replayed.ToString());
  CHECK(mirror_ == state_);
}

std::set<uint64_t> World::PayloadsNeeded() const {
  std::set<uint64_t> needed;
  const auto need = [&needed](const PayloadRef& ref) {
    if (ref && !IsEmpty(ref)) needed.insert(ref.seq);
  };
  for (const auto& execution : state_.executions()) {
    need(execution->input);
    for (const TaskSlot& slot : execution->tasks) {
      need(slot.output);
      need(slot.error);
    }
    for (const auto& [task, notes] : execution->history.by_task()) {
      for (const AttemptNote& note : notes) need(note.error);
    }
    for (const auto& [task, notes] : execution->notes.by_task()) {
      for (const auto& [key, result] : notes.steps) need(result);
      need(notes.checkpoint);
      need(notes.state);
    }
    if (execution->signals == nullptr) continue;
    for (const auto& [place, payload] : execution->signals->buffered()) need(payload);
  }
  for (const auto& [seq, schedule] : state_.schedules().all()) need(schedule->input);
  return needed;
}

void World::RecordMoves(schema::EventType type) {
  for (const auto& before : mirror_.executions()) {
    if (state_.FindExecution(before->id) == nullptr) continue;
    const Execution& after = execution(before->id);
    if (before->state != after.state) {
      moves_.execution.insert({type, before->state, before->state, after.state});
    }
    for (uint32_t i = 0; i < after.tasks.size(); ++i) {
      const TaskSlot& from = before->tasks[i];
      const TaskSlot& to = after.tasks[i];
      if (from.state != to.state) moves_.task.insert({type, from.state, from.state, to.state});
      if (from.run != to.run) moves_.run.insert({type, from.run, from.run, to.run});
    }
  }
}

void World::CheckEffects() {
  for (auto it = pending_.begin(); it != pending_.end();) {
    it = IsDone(state_, *it) ? pending_.erase(it) : std::next(it);
  }
  const Effects outstanding = Outstanding(state_);
  const std::set<Effect> expected(outstanding.begin(), outstanding.end());
  CHECK_EQ(expected.size(), outstanding.size());
  CHECK(pending_ == expected);
}

}  // namespace stet::core
