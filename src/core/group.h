// The events that a command causes for one execution, and what its counts will be after them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/event_buffer.h"
#include "core/state.h"

namespace stet::core {

// What becomes of a run whose attempt ended.
struct NextStep {
  schema::RunNext next = schema::RunNext::Completed;
  schema::FailureKind failure = schema::FailureKind::None;
  int64_t wake_at = 0;
  schema::TimeoutKind timeout = schema::TimeoutKind::StartToClose;  // of an attempt that timed out
};

// `execution` must run or finish.
class Group {
 public:
  Group(const Execution& execution, int64_t now, EventBuffer& out)
      : execution_(execution), now_(now), out_(out), counts_(execution.counts) {}

  // The attempt that runs `task` ended, and what follows for the task itself: a failed one is dead-lettered.
  void Finish(uint32_t task, schema::AttemptOutcome outcome, const NextStep& step,
              std::string_view output, std::string_view content_type, std::string_view error);

  // An attempt of the ready `task` begins, whose owner is the engine; the seq of its start.
  uint64_t BeginWait(uint32_t task, int64_t ends_at, uint32_t epoch);
  // The attempt that began as event `attempt_seq`, maybe in this group, completed with the payload of `signal`.
  void FinishWait(uint32_t task, uint64_t attempt_seq, uint64_t signal);
  // The run of `task`, which is ready, did not start in time: it is dead-lettered.
  void TimeOut(uint32_t task, schema::TimeoutKind kind, std::string_view error);

  const Execution& execution() const { return execution_; }

  // The next part of what is to become ready, after `completed` completed in this group (kNoTask: none did).
  void AddReady(uint32_t completed, uint64_t cause);
  // If the first of what is to become ready runs by cron: its time.  Then nothing else is added.
  bool AddScheduled();
  // The next part of the skip cascade, after `failed` failed in this group (kNoTask: none did).
  void AddSkipped(uint32_t failed, uint64_t cause);
  // The next part of what branches that were not taken skip.
  void AddUntaken(uint64_t cause);
  // The next part of a cancellation, from task `first` on.
  void AddCancelled(uint32_t first, uint64_t cause);

  // Ends the execution if every task is in a final state; if closing tasks are left, begins to finish it.
  void EndIfDone();

 private:
  void Finish(const schema::AttemptFinishedFields& fields);
  // Its next run begins at once.
  void Wake(uint32_t task);
  void Shift(TaskState from, TaskState to);
  // The task failed by the event `cause`.
  void DeadLetter(uint32_t task, uint64_t cause);
  // Whether it runs by cron: it becomes ready at a time of its own.
  bool NeedsTime(uint32_t task) const;
  // Fills picks(); true if something was left out.
  bool PickReady(uint32_t completed);
  bool PickSkipped(uint32_t failed);
  bool PickCancelled(uint32_t first);
  // Emits TasksSkipped for picks().
  void AddPickedSkips(uint64_t cause, schema::SkipCause skip, bool more);
  // The dependents of `task` from `edge` on that are pending and not picked; false when there is no more room.
  bool PickPending(uint32_t task, uint32_t edge);
  bool full() { return out_.picks().size() >= out_.options().part_tasks; }

  const Execution& execution_;
  const int64_t now_;
  EventBuffer& out_;
  std::array<uint32_t, kTaskStateCount> counts_;
};

// The step after an attempt of `task` that ended with `outcome`: by its budgets, its policy and whether it was cancelled.
NextStep DecideNextStep(const Execution& execution, uint32_t task, schema::AttemptOutcome outcome,
                        bool retryable, int64_t now);

}  // namespace stet::core
