// Public snapshots, made from slots and from payloads that others keep.
#include "core/views.h"

#include <cassert>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/payload_ref.h"

namespace stet::core {
namespace {

std::optional<absl::Time> TimeOrNone(int64_t ns) {
  if (ns == 0) return std::nullopt;
  return absl::FromUnixNanos(ns);
}

static_assert(static_cast<int>(stet::AttemptOutcome::kCancelled) ==
              static_cast<int>(schema::AttemptOutcome::Cancelled));

static_assert(static_cast<int>(BreakerState::kHalfOpen) ==
              static_cast<int>(schema::BreakerState::HalfOpen));
static_assert(static_cast<int>(SkipCause::kTrigger) ==
              static_cast<int>(schema::SkipCause::Trigger));

absl::Time FinishedAt(const Execution& execution) {
  return IsTerminal(execution.state) ? absl::FromUnixNanos(execution.finished_at)
                                     : absl::InfiniteFuture();
}

Payload Fetch(const PayloadRef& ref, PayloadSource payloads) {
  return !ref || IsEmpty(ref) ? Payload() : payloads(ref);
}

// A skipped task has no error of its own: the parent that it was skipped for.
std::string SkipReason(const Execution& execution, uint32_t task) {
  if (execution.tasks[task].skip == schema::SkipCause::Trigger) {
    return execution.definition->is_compensation(task) ? "there was nothing to undo"
                                                       : "its trigger did not come";
  }
  const bool by_branch = execution.tasks[task].skip == schema::SkipCause::Branch;
  for (const uint32_t parent : execution.definition->parents(task)) {
    const TaskState state = execution.tasks[parent].state;
    const schema::Branch branch = execution.tasks[parent].branch;
    if (by_branch && branch != schema::Branch::None) {
      return fmt::format("'{}' took the branch {}", execution.definition->task_name(parent),
                         schema::ToString(branch));
    }
    if (!IsFailure(state) && state != TaskState::kSkipped) continue;
    return fmt::format("'{}' {}", execution.definition->task_name(parent),
                       state == TaskState::kSkipped ? "was skipped" : "failed");
  }
  return {};
}

}  // namespace

TaskRecord MakeTaskRecord(const Execution& execution, uint32_t task, PayloadSource payloads) {
  const TaskSlot& slot = execution.tasks[task];
  const int64_t updated_at = slot.updated_at != 0 ? slot.updated_at : execution.started_at;
  TaskRecord record = {.id = std::string(execution.definition->task_name(task)),
                       .state = slot.state,
                       .attempts = slot.attempts,
                       .lost = slot.lost,
                       .generation = slot.generation,
                       .skip = static_cast<SkipCause>(slot.skip),
                       .created_at = absl::FromUnixNanos(execution.started_at),
                       .updated_at = absl::FromUnixNanos(updated_at),
                       .started_at = TimeOrNone(slot.started_at),
                       .finished_at = TimeOrNone(slot.finished_at)};
  if (slot.asleep() || slot.waits) record.wake_at = TimeOrNone(slot.due_at);
  if (slot.output) record.output = Fetch(slot.output, payloads);
  if (slot.error) record.error = Fetch(slot.error, payloads).bytes;
  if (slot.state == TaskState::kSkipped) record.error = SkipReason(execution, task);
  if (const RunNotes* notes = execution.notes.Find(task)) {
    record.steps = static_cast<uint32_t>(notes->steps.size());
    record.runs = notes->runs;
    record.metadata = {notes->metadata.begin(), notes->metadata.end()};
    record.worker = notes->lease.worker;
    record.lease_until = TimeOrNone(notes->lease.until);
  }
  return record;
}

ExecutionReport MakeReport(const State& state, const Execution& execution, PayloadSource payloads) {
  ExecutionReport report;
  report.id = execution.id;
  report.key = execution.key;
  report.workflow = std::string(execution.definition->name());
  report.workflow_hash = execution.definition->hash();
  report.state = execution.state;
  report.cancel_requested = execution.cancel_requested;
  report.paused = execution.paused;
  report.priority = execution.priority;
  report.starts_at = TimeOrNone(execution.start_at);
  report.parent = execution.parent.execution;
  report.input = Fetch(execution.input, payloads);
  report.started_at = absl::FromUnixNanos(execution.started_at);
  report.finished_at = FinishedAt(execution);
  report.seq = state.seq();
  report.tasks.reserve(execution.tasks.size());
  for (uint32_t task = 0; task < execution.tasks.size(); ++task) {
    report.tasks.push_back(MakeTaskRecord(execution, task, payloads));
  }
  return report;
}

ExecutionSummary MakeSummary(const Execution& execution) {
  ExecutionSummary summary;
  summary.id = execution.id;
  summary.key = execution.key;
  summary.workflow = std::string(execution.definition->name());
  summary.state = execution.state;
  summary.cancel_requested = execution.cancel_requested;
  summary.paused = execution.paused;
  summary.priority = execution.priority;
  summary.starts_at = TimeOrNone(execution.start_at);
  summary.parent = execution.parent.execution;
  summary.started_at = absl::FromUnixNanos(execution.started_at);
  summary.finished_at = FinishedAt(execution);
  summary.counts = execution.counts;
  return summary;
}

std::vector<DeadLetter> MakeDeadLetters(const State& state, PayloadSource payloads) {
  std::vector<DeadLetter> letters;
  letters.reserve(state.dead_letters().size());
  for (const DeadLetterRef& ref : state.dead_letters()) {
    letters.push_back(MakeDeadLetter(state, ref, payloads));
  }
  return letters;
}

DeadLetter MakeDeadLetter(const State& state, const DeadLetterRef& ref, PayloadSource payloads) {
  const Execution& execution = *state.FindExecution(ref.task.execution);
  const TaskSlot& slot = execution.tasks[ref.task.task];
  DeadLetter letter;
  letter.execution = execution.id;
  letter.key = execution.key;
  letter.task = std::string(execution.definition->task_name(ref.task.task));
  letter.attempts = slot.attempts;
  letter.error = Fetch(slot.error, payloads).bytes;
  letter.input = Fetch(execution.input, payloads);
  letter.at = absl::FromUnixNanos(slot.updated_at);
  letter.seq = ref.seq;
  for (const AttemptNote& note : execution.history.of(ref.task.task)) {
    letter.history.push_back({.seq = note.seq,
                              .generation = note.generation,
                              .attempt = note.attempt,
                              .epoch = note.epoch,
                              .outcome = static_cast<stet::AttemptOutcome>(note.outcome),
                              .started_at = absl::FromUnixNanos(note.started_at),
                              .finished_at = absl::FromUnixNanos(note.finished_at),
                              .error = Fetch(note.error, payloads).bytes});
  }
  return letter;
}

std::vector<BreakerInfo> MakeBreakers(const State& state) {
  std::vector<BreakerInfo> infos;
  for (const auto& [name, breaker] : state.breakers()) {
    infos.push_back({.name = name,
                     .state = static_cast<BreakerState>(breaker.state),
                     .failures = breaker.failures,
                     .successes = breaker.successes,
                     .probes = static_cast<uint32_t>(breaker.probes.size()),
                     .until = TimeOrNone(breaker.until)});
  }
  return infos;
}

RunInstance MakeRun(const Execution& execution, uint32_t task) {
  const TaskSlot& slot = execution.tasks[task];
  const int64_t changed_at = slot.updated_at != 0 ? slot.updated_at : execution.started_at;
  RunInstance::Fields fields;
  fields.id = uint64_t{task} + 1;
  fields.task_id = uint64_t{task} + 1;
  fields.state = slot.run;
  fields.attempt_count = slot.attempts;
  fields.lost_count = slot.lost;
  fields.created_at = absl::FromUnixNanos(execution.started_at);
  fields.scheduled_at = fields.created_at;
  fields.effective_priority = execution.effective_priority(task);
  fields.last_state_change_at = absl::FromUnixNanos(changed_at);
  if (slot.run == RunState::kRunning) {
    fields.current_attempt = slot.token();
    fields.lease = Lease{.owner = slot.waits ? "engine" : fmt::format("epoch {}", slot.epoch)};
    if (const RunLease* lease = execution.notes.LeaseOf(task)) {
      fields.lease = Lease{.owner = lease->worker, .expires_at = absl::FromUnixNanos(lease->until)};
    }
  }
  if (slot.run == RunState::kRetryWait) fields.wake_at = absl::FromUnixNanos(slot.due_at);
  absl::StatusOr<RunInstance> run = RunInstance::Restore(std::move(fields));
  assert(run.ok());
  return *std::move(run);
}

}  // namespace stet::core
