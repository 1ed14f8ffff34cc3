// The only hand that changes State: keeps counts, lists, ready queue and digest in step while Apply moves tasks.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "core/effect.h"
#include "core/event.h"
#include "core/state.h"

namespace stet::core {

// Lives for one event.
class Editor {
 public:
  Editor(State& state, const EventRef& event, Effects* effects)
      : state_(state), event_(event), effects_(effects) {}

  const State& state() const { return state_; }
  const EventRef& event() const { return event_; }
  Execution* execution(uint64_t id) { return state_.by_id_.Find(id); }

  void Emit(const Effect& effect) {
    if (effects_ != nullptr) effects_->push_back(effect);
  }

  // The engine.
  void Advance(int64_t time) {
    state_.seq_ = event_.seq;
    state_.time_ns_ = time;
  }
  void OpenEpoch(uint32_t epoch);
  void SetEnginePaused(bool paused);
  void SetActivityPaused(std::string_view name, bool paused);
  void SetBreaker(std::string name, Breaker breaker);
  // Frees a key whose time has passed.
  void RemoveTombstone(const Tombstone& tombstone);
  absl::Status AddChunk(const fb::DefinitionChunk& chunk);
  absl::Status Seal(const fb::DefinitionSealed& sealed);

  // Executions.
  // `keys`: of Definition::key_patterns().
  Execution& AddExecution(const Definition& definition, std::string key,
                          std::span<const std::string> keys);
  void End(Execution& execution, ExecutionState outcome, int64_t time);
  // Forgets an execution that has ended; its key stays taken until `forget_at`.
  void Purge(std::span<const uint64_t> executions, int64_t forget_at, int64_t time);
  // What `execution` holds back, or lets in: a pause, a request to cancel.
  void SetPaused(Execution& execution, bool paused);
  void SetCancelRequested(Execution& execution, bool compensate);
  void SetPriority(Execution& execution, int32_t priority);
  // Everything has ended but the closing tasks: skips those that `outcome` does not trigger.
  void BeginFinishing(Execution& execution, schema::ExecutionOutcome outcome, int64_t time);
  // To be called when fields of the execution itself have changed.
  void Touch(Execution& execution);

  // Asks for Continue if work of the execution is pending.
  void EmitBacklog(const Execution& execution);

  // Tasks.  `task` must be able to make the move; TouchTask must follow.
  void Move(Execution& execution, uint32_t task, TaskState to, RunState run, int64_t time);
  void MoveToReady(Execution& execution, uint32_t task, int64_t time);
  // To be called when all fields of the slot have their new values.
  void TouchTask(Execution& execution, uint32_t task);
  void AddDeadLetter(const Execution& execution, uint32_t task);
  void DropDeadLetter(const Execution& execution, uint32_t task);
  // To be called before the attempt's run moves on.
  void Remember(Execution& execution, uint32_t task, schema::AttemptOutcome outcome,
                const PayloadRef& error, int64_t time);
  // What an attempt of the task records.
  // False, and nothing is done, when there is a step of that key.
  bool AddStep(Execution& execution, uint32_t task, StepKey key, const PayloadRef& result);
  // A map task has so many items.
  void ExpandMap(Execution& execution, uint32_t task, uint32_t items);
  // Adds to how far the map is for one of whose items `parent` stands (nothing if it is none), and asks for what is next.
  void CountItem(const Parent& parent, const MapProgress& more);
  // That execution, which had ended, begins anew.  Nothing if it stands for no item.
  void UncountItem(const Execution& item);
  void SetState(Execution& execution, uint32_t task, const PayloadRef& state);
  void SetCheckpoint(Execution& execution, uint32_t task, const PayloadRef& checkpoint);
  void SetMetadata(Execution& execution, uint32_t task, std::string_view key,
                   std::string_view value);
  // A worker has the attempt of the task until then, or goes on with it.
  void SetLease(Execution& execution, uint32_t task, std::string_view worker, int64_t until);
  // An attempt of it starts: from the first one on its retries have a deadline.
  void LimitRetries(Execution& execution, uint32_t task, int64_t time);
  // A run of it has completed, of a task that may have several; the next one begins at `at`.
  void CountRun(Execution& execution, uint32_t task);
  void ScheduleRun(Execution& execution, uint32_t task, int64_t at, int64_t time);
  // Begins tasks that have ended anew, in the next generation.  They must be ascending.
  void Reopen(Execution& execution, std::span<const uint32_t> tasks, int64_t time);

  // Waits.  Begin: the attempt has just been started.  End: before its run moves on; does nothing for
  // attempts of workers.
  void BeginWait(Execution& execution, uint32_t task);
  void EndWait(Execution& execution, uint32_t task, int64_t time);
  // `id` may be null.
  void AddSignal(Execution& execution, std::string_view name, const PayloadRef& payload,
                 const KeyHash* id);
  // It must be buffered.
  PayloadRef TakeSignal(Execution& execution, std::string_view name, uint64_t seq);

  // Schedules.
  void AddSchedule(Schedule schedule);
  void RemoveSchedule(uint64_t schedule);
  // To be changed between the two; null when there is none.
  Schedule* BeginEdit(uint64_t schedule);
  void EndEdit(Schedule& schedule);
  // A change of an execution that it started may be its turn.
  void TouchSchedule(const Execution& execution);

  // After an attempt ended: the next attempt of a dead epoch, if they are being resolved.
  void AdvanceLostCursor();

 private:
  static KeyEntry* KeyIn(const Execution& execution, uint32_t task);
  // After a move of a task that has a key.
  static void HoldOrRelease(KeyEntry& key, const Execution& execution, uint32_t task);
  // Sets a limit of the task's run that is not set yet.
  void SetLimit(Execution& execution, uint32_t task, int64_t RunNotes::*limit, int64_t at);
  // It has become ready.
  void LimitReady(Execution& execution, uint32_t task, const TaskExtra& extra, int64_t time);
  // Its attempt ends, or ended without one.
  void EndLease(Execution& execution, uint32_t task);
  // The task's run has ended: its steps and its checkpoint serve nobody any more.
  void ForgetRun(Execution& execution, uint32_t task);
  void Enqueue(const Execution& execution, uint32_t task);
  void Dequeue(const Execution& execution, uint32_t task);
  // Takes the ready tasks of the execution out of the queue, or puts them in.
  void DequeueAll(const Execution& execution);
  void EnqueueAll(const Execution& execution);
  void LeaveSchedule(const Execution& execution);
  void AskForItems(const Execution& execution, uint32_t task);
  void LetGoItems(Execution& execution, uint32_t task);
  void LetGo(uint64_t child);
  void DropDeadLettersOf(const Execution& execution);
  void ForgetKeys(int64_t time);
  void SetDigest(uint64_t& part, uint64_t value) {
    state_.digest_ += value - part;
    part = value;
  }

  State& state_;
  const EventRef& event_;
  Effects* effects_;
};

// Lists of tasks, linked through their slots.
void PushBack(Execution& execution, TaskList& list, uint32_t task);
void PopFront(Execution& execution, TaskList& list);

// Moves the cursor of the skip cascade to the next pending dependent of the failed and skipped tasks; drops tasks that have none left.
void AdvanceFailed(Execution& execution);
// Moves the cursor of a cancellation to the next task that waits.
void AdvanceCancel(Execution& execution);

// Whether a requested cancellation ends the task at once: it does not run, or only waits.
inline bool IsCancellable(const Execution& execution, uint32_t task) {
  const TaskSlot& slot = execution.tasks[task];
  if (slot.state == TaskState::kReady || slot.state == TaskState::kRetrying || slot.waits) {
    return true;
  }
  return slot.state == TaskState::kPending && !execution.definition->is_closing(task);
}

// Whether a thread of an epoch before `epoch` ran it.  Waits and leases outlive epochs.
inline bool IsLost(const Execution& execution, uint32_t task, uint32_t epoch) {
  const TaskSlot& slot = execution.tasks[task];
  if (slot.state != TaskState::kRunning || slot.epoch >= epoch || slot.waits) return false;
  return execution.notes.LeaseOf(task) == nullptr;
}

}  // namespace stet::core
