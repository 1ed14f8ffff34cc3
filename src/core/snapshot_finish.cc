// The end of decoding: what follows from the parts, and whether it is the state that was promised.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "core/digest.h"
#include "core/snapshot_decoder.h"

namespace stet::core {
namespace {

absl::Status Wrong(const std::string& what) { return absl::DataLossError("snapshot: " + what); }

absl::Status CheckCount(const char* what, uint64_t promised, uint64_t found) {
  if (promised == found) return absl::OkStatus();
  return Wrong(fmt::format("expected {} {}, found {}", promised, what, found));
}

struct ReadyTask {
  int32_t priority = 0;
  ReadyQueue::Entry entry = {};
};

}  // namespace

absl::Status SnapshotDecoder::CheckWhole() {
  if (last_ == SnapshotPart::None) return Wrong("no part at all");
  if (definition_.partial() != nullptr) return Wrong("a definition without its end");
  for (const absl::Status& status :
       {CheckCount("definitions", head_.definitions, definitions_.size()),
        CheckCount("executions", head_.executions, state_.executions_.size()),
        CheckCount("dead letters", head_.dead_letters, state_.dead_letters_.size())}) {
    if (!status.ok()) return status;
  }
  if ((head_.incoming_chunks == 0) != (state_.incoming_.partial() == nullptr)) {
    return Wrong("the definition that is being received is missing, or should not be there");
  }
  std::sort(listed_.begin(), listed_.end());
  if (std::adjacent_find(listed_.begin(), listed_.end()) != listed_.end()) {
    return Wrong("a task in two lists");
  }
  const LostCursor& lost = state_.lost_;
  const bool inside = lost.execution < state_.executions_.size() &&
                      lost.task < state_.executions_[lost.execution]->tasks.size();
  if (!lost.done && !inside) return Wrong("the search for lost attempts points outside");
  return absl::OkStatus();
}

// What is not stored: parents to wait for, digests.
void SnapshotDecoder::Derive(Execution& execution) {
  const Definition& definition = *execution.definition;
  for (uint32_t task = 0; task < definition.size(); ++task) {
    TaskSlot& slot = execution.tasks[task];
    const auto parents = definition.parents(task);
    slot.unfinished =
        static_cast<uint32_t>(std::count_if(parents.begin(), parents.end(), [&](uint32_t parent) {
          return execution.tasks[parent].state != TaskState::kCompleted;
        }));
    slot.digest = DigestOf(slot, execution.id, task);
    state_.digest_ += slot.digest;
  }
  execution.digest = DigestOf(execution);
  state_.digest_ += execution.digest;
}

void SnapshotDecoder::FillReadyQueue() {
  std::vector<ReadyTask> ready;
  for (const auto& execution : state_.executions_) {
    if (execution->count(TaskState::kReady) == 0) continue;
    for (uint32_t task = 0; task < execution->tasks.size(); ++task) {
      const TaskSlot& slot = execution->tasks[task];
      if (slot.state != TaskState::kReady) continue;
      ready.push_back({.priority = execution->definition->priority(task),
                       .entry = {.execution = execution.get(), .task = task, .order = slot.order}});
    }
  }
  std::sort(ready.begin(), ready.end(),
            [](const ReadyTask& a, const ReadyTask& b) { return a.entry.order < b.entry.order; });
  for (const ReadyTask& task : ready) state_.ready_.Push(task.priority, task.entry);
}

absl::StatusOr<State> SnapshotDecoder::Finish() {
  if (absl::Status status = CheckWhole(); !status.ok()) return status;
  state_.incoming_.SetChunks(head_.incoming_chunks);
  for (const auto& execution : state_.executions_) Derive(*execution);
  for (const Definition* definition : definitions_) state_.digest_ += DigestOf(*definition);
  for (const DeadLetterRef& letter : state_.dead_letters_) state_.digest_ += DigestOf(letter);
  state_.digest_ += DigestOfEngine(state_);
  if (state_.digest_ != head_.digest) {
    return Wrong(fmt::format("at seq {}: expected digest {:016x}, found {:016x}", head_.seq,
                             head_.digest, state_.digest_));
  }
  FillReadyQueue();
  State done = std::move(state_);
  *this = SnapshotDecoder();
  return done;
}

}  // namespace stet::core
