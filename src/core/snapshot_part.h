// One kind of part of a snapshot while it is being filled.
#pragma once

#include <algorithm>
#include <span>

#include <flatbuffers/flatbuffers.h>

#include "core/snapshot.h"

namespace stet::core {

// Calls `visit` with each column that may be left out.
template <class Visit>
void ForEachColumn(fb::SnapshotExecutionsT& c, Visit visit) {
  visit(c.definition);
  visit(c.input_seq);
  visit(c.input_digest);
  visit(c.input_bytes);
  visit(c.state);
  visit(c.cancel_requested);
  visit(c.started_at);
  visit(c.finished_at);
  visit(c.seq);
  visit(c.failed_edge);
  visit(c.cancel_next);
  visit(c.paused);
  visit(c.priority);
  visit(c.to_cancel);
  visit(c.start_at);
  visit(c.parent);
  visit(c.parent_task);
  visit(c.parent_attempt);
  visit(c.schedule);
  visit(c.outcome);
  visit(c.compensate);
  visit(c.parent_item);
}

template <class Visit>
void ForEachColumn(fb::SnapshotTasksT& c, Visit visit) {
  visit(c.task);
  visit(c.state);
  visit(c.run);
  visit(c.failure);
  visit(c.generation);
  visit(c.attempts);
  visit(c.failures);
  visit(c.lost);
  visit(c.epoch);
  visit(c.order);
  visit(c.updated_at);
  visit(c.started_at);
  visit(c.finished_at);
  visit(c.due_at);
  visit(c.output_seq);
  visit(c.output_digest);
  visit(c.output_bytes);
  visit(c.error_seq);
  visit(c.error_digest);
  visit(c.error_bytes);
  visit(c.skip);
  visit(c.branch);
}

template <class Visit>
void ForEachColumn(fb::SnapshotListsT& c, Visit visit) {
  visit(c.failed);
  visit(c.task);
}

template <class Visit>
void ForEachColumn(fb::SnapshotDeadLettersT& c, Visit visit) {
  visit(c.task);
}

template <class Visit>
void ForEachColumn(fb::SnapshotHistoriesT& c, Visit visit) {
  visit(c.task);
  visit(c.generation);
  visit(c.attempt);
  visit(c.epoch);
  visit(c.outcome);
  visit(c.started_at);
  visit(c.finished_at);
  visit(c.error_seq);
  visit(c.error_digest);
  visit(c.error_bytes);
}

template <class Visit>
void ForEachColumn(fb::SnapshotPausesT&, Visit) {}

template <class Visit>
void ForEachColumn(fb::SnapshotTombstonesT& c, Visit visit) {
  visit(c.forget_at);
  visit(c.outcome);
}

template <class Visit>
void ForEachColumn(fb::SnapshotSignalsT& c, Visit visit) {
  visit(c.payload_digest);
  visit(c.payload_bytes);
  visit(c.id_high);
  visit(c.id_low);
}

template <class Visit>
void ForEachColumn(fb::SnapshotStepsT& c, Visit visit) {
  visit(c.task);
  visit(c.occurrence);
  visit(c.result_digest);
  visit(c.result_bytes);
}

template <class Visit>
void ForEachColumn(fb::SnapshotMetadataT& c, Visit visit) {
  visit(c.task);
}

// Under which the state of a task stands among its steps.
inline constexpr std::string_view kStateName = "state";

template <class Visit>
void ForEachColumn(fb::SnapshotRunLimitsT& c, Visit visit) {
  visit(c.task);
  visit(c.close_by);
  visit(c.retry_by);
  visit(c.runs);
  visit(c.items);
}

template <class Visit>
void ForEachColumn(fb::SnapshotKeysT&, Visit) {}

template <class Visit>
void ForEachColumn(fb::SnapshotBreakersT& c, Visit visit) {
  visit(c.state);
  visit(c.failures);
  visit(c.successes);
  visit(c.until);
}

template <class Visit>
void ForEachColumn(fb::SnapshotLeasesT& c, Visit visit) {
  visit(c.task);
}

// Fills parts of `kind`; Columns is the object of its table.
template <class Columns>
class PartWriter {
 public:
  PartWriter(SnapshotPart kind, SnapshotSink sink, size_t part_bytes)
      : kind_(kind), sink_(sink), part_bytes_(part_bytes) {}

  Columns& columns() { return columns_; }

  // After an entry of about `bytes`: hands the part on when it is large enough.
  absl::Status Added(size_t bytes) {
    bytes_ += bytes;
    return bytes_ < part_bytes_ ? absl::OkStatus() : Flush();
  }

  // Hands on what is there.
  absl::Status Flush() {
    if (bytes_ == 0) return absl::OkStatus();
    ForEachColumn(columns_, [](auto& column) {
      const bool zeros = std::all_of(column.begin(), column.end(), [](auto v) { return v == 0; });
      if (zeros) column.clear();
    });
    builder_.Clear();
    builder_.Finish(Columns::TableType::Pack(builder_, &columns_));
    columns_ = Columns();
    bytes_ = 0;
    return sink_(kind_, std::as_bytes(std::span(builder_.GetBufferPointer(), builder_.GetSize())));
  }

 private:
  const SnapshotPart kind_;
  SnapshotSink sink_;
  const size_t part_bytes_;
  size_t bytes_ = 0;
  Columns columns_ = {};
  flatbuffers::FlatBufferBuilder builder_;
};

}  // namespace stet::core
