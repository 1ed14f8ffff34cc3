// Changes of State that keep its parts in step.
#include "core/editor.h"

#include <cassert>
#include <utility>

#include "base/status_macros.h"
#include "core/concurrency_key.h"
#include "core/dependency.h"
#include "core/digest.h"

namespace stet::core {

void Editor::OpenEpoch(uint32_t epoch) {
  const uint64_t before = DigestOfEngine(state_);
  state_.epoch_ = epoch;
  // Where no attempt runs nothing is searched.
  state_.lost_ = LostCursor{.done = !state_.activities_.any_running()};
  state_.digest_ += DigestOfEngine(state_) - before;
  // Its probes are lost with the epoch.
  for (auto& breaker : state_.breakers_) {
    state_.digest_ -= DigestOf(breaker);
    breaker.second.probes.clear();
    state_.digest_ += DigestOf(breaker);
  }
  AdvanceLostCursor();
}

absl::Status Editor::AddChunk(const fb::DefinitionChunk& chunk) {
  const uint64_t before = DigestOfEngine(state_);
  RETURN_IF_ERROR(state_.incoming_.Add(chunk));
  state_.digest_ += DigestOfEngine(state_) - before;
  return absl::OkStatus();
}

absl::Status Editor::Seal(const fb::DefinitionSealed& sealed) {
  const uint64_t before = DigestOfEngine(state_);
  ASSIGN_OR_RETURN(std::unique_ptr<Definition> definition, state_.incoming_.Seal(sealed));
  state_.Number(*definition);
  state_.digest_ += DigestOfEngine(state_) - before;
  const WorkflowHash hash = definition->hash();
  state_.digest_ += DigestOf(*definition);
  if (!state_.definitions_.emplace(hash, std::move(definition)).second) {
    return absl::InvalidArgumentError("the definition is there already");
  }
  return absl::OkStatus();
}

Execution& Editor::AddExecution(const Definition& definition, std::string key,
                                std::span<const std::string> keys) {
  Execution& execution = state_.executions_.Add(definition.size());
  execution.id = event_.seq;
  execution.definition = &definition;
  execution.key = std::move(key);
  for (const std::string& one : keys) execution.keys.push_back(state_.keys_.Use(one));
  state_.digest_ += DigestOfKeys(execution);
  execution.counts[static_cast<size_t>(TaskState::kPending)] = definition.size();
  for (uint32_t task = 0; task < definition.size(); ++task) {
    execution.tasks[task].unfinished = static_cast<uint32_t>(definition.parents(task).size());
    if (definition.has_spared() && definition.is_closing(task)) {
      execution.tasks[task].unfinished = CountUnsettled(execution, task);
    } else if (execution.tasks[task].unfinished == 0) {
      PushBack(execution, execution.due, task);
    }
  }
  state_.by_id_.Insert(execution.id, &execution);
  state_.by_key_.Insert(execution);
  ++state_.live_executions_;
  return execution;
}

void Editor::End(Execution& execution, ExecutionState outcome, int64_t time) {
  assert(execution.state == ExecutionState::kFinishing ||
         CanMove(execution.state, ExecutionState::kFinishing));
  assert(CanMove(ExecutionState::kFinishing, outcome));
  execution.state = outcome;
  execution.outcome = {};
  execution.finished_at = time;
  execution.paused = false;
  execution.to_cancel = false;
  --state_.live_executions_;
  state_.ended_.emplace(time, execution.id);
  LeaveSchedule(execution);
}

void Editor::Touch(Execution& execution) {
  execution.seq = event_.seq;
  state_.unsettled_.Add(execution);
}

void Editor::Move(Execution& execution, uint32_t task, TaskState to, RunState run, int64_t time) {
  TaskSlot& slot = execution.tasks[task];
  assert(CanMove(slot.state, to));
  if (slot.state == TaskState::kReady && !execution.held_back()) Dequeue(execution, task);
  if (slot.state == TaskState::kRunning && !execution.notes.empty()) EndLease(execution, task);
  KeyEntry* key = execution.keys.empty() ? nullptr : KeyIn(execution, task);
  uint32_t& running = state_.activities_[ActivityNumberOf(execution, task)].running;
  if (slot.state == TaskState::kRunning) --running;
  if (to == TaskState::kRunning) ++running;
  --execution.counts[static_cast<size_t>(slot.state)];
  ++execution.counts[static_cast<size_t>(to)];
  slot.state = to;
  slot.run = run;
  slot.updated_at = time;
  slot.order = 0;
  slot.epoch = 0;
  slot.due_at = 0;
  slot.waits = false;
  if (IsTerminal(to) && slot.finished_at == 0) slot.finished_at = time;
  if (!execution.notes.empty() && IsTerminal(run)) ForgetRun(execution, task);
  if (key != nullptr) HoldOrRelease(*key, execution, task);
}

KeyEntry* Editor::KeyIn(const Execution& execution, uint32_t task) {
  const uint32_t index = execution.definition->key_index(task);
  return index == kNoKey ? nullptr : execution.keys[index];
}

void Editor::HoldOrRelease(KeyEntry& key, const Execution& execution, uint32_t task) {
  const RunRef run = {.execution = execution.id, .task = task};
  if (HoldsKey(execution, task)) {
    key.holders.insert(run);
  } else {
    key.holders.erase(run);
  }
}

void Editor::MoveToReady(Execution& execution, uint32_t task, int64_t time) {
  Move(execution, task, TaskState::kReady, RunState::kReady, time);
  TaskSlot& slot = execution.tasks[task];
  slot.order = ++state_.ready_orders_;
  if (!execution.held_back()) Enqueue(execution, task);
  TouchTask(execution, task);
  if (const TaskExtra* extra = execution.definition->extra(task)) {
    LimitReady(execution, task, *extra, time);
  }
}

void Editor::Enqueue(const Execution& execution, uint32_t task) {
  state_.ready_.Insert(
      GateOf(execution, task), execution.effective_priority(task),
      {.execution = &execution, .task = task, .order = execution.tasks[task].order});
}

void Editor::Dequeue(const Execution& execution, uint32_t task) {
  state_.ready_.Erase(GateOf(execution, task), execution.effective_priority(task),
                      execution.tasks[task].order);
}

void Editor::TouchTask(Execution& execution, uint32_t task) {
  state_.unsettled_.Add(execution, task);
}

void Editor::AddDeadLetter(const Execution& execution, uint32_t task) {
  state_.dead_letters_.push_back(
      {.seq = event_.seq, .task = {.execution = execution.id, .task = task}});
  state_.digest_ += DigestOf(state_.dead_letters_.back());
}

void Editor::AdvanceLostCursor() {
  if (state_.lost_.done) return;
  const uint64_t before = DigestOfEngine(state_);
  LostCursor& cursor = state_.lost_;
  for (; cursor.execution < state_.executions_.size(); ++cursor.execution, cursor.task = 0) {
    const Execution& execution = *state_.executions_[cursor.execution];
    if (execution.count(TaskState::kRunning) == 0) continue;
    const auto tasks = static_cast<uint32_t>(execution.tasks.size());
    while (cursor.task < tasks && !IsLost(execution, cursor.task, state_.epoch_)) {
      ++cursor.task;
    }
    if (cursor.task < tasks) break;
  }
  if (cursor.execution == state_.executions_.size()) cursor = LostCursor{};
  state_.digest_ += DigestOfEngine(state_) - before;
}

void PushBack(Execution& execution, TaskList& list, uint32_t task) {
  execution.tasks[task].next = kNoTask;
  if (list.empty()) {
    list.head = task;
  } else {
    execution.tasks[list.tail].next = task;
  }
  list.tail = task;
}

void PopFront(Execution& execution, TaskList& list) {
  const uint32_t task = list.head;
  list.head = execution.tasks[task].next;
  if (list.empty()) list.tail = kNoTask;
  execution.tasks[task].next = kNoTask;
}

void AdvanceFailed(Execution& execution) {
  while (!execution.failed.empty()) {
    const auto children = execution.definition->children(execution.failed.head);
    while (execution.failed_edge < children.size() &&
           !IsSkippable(execution, children[execution.failed_edge])) {
      ++execution.failed_edge;
    }
    if (execution.failed_edge < children.size()) return;
    execution.failed_edge = 0;
    PopFront(execution, execution.failed);
  }
}

void AdvanceCancel(Execution& execution) {
  while (execution.cancel_next < execution.tasks.size() &&
         !IsCancellable(execution, execution.cancel_next)) {
    ++execution.cancel_next;
  }
}

}  // namespace stet::core
