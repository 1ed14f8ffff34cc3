// A state with its log, driven by commands; it checks at every event what must always hold.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/apply.h"
#include "core/decide.h"
#include "core/digest.h"
#include "core/outstanding.h"
#include "core/payload_ref.h"
#include "core/transitions.h"
#include "core/waits.h"
#include "stet/reason.h"
#include "tests/core/effect_done.h"

namespace stet::core {

inline constexpr int64_t kSecond = 1'000'000'000;

// An event that was kept.
struct Stored {
  uint64_t seq = 0;
  uint64_t stream = 0;
  uint16_t type = 0;
  std::vector<std::byte> bytes = {};
  EventRef ref() const { return {.seq = seq, .stream = stream, .type = type, .payload = bytes}; }
  schema::EventType event_type() const { return static_cast<schema::EventType>(type); }
};

// The transitions that one event made: for each execution and task, what it was and what it is.
struct Moves {
  std::set<Step<TaskState>> task = {};
  std::set<Step<RunState>> run = {};
  std::set<Step<ExecutionState>> execution = {};
};

class World {
 public:
  explicit World(DecideOptions options = {}) : buffer_(options) {}

  // Decides and applies; the refusal if it is one.
  absl::Status Do(const Command& command) {
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

  // `command` must be accepted.
  void Must(const Command& command) {
    const absl::Status status = Do(command);
    REQUIRE_MESSAGE(status.ok(), status.ToString());
  }
  Reason Refused(const Command& command) { return ReasonOf(Do(command)); }

  void Open() { Must(OpenEngine{.epoch = ++epoch_, .wall = absl::FromUnixNanos(now_)}); }
  void Define(const PreparedWorkflow& workflow) {
    while (state_.FindDefinition(workflow.hash()) == nullptr) {
      Must(DefineWorkflow{.workflow = &workflow});
    }
  }
  WorkflowHash Define(Workflow workflow) {
    auto prepared = PreparedWorkflow::Make(std::move(workflow));
    REQUIRE_MESSAGE(prepared.ok(), prepared.status().ToString());
    Define(*prepared);
    return prepared->hash();
  }
  uint64_t Start(const WorkflowHash& hash, std::string key = "k", std::string input = "") {
    Must(StartExecution{.workflow = hash, .key = key, .input = {.bytes = input}});
    return state_.FindExecutionByKey(key)->id;
  }
  // Starts the next ready run; what it is.
  RunRef Begin() {
    const auto run = NextReady(state_);
    REQUIRE(run.has_value());
    Must(StartAttempt{.run = *run});
    return *run;
  }
  FinishAttempt ReportOn(RunRef run, schema::AttemptOutcome outcome) {
    return {.run = run, .token = slot(run).token(), .outcome = outcome};
  }
  void Succeed(RunRef run) { Must(ReportOn(run, schema::AttemptOutcome::Success)); }
  void Fail(RunRef run) { Must(ReportOn(run, schema::AttemptOutcome::Failure)); }
  // Continues all that was cut.
  void Settle() {
    while (HasBacklog(state_, 0)) Must(Continue{.execution = 0});
    for (const auto& execution : state_.executions()) {
      while (HasBacklog(state_, execution->id)) Must(Continue{.execution = execution->id});
    }
  }

  // A new process: state from the log alone, effects of the old one gone.
  void Crash() {
    state_ = Replayed();
    payloads_ = PayloadsNeeded();
    const Effects effects = Outstanding(state_);
    pending_ = std::set<Effect>(effects.begin(), effects.end());
  }
  State Replayed() const {
    State state;
    for (const Stored& event : log_) {
      const absl::Status status = Apply(event.ref(), state, nullptr);
      REQUIRE_MESSAGE(status.ok(), status.ToString());
    }
    return state;
  }
  // Keeps a second state that replays each event as it comes, and compares the two whole.
  void CompareAlways() { compare_ = true; }
  // Long runs check only what they ask for.
  void CheckNothing() { check_ = false; }

  // What all events so far have moved, without what lies between (via = from).  Only under CompareAlways.
  const Moves& moves() const { return moves_; }

  const State& state() const { return state_; }
  const std::vector<Stored>& log() const { return log_; }
  // Events of the last accepted command.
  const std::vector<schema::EventType>& group() const { return group_; }
  const Execution& execution(uint64_t id) const { return *state_.FindExecution(id); }
  const TaskSlot& slot(RunRef run) const { return execution(run.execution).tasks[run.task]; }
  TaskState task(uint64_t id, uint32_t task) const { return execution(id).tasks[task].state; }
  int64_t& now() { return now_; }
  uint32_t epoch() const { return epoch_; }

 private:
  void Accept(const EventRef& event) {
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

  // Those that the state refers to: no other may be kept.
  std::set<uint64_t> PayloadsNeeded() const {
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
      }
      if (execution->signals == nullptr) continue;
      for (const auto& [place, payload] : execution->signals->buffered()) need(payload);
    }
    for (const auto& [seq, schedule] : state_.schedules().all()) need(schedule->input);
    return needed;
  }

  // The mirror is one event behind.
  void RecordMoves(schema::EventType type) {
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

  // Emitted and not done is what is outstanding.
  void CheckEffects() {
    for (auto it = pending_.begin(); it != pending_.end();) {
      it = IsDone(state_, *it) ? pending_.erase(it) : std::next(it);
    }
    const Effects outstanding = Outstanding(state_);
    const std::set<Effect> expected(outstanding.begin(), outstanding.end());
    CHECK_EQ(expected.size(), outstanding.size());
    CHECK(pending_ == expected);
  }

  State state_;
  State mirror_;
  EventBuffer buffer_;
  Effects effects_;
  std::set<Effect> pending_;
  Moves moves_;
  std::set<uint64_t> payloads_;  // that a shell would keep
  std::vector<Stored> log_;
  std::vector<schema::EventType> group_;
  int64_t now_ = 1000 * kSecond;
  uint32_t epoch_ = 0;
  bool compare_ = false;
  bool check_ = true;
};

}  // namespace stet::core
