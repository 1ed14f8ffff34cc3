// Parts of a snapshot that hold what attempts recorded: steps, checkpoints, metadata.
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/snapshot_decoder.h"
#include "core/snapshot_parse.h"
#include "core/snapshot_part.h"
#include "core/task_columns.h"
#include "core/waits.h"

namespace stet::core {

absl::Status SnapshotDecoder::AddSteps(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Steps;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotSteps>(kPart, payload));
  const Column position(t->execution());
  const Column task(t->task());
  const Column name_end(t->name_end());
  const Column occurrence(t->occurrence());
  const PayloadColumns result{Column(t->result_seq()), Column(t->result_digest()),
                              Column(t->result_bytes())};
  const size_t n = CountOf(t->execution());
  if (!(position.Fits(n) && task.Fits(n) && name_end.Fits(n) && occurrence.Fits(n) &&
        result.Fit(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  const std::string_view names = TextOf(t->names());
  size_t begin = 0;
  for (size_t i = 0; i < n; ++i) {
    if (position[i] >= state_.executions_.size() ||
        task[i] >= state_.executions_[position[i]]->tasks.size() || name_end[i] < begin ||
        name_end[i] > names.size() || result[i].seq == 0) {
      return WrongPart(kPart, fmt::format("task {} of the execution at {} points outside", task[i],
                                          position[i]));
    }
    const std::string_view name = names.substr(begin, name_end[i] - begin);
    begin = name_end[i];
    RunNotes& notes = state_.executions_[position[i]]->notes.Of(task[i]);
    bool fits = false;
    if (occurrence[i] == 0) {
      PayloadRef& kept = name.empty() ? notes.checkpoint : notes.state;
      fits = (name.empty() || name == kStateName) && !kept;
      kept = result[i];
    } else if (IsName(name)) {
      StepKey key = {.name = std::string(name), .occurrence = occurrence[i]};
      fits = notes.steps.Add(std::move(key), result[i]);
    }
    if (!fits) {
      return WrongPart(kPart, fmt::format("step {} of task {} of the execution at {} cannot be",
                                          occurrence[i], task[i], position[i]));
    }
  }
  return absl::OkStatus();
}

absl::Status SnapshotDecoder::AddMetadata(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Metadata;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotMetadata>(kPart, payload));
  const Column position(t->execution());
  const Column task(t->task());
  const Column key_end(t->key_end());
  const Column value_end(t->value_end());
  const size_t n = CountOf(t->execution());
  if (!(position.Fits(n) && task.Fits(n) && key_end.Fits(n) && value_end.Fits(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  const std::string_view text = TextOf(t->text());
  size_t begin = 0;
  for (size_t i = 0; i < n; ++i) {
    if (position[i] >= state_.executions_.size() ||
        task[i] >= state_.executions_[position[i]]->tasks.size() || key_end[i] <= begin ||
        value_end[i] < key_end[i] || value_end[i] > text.size()) {
      return WrongPart(kPart, fmt::format("task {} of the execution at {} points outside", task[i],
                                          position[i]));
    }
    RunNotes& notes = state_.executions_[position[i]]->notes.Of(task[i]);
    std::string key(text.substr(begin, key_end[i] - begin));
    std::string value(text.substr(key_end[i], value_end[i] - key_end[i]));
    begin = value_end[i];
    if (!notes.metadata.try_emplace(std::move(key), std::move(value)).second) {
      return WrongPart(kPart, fmt::format("metadata of task {} of the execution at {} twice",
                                          task[i], position[i]));
    }
  }
  return absl::OkStatus();
}

absl::Status SnapshotDecoder::AddRunLimits(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::RunLimits;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotRunLimits>(kPart, payload));
  const Column position(t->execution());
  const Column task(t->task());
  const Column close_by(t->close_by());
  const Column retry_by(t->retry_by());
  const Column runs(t->runs());
  const Column items(t->items());
  const size_t n = CountOf(t->execution());
  if (!(position.Fits(n) && task.Fits(n) && close_by.Fits(n) && retry_by.Fits(n) && runs.Fits(n) &&
        items.Fits(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  for (size_t i = 0; i < n; ++i) {
    if (position[i] >= state_.executions_.size() ||
        task[i] >= state_.executions_[position[i]]->tasks.size()) {
      return WrongPart(kPart, fmt::format("task {} of the execution at {} points outside", task[i],
                                          position[i]));
    }
    RunNotes& notes = state_.executions_[position[i]]->notes.Of(task[i]);
    if (notes.close_by != 0 || notes.retry_by != 0 || notes.runs != 0 || notes.map.expanded() ||
        items[i] > kMapItemsMax + 1) {
      return WrongPart(kPart,
                       fmt::format("task {} of the execution at {} twice", task[i], position[i]));
    }
    notes.close_by = close_by[i];
    notes.retry_by = retry_by[i];
    notes.runs = runs[i];
    notes.map.items = items[i];
  }
  return absl::OkStatus();
}

absl::Status SnapshotDecoder::AddKeys(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Keys;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotKeys>(kPart, payload));
  const Column position(t->execution());
  const Column name_end(t->name_end());
  const size_t n = CountOf(t->name_end());
  if (!(position.Fits(n) && name_end.Fits(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  const std::string_view names = TextOf(t->names());
  size_t begin = 0;
  for (size_t i = 0; i < n; ++i) {
    if (position[i] >= state_.executions_.size() || name_end[i] <= begin ||
        name_end[i] > names.size()) {
      return WrongPart(kPart, fmt::format("the execution at {} points outside", position[i]));
    }
    Execution& execution = *state_.executions_[position[i]];
    execution.keys.push_back(state_.keys_.Use(names.substr(begin, name_end[i] - begin)));
    begin = name_end[i];
  }
  return absl::OkStatus();
}

absl::Status SnapshotDecoder::AddLeases(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Leases;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotLeases>(kPart, payload));
  const Column position(t->execution());
  const Column task(t->task());
  const Column until(t->until());
  const Column name_end(t->name_end());
  const size_t n = CountOf(t->execution());
  if (!(position.Fits(n) && task.Fits(n) && until.Fits(n) && name_end.Fits(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  const std::string_view names = TextOf(t->names());
  size_t begin = 0;
  for (size_t i = 0; i < n; ++i) {
    if (position[i] >= state_.executions_.size() ||
        task[i] >= state_.executions_[position[i]]->tasks.size() || name_end[i] <= begin ||
        name_end[i] > names.size() || until[i] <= 0) {
      return WrongPart(kPart, fmt::format("task {} of the execution at {} points outside", task[i],
                                          position[i]));
    }
    Execution& execution = *state_.executions_[position[i]];
    RunLease& lease = execution.notes.Of(task[i]).lease;
    const TaskSlot& slot = execution.tasks[task[i]];
    if (lease.until != 0 || slot.state != TaskState::kRunning || slot.waits) {
      return WrongPart(kPart, fmt::format("nobody can have task {} of the execution at {}", task[i],
                                          position[i]));
    }
    lease = {.worker = std::string(names.substr(begin, name_end[i] - begin)), .until = until[i]};
    begin = name_end[i];
  }
  return absl::OkStatus();
}

}  // namespace stet::core
