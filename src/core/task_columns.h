// The columns of tasks in a snapshot, read without trust.
#pragma once

#include "core/column.h"
#include "core/execution.h"
#include "schema/snapshot.fbs.h"

namespace stet::core {

struct PayloadColumns {
  Column<uint64_t> seq, digest;
  Column<uint32_t> bytes;
  bool Fit(size_t n) const { return seq.Fits(n) && digest.Fits(n) && bytes.Fits(n); }
  PayloadRef operator[](size_t i) const {
    return {.seq = seq[i], .digest = digest[i], .bytes = bytes[i]};
  }
};

// What stands in one SnapshotTasks.
struct TaskColumns {
  explicit TaskColumns(const fb::SnapshotTasks& t)
      : entries(t.execution() == nullptr ? 0 : t.execution()->size()),
        execution(t.execution()),
        task(t.task()),
        state(t.state()),
        run(t.run()),
        failure(t.failure()),
        generation(t.generation()),
        attempts(t.attempts()),
        failures(t.failures()),
        lost(t.lost()),
        epoch(t.epoch()),
        order(t.order()),
        updated_at(t.updated_at()),
        started_at(t.started_at()),
        finished_at(t.finished_at()),
        due_at(t.due_at()),
        output{Column(t.output_seq()), Column(t.output_digest()), Column(t.output_bytes())},
        error{Column(t.error_seq()), Column(t.error_digest()), Column(t.error_bytes())},
        skip(t.skip()),
        branch(t.branch()) {}

  bool Fit() const {
    const size_t n = entries;
    return execution.Fits(n) && task.Fits(n) && state.Fits(n) && run.Fits(n) && failure.Fits(n) &&
           generation.Fits(n) && attempts.Fits(n) && failures.Fits(n) && lost.Fits(n) &&
           epoch.Fits(n) && order.Fits(n) && updated_at.Fits(n) && started_at.Fits(n) &&
           finished_at.Fits(n) && due_at.Fits(n) && output.Fit(n) && error.Fit(n) && skip.Fits(n) &&
           branch.Fits(n);
  }

  // Whether the enumerations of entry `i` are.
  bool Known(size_t i) const {
    return state[i] < kTaskStateCount && run[i] < kRunStateCount &&
           failure[i] <= static_cast<uint8_t>(schema::FailureKind::MAX) &&
           skip[i] <= static_cast<uint8_t>(schema::SkipCause::MAX) &&
           branch[i] <= static_cast<uint8_t>(schema::Branch::MAX);
  }

  TaskSlot Slot(size_t i) const {
    TaskSlot slot = {.state = static_cast<TaskState>(state[i]),
                     .run = static_cast<RunState>(run[i]),
                     .failure = static_cast<schema::FailureKind>(failure[i]),
                     .generation = generation[i],
                     .attempts = attempts[i],
                     .failures = failures[i],
                     .lost = lost[i],
                     .epoch = epoch[i],
                     .order = order[i],
                     .updated_at = updated_at[i],
                     .started_at = started_at[i],
                     .finished_at = finished_at[i],
                     .due_at = due_at[i],
                     .output = output[i],
                     .error = error[i]};
    slot.skip = static_cast<schema::SkipCause>(skip[i]);
    slot.branch = static_cast<schema::Branch>(branch[i]);
    return slot;
  }

  size_t entries;
  Column<uint64_t> execution;
  Column<uint32_t> task;
  Column<uint8_t> state, run, failure;
  Column<uint32_t> generation, attempts, failures, lost, epoch;
  Column<uint64_t> order;
  Column<int64_t> updated_at, started_at, finished_at, due_at;
  PayloadColumns output, error;
  Column<uint8_t> skip, branch;
};

}  // namespace stet::core
