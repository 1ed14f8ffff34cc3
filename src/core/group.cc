// What a finished attempt leads to, and sets of tasks cut into parts.
#include "core/group.h"

#include <algorithm>

#include "core/appliers.h"
#include "core/backoff.h"
#include "core/dependency.h"
#include "core/editor.h"
#include "core/finish.h"
#include "core/run_limits.h"
#include "core/run_policy.h"

namespace stet::core {

using schema::AttemptOutcome;
using schema::EventType;
using schema::FailureKind;
using schema::RunNext;

namespace {

TaskState TaskAfter(RunNext next) {
  switch (next) {
    case RunNext::Completed:
      return TaskState::kCompleted;
    case RunNext::RetryWait:
      return TaskState::kRetrying;
    case RunNext::Failed:
      return TaskState::kFailed;
    case RunNext::Canceled:
      return TaskState::kCancelled;
    case RunNext::Again:
      return TaskState::kPending;
  }
  return TaskState::kFailed;
}

NextStep Fail(FailureKind kind) { return {.next = RunNext::Failed, .failure = kind}; }

// 0 stands for "none".
NextStep RetryAt(const Execution& execution, uint32_t task, int64_t wake_at) {
  if (!MayBegin(execution, task, wake_at)) return Fail(FailureKind::DeadlinePassed);
  return {.next = RunNext::RetryWait, .wake_at = std::max<int64_t>(wake_at, 1)};
}

}  // namespace

NextStep DecideNextStep(const Execution& execution, uint32_t task, AttemptOutcome outcome,
                        bool retryable, int64_t now) {
  if (outcome == AttemptOutcome::Success) return {.next = RunNext::Completed};
  if (execution.cancelling()) return {.next = RunNext::Canceled};
  const TaskSlot& slot = execution.tasks[task];
  const fb::TaskPolicy& policy = execution.definition->policy(task);
  switch (outcome) {
    case AttemptOutcome::Success:
    case AttemptOutcome::Cancelled:
      return {.next = RunNext::Canceled};
    case AttemptOutcome::Interrupted:
      return RetryAt(execution, task, now);
    case AttemptOutcome::Lost:
      if (slot.lost + 1 >= policy.max_lost()) return Fail(FailureKind::Poison);
      return RetryAt(execution, task, now);
    case AttemptOutcome::Failure:
    case AttemptOutcome::Timeout:
      break;
  }
  if (!retryable) return Fail(FailureKind::NotRetryable);
  const uint32_t failures = slot.failures + 1;
  if (failures >= policy.max_attempts()) return Fail(FailureKind::AttemptsUsedUp);
  return RetryAt(execution, task, now + RetryDelay(policy, failures, execution.id, task));
}

void Group::Finish(uint32_t task, AttemptOutcome outcome, const NextStep& step,
                   std::string_view output, std::string_view content_type, std::string_view error) {
  Finish({.time = now_,
          .attempt_seq = execution_.tasks[task].order,
          .wake_at = step.wake_at,
          .output = output,
          .content_type = content_type,
          .error = error,
          .task = task,
          .outcome = outcome,
          .next = step.next,
          .failure = step.failure,
          .timeout = step.timeout});
}

void Group::Finish(const schema::AttemptFinishedFields& fields) {
  const uint64_t seq = out_.next_seq();
  out_.Add(execution_.id, EventType::AttemptFinished, out_.pack().AttemptFinished(fields));
  Shift(TaskState::kRunning, TaskAfter(fields.next));
  if (fields.next == RunNext::Failed) DeadLetter(fields.task, seq);
  if (fields.next == RunNext::Again && fields.wake_at <= now_) Wake(fields.task);
}

void Group::Wake(uint32_t task) {
  out_.Add(execution_.id, EventType::RetriesWoken,
           out_.pack().RetriesWoken(now_, std::span(&task, 1)));
  Shift(TaskState::kPending, TaskState::kReady);
}

void Group::TimeOut(uint32_t task, schema::TimeoutKind kind, std::string_view error) {
  const uint64_t seq = out_.next_seq();
  out_.Add(execution_.id, EventType::RunTimedOut,
           out_.pack().RunTimedOut({.time = now_, .task = task, .timeout = kind, .error = error}));
  Shift(TaskState::kReady, TaskState::kFailed);
  DeadLetter(task, seq);
}

void Group::DeadLetter(uint32_t task, uint64_t cause) {
  out_.Add(execution_.id, EventType::TaskDeadLettered,
           out_.pack().TaskDeadLettered({.time = now_, .cause = cause, .task = task}));
  Shift(TaskState::kFailed, TaskState::kDeadLettered);
}

uint64_t Group::BeginWait(uint32_t task, int64_t ends_at, uint32_t epoch) {
  const uint64_t seq = out_.next_seq();
  out_.Add(execution_.id, EventType::AttemptStarted,
           out_.pack().AttemptStarted({.time = now_,
                                       .deadline = ends_at,
                                       .task = task,
                                       .attempt = execution_.tasks[task].attempts + 1,
                                       .epoch = epoch,
                                       .owner = schema::AttemptOwner::Engine}));
  Shift(TaskState::kReady, TaskState::kRunning);
  return seq;
}

void Group::FinishWait(uint32_t task, uint64_t attempt_seq, uint64_t signal) {
  const bool handles = HandlesEvent(*execution_.definition, task);
  Finish({.time = now_,
          .attempt_seq = attempt_seq,
          .wake_at = handles ? std::max<int64_t>(now_, 1) : 0,
          .task = task,
          .outcome = AttemptOutcome::Success,
          .next = handles ? RunNext::Again : RunNext::Completed,
          .signal = signal});
}

void Group::AddReady(uint32_t completed, uint64_t cause) {
  const bool more = PickReady(completed);
  if (out_.picks().empty()) return;
  for (size_t i = 0; i < out_.picks().size(); ++i) Shift(TaskState::kPending, TaskState::kReady);
  out_.Add(
      execution_.id, EventType::TasksReady,
      out_.pack().TasksReady({.time = now_, .cause = cause, .tasks = out_.picks(), .more = more}));
}

bool Group::NeedsTime(uint32_t task) const {
  return execution_.definition->has_cron() && RunsByCron(*execution_.definition, task);
}

bool Group::AddScheduled() {
  const uint32_t task = execution_.due.head;
  if (task == kNoTask || !NeedsTime(task)) return false;
  out_.Add(execution_.id, EventType::RunScheduled,
           out_.pack().RunScheduled(now_, task, CronTime(*execution_.definition, task, now_)));
  return true;
}

void Group::AddSkipped(uint32_t failed, uint64_t cause) {
  const bool more = PickSkipped(failed);
  AddPickedSkips(cause, schema::SkipCause::Upstream, more);
}

void Group::AddUntaken(uint64_t cause) {
  out_.picks().clear();
  for (uint32_t task = execution_.untaken.head; task != kNoTask && !full();
       task = execution_.tasks[task].next) {
    out_.picks().push_back(task);
  }
  AddPickedSkips(cause, schema::SkipCause::Branch, false);
}

void Group::AddPickedSkips(uint64_t cause, schema::SkipCause skip, bool more) {
  if (out_.picks().empty()) return;
  for (size_t i = 0; i < out_.picks().size(); ++i) Shift(TaskState::kPending, TaskState::kSkipped);
  out_.Add(execution_.id, EventType::TasksSkipped,
           out_.pack().TasksSkipped(
               {.time = now_, .cause = cause, .tasks = out_.picks(), .more = more, .skip = skip}));
}

void Group::AddCancelled(uint32_t first, uint64_t cause) {
  const bool more = PickCancelled(first);
  if (out_.picks().empty()) return;
  for (const uint32_t task : out_.picks()) {
    Shift(execution_.tasks[task].state, TaskState::kCancelled);
  }
  out_.Add(execution_.id, EventType::TasksCancelled,
           out_.pack().TasksCancelled(
               {.time = now_, .cause = cause, .tasks = out_.picks(), .more = more}));
}

void Group::EndIfDone() {
  const auto count = [this](TaskState state) { return counts_[static_cast<size_t>(state)]; };
  const size_t open = size_t{count(TaskState::kPending)} + count(TaskState::kReady) +
                      count(TaskState::kRunning) + count(TaskState::kRetrying);
  const bool runs = execution_.state == ExecutionState::kRunning;
  const size_t closing = runs ? execution_.definition->closing_tasks().size() : 0;
  if (open > closing) return;
  const schema::ExecutionEndedFields fields = {
      .time = now_, .cause = out_.next_seq() - 1, .outcome = FinalOutcome(execution_, counts_)};
  if (closing > 0) {
    out_.Add(execution_.id, EventType::ExecutionFinishing, out_.pack().ExecutionFinishing(fields));
  } else {
    out_.Add(execution_.id, EventType::ExecutionEnded, out_.pack().ExecutionEnded(fields));
  }
}

void Group::Shift(TaskState from, TaskState to) {
  --counts_[static_cast<size_t>(from)];
  ++counts_[static_cast<size_t>(to)];
}

// First what is due already, then what `completed` releases: the order in which Apply lists them.
bool Group::PickReady(uint32_t completed) {
  std::vector<uint32_t>& picks = out_.picks();
  picks.clear();
  for (uint32_t task = execution_.due.head; task != kNoTask; task = execution_.tasks[task].next) {
    if (full() || NeedsTime(task)) return true;
    picks.push_back(task);
  }
  if (completed == kNoTask) return false;
  const Definition& definition = *execution_.definition;
  const auto children = definition.children(completed);
  for (size_t i = 0; i < children.size();) {
    // A dependency may be named twice: such edges stand side by side.
    const uint32_t child = children[i];
    uint32_t edges = 0;
    for (; i < children.size() && children[i] == child; ++i) ++edges;
    const TaskSlot& slot = execution_.tasks[child];
    if (slot.unfinished != edges || slot.state != TaskState::kPending) continue;
    if (slot.skip != schema::SkipCause::Upstream) continue;  // a branch skips it
    if (definition.has_spared() && definition.is_closing(child)) continue;
    if (full() || NeedsTime(child)) return true;
    picks.push_back(child);
  }
  return false;
}

bool Group::PickPending(uint32_t task, uint32_t edge) {
  const auto children = execution_.definition->children(task);
  for (; edge < children.size(); ++edge) {
    const uint32_t child = children[edge];
    if (!IsSkippable(execution_, child)) continue;
    if (full()) {
      // Room is out: is this one new?
      if (out_.picked().Insert(child)) return false;
      continue;
    }
    if (out_.picked().Insert(child)) out_.picks().push_back(child);
  }
  return true;
}

// Breadth first, through tasks skipped before and through those picked here: a cascade never stops at a skipped task.
bool Group::PickSkipped(uint32_t failed) {
  std::vector<uint32_t>& picks = out_.picks();
  picks.clear();
  out_.picked().Begin(execution_.tasks.size());
  uint32_t edge = execution_.failed_edge;
  for (uint32_t task = execution_.failed.head; task != kNoTask;
       task = execution_.tasks[task].next) {
    if (!PickPending(task, edge)) return true;
    edge = 0;
  }
  if (failed != kNoTask && !PickPending(failed, 0)) return true;
  for (size_t i = 0; i < picks.size(); ++i) {
    if (!PickPending(picks[i], 0)) return true;
  }
  return false;
}

bool Group::PickCancelled(uint32_t first) {
  std::vector<uint32_t>& picks = out_.picks();
  picks.clear();
  for (uint32_t task = first; task < execution_.tasks.size(); ++task) {
    if (!IsCancellable(execution_, task)) continue;
    if (full()) return true;
    picks.push_back(task);
  }
  return false;
}

}  // namespace stet::core
