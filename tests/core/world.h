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
  explicit World(DecideOptions options = {});
  ~World();

  // Decides and applies; the refusal if it is one.
  absl::Status Do(const Command& command);

  // `command` must be accepted.
  void Must(const Command& command);
  Reason Refused(const Command& command);

  void Open();
  void Define(const PreparedWorkflow& workflow);
  WorkflowHash Define(Workflow workflow);
  uint64_t Start(const WorkflowHash& hash, std::string key = "k", std::string input = "");
  // Starts the next ready run; what it is.
  RunRef Begin();
  FinishAttempt ReportOn(RunRef run, schema::AttemptOutcome outcome);
  void Succeed(RunRef run);
  void Fail(RunRef run);
  // Continues all that was cut.
  void Settle();

  // A new process: state from the log alone, effects of the old one gone.
  void Crash();
  State Replayed() const;
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
  // Somebody may report on the attempt that runs: a thread of this epoch, or a worker with a lease.
  bool HasOwner(RunRef run) const {
    if (slot(run).state != TaskState::kRunning || slot(run).waits) return false;
    return slot(run).epoch == epoch_ || execution(run.execution).notes.LeaseOf(run.task) != nullptr;
  }
  int64_t& now() { return now_; }
  uint32_t epoch() const { return epoch_; }

 private:
  void Accept(const EventRef& event);

  // Those that the state refers to: no other may be kept.
  std::set<uint64_t> PayloadsNeeded() const;

  // The mirror is one event behind.
  void RecordMoves(schema::EventType type);

  // Emitted and not done is what is outstanding.
  void CheckEffects();

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
