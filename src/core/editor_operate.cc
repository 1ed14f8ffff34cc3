// What operators change: pauses, priorities, tasks that begin anew, executions that are forgotten.
#include <algorithm>
#include <cassert>
#include <utility>

#include "core/apply.h"
#include "core/dependency.h"
#include "core/digest.h"
#include "core/editor.h"
#include "core/finish.h"
#include "core/outstanding.h"
#include "core/run_policy.h"

namespace stet::core {
namespace {

// Calls `visit` with each ready task.
template <class Visit>
void ForEachReady(const Execution& execution, Visit visit) {
  uint32_t left = execution.count(TaskState::kReady);
  for (uint32_t task = 0; left > 0; ++task) {
    if (execution.tasks[task].state != TaskState::kReady) continue;
    --left;
    visit(task);
  }
}

}  // namespace

void Editor::DequeueAll(const Execution& execution) {
  ForEachReady(execution, [&](uint32_t task) { Dequeue(execution, task); });
}

void Editor::EnqueueAll(const Execution& execution) {
  ForEachReady(execution, [&](uint32_t task) { Enqueue(execution, task); });
}

void Editor::SetPaused(Execution& execution, bool paused) {
  const bool was_held_back = execution.held_back();
  if (!was_held_back) DequeueAll(execution);
  execution.paused = paused;
  if (!execution.held_back()) EnqueueAll(execution);
}

void Editor::SetCancelRequested(Execution& execution, bool compensate) {
  if (!execution.held_back()) DequeueAll(execution);
  execution.cancel_requested = true;
  execution.compensate = compensate;
  execution.to_cancel = false;
  execution.start_at = 0;
  TouchSchedule(execution);
}

void Editor::BeginFinishing(Execution& execution, schema::ExecutionOutcome outcome, int64_t time) {
  for (const uint32_t task : execution.definition->closing_tasks()) {
    if (IsTriggered(execution, outcome, task)) continue;
    Move(execution, task, TaskState::kSkipped, RunState::kCanceled, time);
    execution.tasks[task].skip = schema::SkipCause::Trigger;
    TouchTask(execution, task);
    Settle(execution, task);
  }
  if (!WillCompensate(execution, outcome)) execution.undo.clear();
  execution.outcome = outcome;
  execution.state = ExecutionState::kFinishing;
  execution.to_cancel = false;
  TouchSchedule(execution);
  AdvanceClosing(execution);
}

void Editor::EmitBacklog(const Execution& execution) {
  if (HasBacklog(execution)) Emit({.kind = Effect::Kind::kContinue, .execution = execution.id});
}

void Editor::SetPriority(Execution& execution, int32_t priority) {
  if (!execution.held_back()) DequeueAll(execution);
  execution.priority = priority;
  if (!execution.held_back()) EnqueueAll(execution);
}

void Editor::SetEnginePaused(bool paused) {
  const uint64_t before = DigestOfSwitch(state_);
  state_.engine_paused_ = paused;
  state_.digest_ += DigestOfSwitch(state_) - before;
}

void Editor::SetActivityPaused(std::string_view name, bool paused) {
  ActivityEntry& activity = state_.activities_[state_.activities_.Intern(name)];
  assert(activity.paused != paused);
  const uint64_t before = DigestOfPause(activity);
  activity.paused = paused;
  if (paused) {
    ++state_.paused_activities_;
  } else {
    --state_.paused_activities_;
  }
  state_.digest_ += DigestOfPause(activity) - before;
}

void Editor::SetBreaker(std::string name, Breaker breaker) {
  Breakers& breakers = state_.breakers_;
  if (const auto at = breakers.find(name); at != breakers.end()) {
    state_.digest_ -= DigestOf(*at);
    breakers.erase(at);
  }
  if (breaker == Breaker()) return;
  state_.digest_ += DigestOf(*breakers.emplace(std::move(name), std::move(breaker)).first);
}

void Editor::Remember(Execution& execution, uint32_t task, schema::AttemptOutcome outcome,
                      const PayloadRef& error, int64_t time) {
  const TaskSlot& slot = execution.tasks[task];
  if (outcome == schema::AttemptOutcome::Success && !execution.history.Has(task)) return;
  execution.history.Add(task, {.seq = slot.order,
                               .generation = slot.generation,
                               .attempt = slot.attempts,
                               .epoch = slot.epoch,
                               .outcome = outcome,
                               .started_at = slot.started_at,
                               .finished_at = time,
                               .error = error});
}

void Editor::Reopen(Execution& execution, std::span<const uint32_t> tasks, int64_t time) {
  ++execution.generation;
  if (IsTerminal(execution.state)) {
    UncountItem(execution);
    state_.ended_.erase({execution.finished_at, execution.id});
    ++state_.live_executions_;
    execution.state = ExecutionState::kRunning;
    execution.finished_at = 0;
    execution.cancel_requested = false;
    execution.compensate = false;
    execution.cancel_next = 0;
  }
  for (const uint32_t task : tasks) Unsettle(execution, task);
  for (const uint32_t task : tasks) {
    TaskSlot& slot = execution.tasks[task];
    --execution.counts[static_cast<size_t>(slot.state)];
    ++execution.counts[static_cast<size_t>(TaskState::kPending)];
    const bool untaken = slot.skip == schema::SkipCause::Branch;
    slot = TaskSlot{.generation = execution.generation,
                    .unfinished = slot.unfinished,
                    .updated_at = time,
                    .output = KeepsSignal(execution, task) ? slot.output : PayloadRef(),
                    .digest = slot.digest};
    if (untaken) slot.skip = schema::SkipCause::Branch;
    TouchTask(execution, task);
    if (untaken) PushBack(execution, execution.untaken, task);
  }
  for (const uint32_t task : tasks) {
    if (execution.tasks[task].unfinished == 0) Release(execution, task);
  }
  RebuildUndo(execution);
  DropDeadLettersOf(execution);
}

// Those whose tasks are not dead-lettered any more.
void Editor::DropDeadLettersOf(const Execution& execution) {
  std::erase_if(state_.dead_letters_, [&](const DeadLetterRef& letter) {
    const bool drop = letter.task.execution == execution.id &&
                      execution.tasks[letter.task.task].state != TaskState::kDeadLettered;
    if (drop) state_.digest_ -= DigestOf(letter);
    return drop;
  });
}

void Editor::DropDeadLetter(const Execution& execution, uint32_t task) {
  const RunRef dropped = {.execution = execution.id, .task = task};
  std::erase_if(state_.dead_letters_, [&](const DeadLetterRef& letter) {
    if (letter.task != dropped) return false;
    state_.digest_ -= DigestOf(letter);
    return true;
  });
}

void Editor::RemoveTombstone(const Tombstone& tombstone) {
  state_.digest_ -= DigestOf(tombstone);
  state_.tombstones_.Remove(tombstone);
}

// Those whose time has passed, and the oldest if there are too many.
void Editor::ForgetKeys(int64_t time) {
  while (const Tombstone* first = state_.tombstones_.First()) {
    if (first->forget_at > time && state_.tombstones_.size() <= Tombstones::kMax) return;
    RemoveTombstone(Tombstone(*first));
  }
}

void Editor::Purge(std::span<const uint64_t> executions, int64_t forget_at, int64_t time) {
  Settle(state_);  // What goes takes its digests along.
  const auto purged = [executions](uint64_t id) {
    return std::binary_search(executions.begin(), executions.end(), id);
  };
  std::erase_if(state_.dead_letters_, [&](const DeadLetterRef& letter) {
    if (!purged(letter.task.execution)) return false;
    state_.digest_ -= DigestOf(letter);
    return true;
  });
  for (const uint64_t id : executions) {
    const Execution& execution = *state_.by_id_.Find(id);
    assert(IsTerminal(execution.state));
    for (const TaskSlot& slot : execution.tasks) state_.digest_ -= slot.digest;
    state_.digest_ -= execution.digest + DigestOfNotes(execution) + DigestOfKeys(execution);
    if (execution.signals != nullptr) state_.digest_ -= DigestOf(*execution.signals, id);
    state_.ended_.erase({execution.finished_at, id});
    if (forget_at > time) {
      const Tombstone tombstone = {
          .key = HashOfKey(execution.key), .forget_at = forget_at, .outcome = execution.state};
      state_.tombstones_.Add(tombstone);
      state_.digest_ += DigestOf(tombstone);
    }
    for (KeyEntry* key : execution.keys) state_.keys_.Release(key);
    state_.by_key_.Erase(execution);
    state_.by_id_.Erase(id);
  }
  // The cursor of lost attempts is a position among them.
  assert(state_.lost_.done);
  state_.executions_.EraseIf([&](const Execution& execution) { return purged(execution.id); });
  ForgetKeys(time);
}

}  // namespace stet::core
