// Builds a state from the parts of a snapshot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "core/snapshot.h"

namespace stet::core {

// Takes parts in order.  It believes nothing of them: each is checked before it is used, and at the
// end the digest of what was built must be the one that the head promises.
class SnapshotDecoder {
 public:
  // Errors: DataLoss, naming the part and what is wrong with it; Unimplemented for a part or a
  // version of the digest that this build does not know.  After an error the decoder is useless.
  absl::Status Add(SnapshotPart part, Bytes payload);

  // The state; then the decoder is empty.
  // Errors: DataLoss when parts are missing or the digest differs.
  absl::StatusOr<State> Finish();

 private:
  absl::Status AddHead(Bytes payload);
  absl::Status AddChunk(SnapshotPart part, Bytes payload);
  absl::Status AddSealed(Bytes payload);
  absl::Status AddExecutions(Bytes payload);
  void ReserveExecutions(size_t n);
  absl::StatusOr<Execution*> AddExecution(uint64_t id, const Definition& definition,
                                          std::string_view key);
  absl::Status AddTasks(Bytes payload);
  absl::Status AddLists(Bytes payload);
  absl::Status AddDeadLetters(Bytes payload);
  absl::Status AddHistories(Bytes payload);
  absl::Status AddPauses(Bytes payload);
  absl::Status AddTombstones(Bytes payload);
  absl::Status AddSignals(Bytes payload);
  absl::Status AddSchedule(Bytes payload);
  absl::Status AddSteps(Bytes payload);
  absl::Status AddMetadata(Bytes payload);
  absl::Status AddRunLimits(Bytes payload);
  absl::Status AddKeys(Bytes payload);
  absl::Status AddBreakers(Bytes payload);
  absl::Status AddLeases(Bytes payload);

  absl::Status CheckWhole();
  absl::Status Link(Execution& execution);
  absl::Status LinkItem(const Execution& execution);
  void Derive(Execution& execution);
  void FillQueues();

  State state_ = {};
  SnapshotPart last_ = SnapshotPart::None;
  fb::SnapshotHeadT head_ = {};
  DefinitionBuilder definition_ = {};
  std::vector<const Definition*> definitions_ = {};
  std::pair<uint64_t, uint32_t> next_task_ = {0, 0};  // the first that may come
  std::vector<std::pair<uint64_t, uint32_t>> listed_ = {};
  uint64_t history_notes_ = 0;
  uint64_t signals_ = 0;
};

}  // namespace stet::core
