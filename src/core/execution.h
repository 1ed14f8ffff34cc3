// One execution as State holds it: a few words, and a slot per task.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

#include "core/attempt_history.h"
#include "core/definition.h"
#include "core/key_table.h"
#include "core/ref.h"
#include "core/run_notes.h"
#include "core/signals.h"
#include "schema/event_type.h"
#include "stet/state.h"

namespace stet::core {

inline constexpr uint32_t kNoTask = UINT32_MAX;

// A task and its run.  Kept small: a workflow may have a million of them.  Times in ns, 0: none.
struct TaskSlot {
  TaskState state = TaskState::kPending;
  RunState run = RunState::kScheduled;
  schema::FailureKind failure = schema::FailureKind::None;
  bool waits : 1 = false;  // Running: the engine owns the attempt
  // Skipped: why.  Branch, while Pending: it stands in a branch that was not taken.
  schema::SkipCause skip : 2 = schema::SkipCause::Upstream;
  schema::Branch branch : 2 = schema::Branch::None;  // of a conditional task: what it chose
  uint32_t generation = 1;
  uint32_t attempts = 0;    // starts
  uint32_t failures = 0;    // of those, reported failures and timeouts; max_attempts bounds them
  uint32_t lost = 0;        // of those, vanished with their process; max_lost bounds them
  uint32_t unfinished = 0;  // edges from parents that keep it (dependency.h)
  uint32_t next = kNoTask;  // in the execution's list that holds it (a task is in one list at most)
  uint32_t epoch = 0;       // of the attempt, while Running
  // Ready: place in the ready queue.  Running: seq of the attempt's start.  Completed, when it can be undone: seq of that.
  uint64_t order = 0;
  int64_t updated_at = 0;
  int64_t started_at = 0;
  int64_t finished_at = 0;
  // Retrying: wake time.  Pending: when its next run begins.  Running: deadline, or when the wait ends by itself
  int64_t due_at = 0;
  PayloadRef output = {};
  PayloadRef error = {};  // of the last failed attempt
  uint64_t digest = 0;    // what the slot adds to the state's digest; 0 while untouched

  Token token() const { return {.epoch = epoch, .seq = order}; }
  // It has a time at which it becomes Ready: for its next attempt, or for its next run.
  bool asleep() const {
    return state == TaskState::kRetrying || (state == TaskState::kPending && due_at != 0);
  }
  // Nothing has happened to it: there are many such.
  bool untouched() const {
    return state == TaskState::kPending && generation == 1 && skip == schema::SkipCause::Upstream &&
           due_at == 0;
  }
  friend bool operator==(const TaskSlot&, const TaskSlot&) = default;
};

// A first-in first-out list of tasks, linked through TaskSlot::next.
struct TaskList {
  uint32_t head = kNoTask;
  uint32_t tail = kNoTask;
  bool empty() const { return head == kNoTask; }
  friend bool operator==(const TaskList&, const TaskList&) = default;
};

// Which task started an execution as its child.
struct Parent {
  uint64_t execution = 0;  // 0: none
  uint32_t task = 0;
  uint64_t attempt =
      0;  // seq of the start of the attempt that waits for the child; 0: none does any more
  uint32_t item = 0;  // of a map task, from 1; 0: it is none
  friend bool operator==(const Parent&, const Parent&) = default;
};

struct Execution {
  uint64_t id = 0;  // seq of its start event
  const Definition* definition = nullptr;
  std::string key = {};
  PayloadRef input = {};
  ExecutionState state = ExecutionState::kRunning;
  schema::ExecutionOutcome outcome = {};  // Finishing: how it will end
  bool cancel_requested = false;
  bool compensate = false;  // the cancellation undoes what has completed
  bool paused = false;      // no attempt is started
  int32_t priority = 0;     // added to those of its tasks
  bool to_cancel = false;   // its parent no longer waits for it: a cancellation is to be requested
  int64_t start_at = 0;     // delayed until then; 0: it has begun
  Parent parent = {};
  uint64_t schedule = 0;    // that started it; 0: none
  uint32_t generation = 1;  // the newest of its tasks
  int64_t started_at = 0;
  int64_t finished_at = 0;
  uint64_t seq = 0;                                   // of the last event that concerned it
  std::array<uint32_t, kTaskStateCount> counts = {};  // tasks by TaskState
  std::pmr::vector<TaskSlot> tasks = {};

  // Work that is pending; a part of it is done per group (see HasBacklog).
  TaskList due = {};         // Pending tasks whose parents all completed: to become Ready
  TaskList failed = {};      // failed and skipped tasks whose dependents are to be skipped
  TaskList untaken = {};     // tasks that a branch skips: to become Skipped
  uint32_t failed_edge = 0;  // in the head of `failed`: dependents before it are done
  uint32_t cancel_next = 0;  // cancel_requested: tasks before it are done

  // Completed tasks whose compensation has not ended, in order of completion.
  std::vector<uint32_t> undo = {};

  AttemptHistory history = {};
  std::unique_ptr<SignalBox> signals = nullptr;  // null: it has none
  NotesByTask notes = {};
  std::vector<KeyEntry*> keys = {};  // of Definition::key_patterns(), in the state's table

  uint64_t digest = 0;
  bool unsettled = false;  // the digest is behind the fields

  // Its ready tasks are not in the ready queue.
  bool held_back() const { return paused || cancelling(); }
  // Its tasks are being cancelled; closing tasks, which come later, are not.
  bool cancelling() const { return cancel_requested && state == ExecutionState::kRunning; }
  // Of a run of `task`.
  int32_t effective_priority(uint32_t task) const;
  uint32_t count(TaskState s) const { return counts[static_cast<size_t>(s)]; }
  // Tasks that can still change.
  uint32_t open() const;
};

}  // namespace stet::core
