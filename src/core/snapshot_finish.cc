// The end of decoding: what follows from the parts, and whether it is the state that was promised.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "core/concurrency_key.h"
#include "core/dependency.h"
#include "core/digest.h"
#include "core/finish.h"
#include "core/schedule_rules.h"
#include "core/snapshot_decoder.h"
#include "core/waits.h"

namespace stet::core {
namespace {

absl::Status Damaged(const std::string& what) { return absl::DataLossError("snapshot: " + what); }

absl::Status CheckCount(const char* what, uint64_t promised, uint64_t found) {
  if (promised == found) return absl::OkStatus();
  return Damaged(fmt::format("expected {} {}, found {}", promised, what, found));
}

}  // namespace

absl::Status SnapshotDecoder::CheckWhole() {
  if (last_ == SnapshotPart::None) return Damaged("no part at all");
  if (definition_.partial() != nullptr) return Damaged("a definition without its end");
  for (const absl::Status& status :
       {CheckCount("definitions", head_.definitions, definitions_.size()),
        CheckCount("executions", head_.executions, state_.executions_.size()),
        CheckCount("dead letters", head_.dead_letters, state_.dead_letters_.size()),
        CheckCount("notes of attempts", head_.history_notes, history_notes_),
        CheckCount("pauses", head_.paused_activities, state_.paused_activities_),
        CheckCount("tombstones", head_.tombstones, state_.tombstones_.size()),
        CheckCount("signals", head_.signals, signals_),
        CheckCount("schedules", head_.schedules, state_.schedules_.all().size())}) {
    if (!status.ok()) return status;
  }
  if ((head_.incoming_chunks == 0) != (state_.incoming_.partial() == nullptr)) {
    return Damaged("the definition that is being received is missing, or should not be there");
  }
  for (const auto& execution : state_.executions_) {
    if (execution->keys.size() == execution->definition->key_patterns().size()) continue;
    return Damaged(
        fmt::format("execution {:016x} has {} keys", execution->id, execution->keys.size()));
  }
  std::sort(listed_.begin(), listed_.end());
  if (std::adjacent_find(listed_.begin(), listed_.end()) != listed_.end()) {
    return Damaged("a task in two lists");
  }
  const LostCursor& lost = state_.lost_;
  const bool inside = lost.execution < state_.executions_.size() &&
                      lost.task < state_.executions_[lost.execution]->tasks.size();
  if (!lost.done && !inside) return Damaged("the search for lost attempts points outside");
  return absl::OkStatus();
}

// Waits, which follow from the definition, and that a child and the task that waits for it know each other.
absl::Status SnapshotDecoder::Link(Execution& execution) {
  const Definition& definition = *execution.definition;
  uint32_t left = execution.count(TaskState::kRunning);
  for (uint32_t task = 0; left > 0; ++task) {
    TaskSlot& slot = execution.tasks[task];
    if (slot.state != TaskState::kRunning) continue;
    --left;
    const Wait wait = WaitOf(execution, task);
    slot.waits = wait != Wait::kNone;
    if (wait != Wait::kSignal) continue;
    if (execution.signals == nullptr) execution.signals = std::make_unique<SignalBox>();
    execution.signals->BeginWait(SignalOf(definition, task), {.attempt = slot.order, .task = task});
  }
  const Parent& parent = execution.parent;
  if (parent.attempt == 0) return absl::OkStatus();
  // It is older, so that its waits are known by now.
  const Execution* above =
      parent.execution < execution.id ? state_.FindExecution(parent.execution) : nullptr;
  const bool there = above != nullptr && parent.task < above->tasks.size();
  if (there && parent.item != 0) return LinkItem(execution);
  const bool waits = there && ChildOf(state_, *above, parent.task) == &execution;
  return waits ? absl::OkStatus()
               : Damaged(fmt::format("nothing waits for execution {:016x}", execution.id));
}

// It stands for an item of a map, which is as far as its items say.
absl::Status SnapshotDecoder::LinkItem(const Execution& execution) {
  const Parent& parent = execution.parent;
  Execution& above = *state_.by_id_.Find(parent.execution);
  if (ItemOf(state_, above, parent.task, parent.item) != &execution) {
    return Damaged(fmt::format("nothing waits for execution {:016x}", execution.id));
  }
  MapProgress& map = above.notes.Of(parent.task).map;
  if (!map.expanded() || parent.item != map.started + 1 || parent.item > map.size()) {
    return Damaged(fmt::format("item {} of a map is out of place", parent.item));
  }
  ++map.started;
  if (!IsTerminal(execution.state)) return absl::OkStatus();
  ++map.ended;
  if (execution.state != ExecutionState::kCompleted) ++map.failed;
  return absl::OkStatus();
}

// What is not stored: parents to wait for, digests.
void SnapshotDecoder::Derive(Execution& execution) {
  const Definition& definition = *execution.definition;
  for (uint32_t task = 0; task < definition.size(); ++task) {
    TaskSlot& slot = execution.tasks[task];
    slot.unfinished = CountUnsettled(execution, task);
    slot.digest = DigestOf(slot, execution.id, task);
    state_.digest_ += slot.digest;
  }
  if (execution.signals != nullptr) {
    state_.digest_ += DigestOf(*execution.signals, execution.id);
  }
  RebuildUndo(execution);
  execution.digest = DigestOf(execution);
  state_.digest_ += execution.digest + DigestOfNotes(execution) + DigestOfKeys(execution);
}

// Who holds its key.
void HoldKeys(const Execution& execution) {
  for (uint32_t task = 0; !execution.keys.empty() && task < execution.tasks.size(); ++task) {
    const uint32_t index = execution.definition->key_index(task);
    if (index == kNoKey || !HoldsKey(execution, task)) continue;
    execution.keys[index]->holders.insert({.execution = execution.id, .task = task});
  }
}

// The ready queue, and how many attempts run of each activity.
void SnapshotDecoder::FillQueues() {
  for (const auto& execution : state_.executions_) {
    HoldKeys(*execution);
    uint32_t left = execution->count(TaskState::kReady) + execution->count(TaskState::kRunning);
    for (uint32_t task = 0; left > 0; ++task) {
      const TaskSlot& slot = execution->tasks[task];
      if (slot.state != TaskState::kReady && slot.state != TaskState::kRunning) continue;
      --left;
      const uint32_t activity = ActivityNumberOf(*execution, task);
      if (slot.state == TaskState::kRunning) {
        ++state_.activities_[activity].running;
      } else if (!execution->held_back()) {
        state_.ready_.Insert(GateOf(*execution, task), execution->effective_priority(task),
                             {.execution = execution.get(), .task = task, .order = slot.order});
      }
    }
  }
}

absl::StatusOr<State> SnapshotDecoder::Finish() {
  if (absl::Status status = CheckWhole(); !status.ok()) return status;
  state_.incoming_.SetChunks(head_.incoming_chunks);
  for (const auto& execution : state_.executions_) {
    if (absl::Status status = Link(*execution); !status.ok()) return status;
    Derive(*execution);
  }
  for (const Definition* definition : definitions_) state_.digest_ += DigestOf(*definition);
  for (const DeadLetterRef& letter : state_.dead_letters_) state_.digest_ += DigestOf(letter);
  state_.digest_ += DigestOfEngine(state_) + DigestOfSwitch(state_);
  for (uint32_t i = 0; i < state_.activities_.size(); ++i) {
    state_.digest_ += DigestOfPause(state_.activities_[i]);
  }
  for (const auto& [seq, schedule] : state_.schedules_.all()) {
    schedule->digest = DigestOf(*schedule);
    state_.digest_ += schedule->digest;
    state_.schedules_.Index(*schedule, HasTurn(state_, *schedule));
  }
  for (const auto& breaker : state_.breakers_) state_.digest_ += DigestOf(breaker);
  state_.tombstones_.ForEach([this](const Tombstone& t) { state_.digest_ += DigestOf(t); });
  if (state_.digest_ != head_.digest) {
    return Damaged(fmt::format("at seq {}: expected digest {:016x}, found {:016x}", head_.seq,
                               head_.digest, state_.digest_));
  }
  const uint64_t found = history_notes_ == 0 ? 0 : HistoryDigest(state_);
  if (found != head_.history_digest) {
    return Damaged(fmt::format("histories: expected digest {:016x}, found {:016x}",
                               head_.history_digest, found));
  }
  FillQueues();
  State done = std::move(state_);
  *this = SnapshotDecoder();
  return done;
}

}  // namespace stet::core
