// What attempts record while they run.
#include <string>
#include <utility>

#include "core/digest.h"
#include "core/editor.h"
#include "core/run_limits.h"

namespace stet::core {

bool Editor::AddStep(Execution& execution, uint32_t task, StepKey key, const PayloadRef& result) {
  const uint64_t digest = DigestOfStep(key, result, execution.id, task);
  if (!execution.notes.Of(task).steps.Add(std::move(key), result)) return false;
  state_.digest_ += digest;
  return true;
}

void Editor::SetCheckpoint(Execution& execution, uint32_t task, const PayloadRef& checkpoint) {
  RunNotes& notes = execution.notes.Of(task);
  state_.digest_ -= DigestOfCheckpoint(notes.checkpoint, execution.id, task);
  notes.checkpoint = checkpoint;
  state_.digest_ += DigestOfCheckpoint(notes.checkpoint, execution.id, task);
}

void Editor::SetState(Execution& execution, uint32_t task, const PayloadRef& state) {
  RunNotes& notes = execution.notes.Of(task);
  state_.digest_ -= DigestOfState(notes.state, execution.id, task);
  notes.state = state;
  state_.digest_ += DigestOfState(notes.state, execution.id, task);
}

void Editor::SetMetadata(Execution& execution, uint32_t task, std::string_view key,
                         std::string_view value) {
  RunNotes& notes = execution.notes.Of(task);
  const auto [at, is_new] = notes.metadata.try_emplace(std::string(key));
  if (!is_new) state_.digest_ -= DigestOfMetadata(*at, execution.id, task);
  at->second = value;
  state_.digest_ += DigestOfMetadata(*at, execution.id, task);
}

void Editor::SetLimit(Execution& execution, uint32_t task, int64_t RunNotes::*limit, int64_t at) {
  RunNotes& notes = execution.notes.Of(task);
  if (notes.*limit != 0) return;
  state_.digest_ -= DigestOfLimits(notes, execution.id, task);
  notes.*limit = at;
  state_.digest_ += DigestOfLimits(notes, execution.id, task);
}

void Editor::LimitReady(Execution& execution, uint32_t task, const TaskExtra& extra, int64_t time) {
  if (extra.schedule_to_close != 0) {
    SetLimit(execution, task, &RunNotes::close_by, Later(time, extra.schedule_to_close));
  }
  const RunLimit limit = LimitOfReady(execution, task);
  if (limit.at_ns == 0) return;
  Emit({.kind = Effect::Kind::kRunTimer,
        .task = task,
        .execution = execution.id,
        .at_ns = limit.at_ns});
}

void Editor::LimitRetries(Execution& execution, uint32_t task, int64_t time) {
  const TaskExtra* extra = execution.definition->extra(task);
  if (extra == nullptr || extra->retry_deadline == 0) return;
  SetLimit(execution, task, &RunNotes::retry_by, Later(time, extra->retry_deadline));
}

void Editor::SetLease(Execution& execution, uint32_t task, std::string_view worker, int64_t until) {
  RunLease& lease = execution.notes.Of(task).lease;
  state_.digest_ -= DigestOfLease(lease, execution.id, task);
  lease.worker = worker;
  lease.until = until;
  state_.digest_ += DigestOfLease(lease, execution.id, task);
  Emit({.kind = Effect::Kind::kLeaseTimer,
        .task = task,
        .execution = execution.id,
        .token = execution.tasks[task].token(),
        .at_ns = until});
}

void Editor::EndLease(Execution& execution, uint32_t task) {
  if (execution.notes.LeaseOf(task) == nullptr) return;
  RunNotes& notes = execution.notes.Of(task);
  state_.digest_ -= DigestOfLease(notes.lease, execution.id, task);
  notes.lease = {};
  if (notes.empty()) execution.notes.Erase(task);
}

void Editor::CountRun(Execution& execution, uint32_t task) {
  RunNotes& notes = execution.notes.Of(task);
  state_.digest_ -= DigestOfRuns(notes, execution.id, task);
  ++notes.runs;
  state_.digest_ += DigestOfRuns(notes, execution.id, task);
}

void Editor::ScheduleRun(Execution& execution, uint32_t task, int64_t at, int64_t time) {
  // The run completes here; the slot is the next one's from now on.
  Move(execution, task, TaskState::kPending, RunState::kCompleted, time);
  TaskSlot& slot = execution.tasks[task];
  slot.run = RunState::kScheduled;
  slot.failures = 0;
  slot.lost = 0;
  slot.due_at = at;
  Emit({.kind = Effect::Kind::kRetryTimer, .task = task, .execution = execution.id, .at_ns = at});
}

void Editor::ForgetRun(Execution& execution, uint32_t task) {
  if (execution.notes.Find(task) == nullptr) return;
  RunNotes& notes = execution.notes.Of(task);
  for (const auto& [key, result] : notes.steps) {
    state_.digest_ -= DigestOfStep(key, result, execution.id, task);
  }
  state_.digest_ -= DigestOfCheckpoint(notes.checkpoint, execution.id, task);
  state_.digest_ -= DigestOfLimits(notes, execution.id, task);
  notes.steps.clear();
  notes.checkpoint = {};
  notes.close_by = 0;
  notes.retry_by = 0;
  if (notes.empty()) execution.notes.Erase(task);
}

}  // namespace stet::core
