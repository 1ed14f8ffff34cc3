// Parts of a snapshot that came later: histories of attempts, pauses, tombstones.
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/digest.h"
#include "core/snapshot_decoder.h"
#include "core/snapshot_parse.h"
#include "core/task_columns.h"

namespace stet::core {

absl::Status SnapshotDecoder::AddHistories(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Histories;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotHistories>(kPart, payload));
  const Column position(t->execution());
  const Column task(t->task());
  const Column seq(t->seq());
  const Column generation(t->generation());
  const Column attempt(t->attempt());
  const Column epoch(t->epoch());
  const Column outcome(t->outcome());
  const Column started_at(t->started_at());
  const Column finished_at(t->finished_at());
  const PayloadColumns error{Column(t->error_seq()), Column(t->error_digest()),
                             Column(t->error_bytes())};
  const size_t n = CountOf(t->seq());
  if (!(position.Fits(n) && task.Fits(n) && seq.Fits(n) && generation.Fits(n) && attempt.Fits(n) &&
        epoch.Fits(n) && outcome.Fits(n) && started_at.Fits(n) && finished_at.Fits(n) &&
        error.Fit(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  for (size_t i = 0; i < n; ++i) {
    if (position[i] >= state_.executions_.size() ||
        task[i] >= state_.executions_[position[i]]->tasks.size() ||
        outcome[i] > static_cast<uint8_t>(schema::AttemptOutcome::MAX)) {
      return WrongPart(kPart, fmt::format("task {} of the execution at {} points outside", task[i],
                                          position[i]));
    }
    state_.executions_[position[i]]->history.Add(
        task[i], {.seq = seq[i],
                  .generation = generation[i],
                  .attempt = attempt[i],
                  .epoch = epoch[i],
                  .outcome = static_cast<schema::AttemptOutcome>(outcome[i]),
                  .started_at = started_at[i],
                  .finished_at = finished_at[i],
                  .error = error[i]});
    ++history_notes_;
  }
  return absl::OkStatus();
}

absl::Status SnapshotDecoder::AddPauses(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Pauses;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotPauses>(kPart, payload));
  const Column end(t->name_end());
  const size_t n = CountOf(t->name_end());
  if (!end.Fits(n)) return WrongPart(kPart, "columns that cannot be read");
  const std::string_view names = TextOf(t->names());
  size_t begin = 0;
  for (size_t i = 0; i < n; ++i) {
    if (end[i] <= begin || end[i] > names.size()) return WrongPart(kPart, "a name points outside");
    ActivityTable& table = state_.activities_;
    ActivityEntry& activity = table[table.Intern(names.substr(begin, end[i] - begin))];
    if (activity.paused) {
      return WrongPart(kPart, fmt::format("activity '{}' twice", activity.name));
    }
    activity.paused = true;
    ++state_.paused_activities_;
    begin = end[i];
  }
  return absl::OkStatus();
}

absl::Status SnapshotDecoder::AddTombstones(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Tombstones;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotTombstones>(kPart, payload));
  const Column high(t->hash_high());
  const Column low(t->hash_low());
  const Column forget_at(t->forget_at());
  const Column outcome(t->outcome());
  const size_t n = CountOf(t->hash_high());
  if (!(high.Fits(n) && low.Fits(n) && forget_at.Fits(n) && outcome.Fits(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  for (size_t i = 0; i < n; ++i) {
    const Tombstone tombstone = {.key = {.high = high[i], .low = low[i]},
                                 .forget_at = forget_at[i],
                                 .outcome = static_cast<ExecutionState>(outcome[i])};
    if (outcome[i] >= kExecutionStateCount || state_.tombstones_.Find(tombstone.key) != nullptr) {
      return WrongPart(kPart, fmt::format("tombstone {:016x}{:016x} cannot be", high[i], low[i]));
    }
    state_.tombstones_.Add(tombstone);
  }
  return absl::OkStatus();
}

}  // namespace stet::core
