// Parts of a snapshot, each checked before it is used.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/column.h"
#include "core/digest.h"
#include "core/editor.h"
#include "core/payload_ref.h"
#include "core/snapshot_decoder.h"
#include "core/snapshot_parse.h"
#include "core/task_columns.h"
#include "schema/parse.h"

namespace stet::core {
absl::Status SnapshotDecoder::Add(SnapshotPart part, Bytes payload) {
  // Definitions alternate with their ends; all else only goes forward.
  const bool next_definition = part == SnapshotPart::Definition && last_ == SnapshotPart::Sealed;
  const bool first = last_ == SnapshotPart::None;
  if (first != (part == SnapshotPart::Head) || (part < last_ && !next_definition)) {
    return WrongPart(part, fmt::format("stands behind {}", fb::EnumNameSnapshotPart(last_)));
  }
  last_ = part;
  switch (part) {
    case SnapshotPart::None:
      break;
    case SnapshotPart::Head:
      return AddHead(payload);
    case SnapshotPart::Definition:
    case SnapshotPart::Incoming:
      return AddChunk(part, payload);
    case SnapshotPart::Sealed:
      return AddSealed(payload);
    case SnapshotPart::Executions:
      return AddExecutions(payload);
    case SnapshotPart::Tasks:
      return AddTasks(payload);
    case SnapshotPart::Lists:
      return AddLists(payload);
    case SnapshotPart::DeadLetters:
      return AddDeadLetters(payload);
    case SnapshotPart::Histories:
      return AddHistories(payload);
    case SnapshotPart::Pauses:
      return AddPauses(payload);
    case SnapshotPart::Tombstones:
      return AddTombstones(payload);
    case SnapshotPart::Signals:
      return AddSignals(payload);
    case SnapshotPart::Schedule:
      return AddSchedule(payload);
    case SnapshotPart::Steps:
      return AddSteps(payload);
    case SnapshotPart::Metadata:
      return AddMetadata(payload);
    case SnapshotPart::RunLimits:
      return AddRunLimits(payload);
    case SnapshotPart::Keys:
      return AddKeys(payload);
    case SnapshotPart::Breakers:
      return AddBreakers(payload);
    case SnapshotPart::Leases:
      return AddLeases(payload);
  }
  return absl::UnimplementedError(
      fmt::format("snapshot: part {} is unknown", static_cast<int>(part)));
}

absl::Status SnapshotDecoder::AddHead(Bytes payload) {
  ASSIGN_OR_RETURN(const auto* head, ParsePart<fb::SnapshotHead>(SnapshotPart::Head, payload));
  head->UnPackTo(&head_);
  if (head_.digest_version != kDigestVersion) {
    return absl::UnimplementedError(fmt::format("snapshot: digest of version {}, this build has {}",
                                                head_.digest_version, kDigestVersion));
  }
  state_.seq_ = head_.seq;
  state_.epoch_ = head_.epoch;
  state_.time_ns_ = head_.time;
  state_.ready_orders_ = head_.ready_orders;
  state_.engine_paused_ = head_.engine_paused;
  state_.lost_ = {
      .execution = head_.lost_execution, .task = head_.lost_task, .done = head_.lost_done};
  return absl::OkStatus();
}

absl::Status SnapshotDecoder::AddChunk(SnapshotPart part, Bytes payload) {
  ASSIGN_OR_RETURN(const auto* chunk, schema::Parse<fb::DefinitionChunk>(payload));
  const bool incoming = part == SnapshotPart::Incoming;
  const absl::Status added = (incoming ? state_.incoming_ : definition_).Add(*chunk);
  return added.ok() ? added : WrongPart(part, std::string(added.message()));
}

absl::Status SnapshotDecoder::AddSealed(Bytes payload) {
  ASSIGN_OR_RETURN(const auto* sealed, schema::Parse<fb::DefinitionSealed>(payload));
  auto definition = definition_.Seal(*sealed);
  if (!definition.ok()) {
    return WrongPart(SnapshotPart::Sealed, std::string(definition.status().message()));
  }
  const WorkflowHash hash = (*definition)->hash();
  if (!definitions_.empty() && hash <= definitions_.back()->hash()) {
    return WrongPart(SnapshotPart::Sealed, "definitions are not in order");
  }
  state_.Number(**definition);
  definitions_.push_back(definition->get());
  state_.definitions_.emplace(hash, *std::move(definition));
  return absl::OkStatus();
}

namespace {

// What ties executions to others and to time.
struct LinkColumns {
  explicit LinkColumns(const fb::SnapshotExecutions& t)
      : to_cancel(t.to_cancel()),
        start_at(t.start_at()),
        parent(t.parent()),
        task(t.parent_task()),
        attempt(t.parent_attempt()),
        item(t.parent_item()),
        schedule(t.schedule()) {}
  bool Fit(size_t n) const {
    return to_cancel.Fits(n) && start_at.Fits(n) && parent.Fits(n) && task.Fits(n) &&
           attempt.Fits(n) && item.Fits(n) && schedule.Fits(n);
  }
  Parent Of(size_t i) const {
    return {.execution = parent[i], .task = task[i], .attempt = attempt[i], .item = item[i]};
  }
  Column<uint8_t> to_cancel;
  Column<int64_t> start_at;
  Column<uint64_t> parent;
  Column<uint32_t> task;
  Column<uint64_t> attempt;
  Column<uint32_t> item;
  Column<uint64_t> schedule;
};

}  // namespace

absl::Status SnapshotDecoder::AddExecutions(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Executions;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotExecutions>(kPart, payload));
  const Column id(t->id());
  const Column definition(t->definition());
  const Column key_end(t->key_end());
  const PayloadColumns input{Column(t->input_seq()), Column(t->input_digest()),
                             Column(t->input_bytes())};
  const Column state(t->state());
  const Column cancel(t->cancel_requested());
  const Column started_at(t->started_at());
  const Column finished_at(t->finished_at());
  const Column seq(t->seq());
  const Column failed_edge(t->failed_edge());
  const Column cancel_next(t->cancel_next());
  const Column paused(t->paused());
  const Column priority(t->priority());
  const LinkColumns links(*t);
  const Column outcome(t->outcome());
  const Column compensate(t->compensate());
  const size_t n = CountOf(t->id());
  if (!(id.Fits(n) && definition.Fits(n) && key_end.Fits(n) && input.Fit(n) && state.Fits(n) &&
        cancel.Fits(n) && started_at.Fits(n) && finished_at.Fits(n) && seq.Fits(n) &&
        failed_edge.Fits(n) && cancel_next.Fits(n) && paused.Fits(n) && priority.Fits(n) &&
        links.Fit(n) && outcome.Fits(n) && compensate.Fits(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  ReserveExecutions(n);
  const std::string_view keys = TextOf(t->keys());
  size_t key_begin = 0;
  for (size_t i = 0; i < n; ++i) {
    if (definition[i] >= definitions_.size() || key_end[i] <= key_begin ||
        key_end[i] > keys.size() || state[i] >= kExecutionStateCount ||
        outcome[i] > static_cast<uint8_t>(schema::ExecutionOutcome::MAX)) {
      return WrongPart(kPart, fmt::format("execution {:016x} points outside", id[i]));
    }
    ASSIGN_OR_RETURN(Execution* const execution,
                     AddExecution(id[i], *definitions_[definition[i]],
                                  keys.substr(key_begin, key_end[i] - key_begin)));
    execution->input = input[i];
    execution->state = static_cast<ExecutionState>(state[i]);
    execution->outcome = static_cast<schema::ExecutionOutcome>(outcome[i]);
    execution->cancel_requested = cancel[i] != 0;
    execution->compensate = compensate[i] != 0;
    execution->paused = paused[i] != 0;
    execution->priority = priority[i];
    execution->to_cancel = links.to_cancel[i] != 0;
    execution->start_at = links.start_at[i];
    execution->parent = links.Of(i);
    execution->schedule = links.schedule[i];
    execution->started_at = started_at[i];
    execution->finished_at = finished_at[i];
    execution->seq = seq[i];
    execution->failed_edge = failed_edge[i];
    execution->cancel_next = cancel_next[i];
    if (IsTerminal(execution->state)) {
      state_.ended_.emplace(execution->finished_at, execution->id);
    } else {
      ++state_.live_executions_;
    }
    key_begin = key_end[i];
  }
  return absl::OkStatus();
}

// A part holds `n` of them.  What the head promises is believed as far as that makes it likely.
void SnapshotDecoder::ReserveExecutions(size_t n) {
  constexpr uint64_t kParts = 128;
  if (!state_.executions_.empty()) return;
  const auto count = static_cast<size_t>(std::min<uint64_t>(head_.executions, n * kParts));
  state_.executions_.Reserve(count);
  state_.by_id_.Reserve(count);
  state_.by_key_.Reserve(count);
}

absl::StatusOr<Execution*> SnapshotDecoder::AddExecution(uint64_t id, const Definition& definition,
                                                         std::string_view key) {
  const uint64_t before = state_.executions_.empty() ? 0 : state_.executions_.back()->id;
  if (id <= before || id > head_.seq) {
    return WrongPart(
        SnapshotPart::Executions,
        fmt::format("execution {:016x} behind {:016x}, at seq {}", id, before, head_.seq));
  }
  Execution& execution = state_.executions_.Add(definition.size());
  execution.id = id;
  execution.definition = &definition;
  execution.key = key;
  execution.counts[static_cast<size_t>(TaskState::kPending)] = definition.size();
  if (!state_.by_key_.Insert(execution)) {
    return WrongPart(SnapshotPart::Executions, fmt::format("key '{}' twice", key));
  }
  state_.by_id_.Insert(id, &execution);
  return &execution;
}

absl::Status SnapshotDecoder::AddTasks(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Tasks;
  ASSIGN_OR_RETURN(const auto* table, ParsePart<fb::SnapshotTasks>(kPart, payload));
  const TaskColumns columns(*table);
  if (!columns.Fit()) return WrongPart(kPart, "columns of different length");
  for (size_t i = 0; i < columns.entries; ++i) {
    const std::pair<uint64_t, uint32_t> place = {columns.execution[i], columns.task[i]};
    const bool inside = place.first < state_.executions_.size() &&
                        place.second < state_.executions_[place.first]->tasks.size();
    if (!inside || place < next_task_ || !columns.Known(i)) {
      return WrongPart(kPart, fmt::format("task {} of the execution at {} cannot be", place.second,
                                          place.first));
    }
    next_task_ = {place.first, place.second + 1};
    Execution& execution = *state_.executions_[place.first];
    TaskSlot& slot = execution.tasks[place.second];
    --execution.counts[static_cast<size_t>(slot.state)];
    slot = columns.Slot(i);
    execution.generation = std::max(execution.generation, slot.generation);
    ++execution.counts[static_cast<size_t>(slot.state)];
  }
  return absl::OkStatus();
}

absl::Status SnapshotDecoder::AddLists(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Lists;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotLists>(kPart, payload));
  const Column position(t->execution());
  const Column failed(t->failed());
  const Column task(t->task());
  const size_t n = CountOf(t->execution());
  if (!(position.Fits(n) && failed.Fits(n) && task.Fits(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  for (size_t i = 0; i < n; ++i) {
    if (position[i] >= state_.executions_.size() ||
        task[i] >= state_.executions_[position[i]]->tasks.size()) {
      return WrongPart(kPart, fmt::format("task {} of the execution at {} points outside", task[i],
                                          position[i]));
    }
    Execution& execution = *state_.executions_[position[i]];
    TaskList* lists[] = {&execution.due, &execution.failed, &execution.untaken};
    if (failed[i] >= std::size(lists)) return WrongPart(kPart, "an unknown list");
    PushBack(execution, *lists[failed[i]], task[i]);
    listed_.emplace_back(position[i], task[i]);
  }
  return absl::OkStatus();
}

absl::Status SnapshotDecoder::AddDeadLetters(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::DeadLetters;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotDeadLetters>(kPart, payload));
  const Column seq(t->seq());
  const Column id(t->execution());
  const Column task(t->task());
  const size_t n = CountOf(t->seq());
  if (!(seq.Fits(n) && id.Fits(n) && task.Fits(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  for (size_t i = 0; i < n; ++i) {
    const Execution* execution = state_.FindExecution(id[i]);
    if (execution == nullptr || task[i] >= execution->tasks.size()) {
      return WrongPart(kPart,
                       fmt::format("task {} of execution {:016x} is not there", task[i], id[i]));
    }
    state_.dead_letters_.push_back({.seq = seq[i], .task = {.execution = id[i], .task = task[i]}});
  }
  return absl::OkStatus();
}

}  // namespace stet::core
