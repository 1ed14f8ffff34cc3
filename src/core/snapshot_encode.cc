// State into parts: columns, cut where they are large enough.
#include <algorithm>
#include <iterator>
#include <vector>

#include "base/status_macros.h"
#include "core/chunk_writer.h"
#include "core/digest.h"
#include "core/snapshot_notes.h"
#include "core/snapshot_part.h"
#include "core/snapshot_signals.h"

namespace stet::core {
namespace {

class Encoder {
 public:
  Encoder(const State& state, SnapshotSink sink, size_t part_bytes)
      : state_(state), sink_(sink), part_bytes_(part_bytes) {}

  absl::Status Run() {
    RETURN_IF_ERROR(Head());
    for (const auto& [hash, definition] : state_.definitions()) {
      RETURN_IF_ERROR(Sealed(*definition));
    }
    RETURN_IF_ERROR(Incoming());
    RETURN_IF_ERROR(Executions());
    RETURN_IF_ERROR(Tasks());
    RETURN_IF_ERROR(Lists());
    RETURN_IF_ERROR(DeadLetters());
    RETURN_IF_ERROR(Histories());
    RETURN_IF_ERROR(Pauses());
    RETURN_IF_ERROR(Tombstones());
    RETURN_IF_ERROR(EncodeSignals(state_, sink_, part_bytes_));
    RETURN_IF_ERROR(EncodeSchedules(state_, sink_));
    RETURN_IF_ERROR(EncodeNotes(state_, sink_, part_bytes_));
    RETURN_IF_ERROR(EncodeKeys(state_, sink_, part_bytes_));
    RETURN_IF_ERROR(EncodeBreakers(state_, sink_, part_bytes_));
    return EncodeLeases(state_, sink_, part_bytes_);
  }

 private:
  absl::Status Head() {
    const LostCursor& lost = state_.lost_cursor();
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(fb::CreateSnapshotHead(
        builder, state_.seq(), state_.epoch(), state_.time_ns(), state_.digest(), kDigestVersion,
        state_.ready_orders(), lost.execution, lost.task, lost.done,
        static_cast<uint32_t>(state_.definitions().size()), state_.executions().size(),
        state_.dead_letters().size(), state_.incoming_definition().chunks(), state_.engine_paused(),
        HistoryNotes(), HistoryDigest(state_), state_.paused_activities(),
        state_.tombstones().size(), CountSignals(state_), state_.schedules().all().size()));
    return sink_(SnapshotPart::Head,
                 std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  }

  // Answers how many chunks it took, at least one.
  absl::StatusOr<uint32_t> Chunks(SnapshotPart kind, const WorkflowHash& hash,
                                  const Definition& definition, std::span<const uint32_t> child,
                                  std::span<const uint32_t> parent) {
    uint32_t index = 0;
    uint32_t task = 0;
    size_t edge = 0;
    do {
      ChunkWriter chunk(part_bytes_);
      const uint32_t first = task;
      for (; task < definition.declared() && !chunk.full(); ++task) {
        chunk.AddTask(definition.task_name(task), definition.config(task),
                      definition.activity(task), definition.priority(task),
                      definition.policy(task));
        if (const TaskExtra* extra = definition.extra(task)) chunk.AddExtra(*extra);
      }
      if (task == definition.declared())
        edge += chunk.AddEdges(child.subspan(edge), parent.subspan(edge));
      RETURN_IF_ERROR(sink_(kind, chunk.Pack(hash, definition.name(), index++, first, 0, packer_)));
    } while (task < definition.declared() || edge < child.size());
    return index;
  }

  absl::Status Sealed(const Definition& definition) {
    std::vector<uint32_t> child;
    std::vector<uint32_t> parent;
    for (uint32_t task = 0; task < definition.declared(); ++task) {
      for (const uint32_t above : definition.parents(task)) {
        child.push_back(task);
        parent.push_back(above);
      }
    }
    ASSIGN_OR_RETURN(const uint32_t chunks, Chunks(SnapshotPart::Definition, definition.hash(),
                                                   definition, child, parent));
    return sink_(SnapshotPart::Sealed,
                 packer_.DefinitionSealed({.hash_high = definition.hash().high,
                                           .hash_low = definition.hash().low,
                                           .task_count = definition.declared(),
                                           .chunk_count = chunks}));
  }

  absl::Status Incoming() {
    const DefinitionBuilder& incoming = state_.incoming_definition();
    if (incoming.partial() == nullptr) return absl::OkStatus();
    return Chunks(SnapshotPart::Incoming, incoming.hash(), *incoming.partial(), incoming.child(),
                  incoming.parent())
        .status();
  }

  absl::Status Executions() {
    std::vector<const Definition*> definitions;
    for (const auto& [hash, definition] : state_.definitions()) {
      definitions.push_back(definition.get());
    }
    const auto position = [&definitions](const Definition* wanted) {
      const auto at = std::lower_bound(
          definitions.begin(), definitions.end(), wanted,
          [](const Definition* a, const Definition* b) { return a->hash() < b->hash(); });
      return static_cast<uint32_t>(at - definitions.begin());
    };
    PartWriter<fb::SnapshotExecutionsT> part(SnapshotPart::Executions, sink_, part_bytes_);
    for (const auto& owned : state_.executions()) {
      const Execution& e = *owned;
      fb::SnapshotExecutionsT& c = part.columns();
      c.id.push_back(e.id);
      c.definition.push_back(position(e.definition));
      c.keys.insert(c.keys.end(), e.key.begin(), e.key.end());
      c.key_end.push_back(static_cast<uint32_t>(c.keys.size()));
      c.input_seq.push_back(e.input.seq);
      c.input_digest.push_back(e.input.digest);
      c.input_bytes.push_back(e.input.bytes);
      c.state.push_back(static_cast<uint8_t>(e.state));
      c.cancel_requested.push_back(e.cancel_requested ? 1 : 0);
      c.started_at.push_back(e.started_at);
      c.finished_at.push_back(e.finished_at);
      c.seq.push_back(e.seq);
      c.failed_edge.push_back(e.failed_edge);
      c.cancel_next.push_back(e.cancel_next);
      c.paused.push_back(e.paused ? 1 : 0);
      c.priority.push_back(e.priority);
      c.to_cancel.push_back(e.to_cancel ? 1 : 0);
      c.start_at.push_back(e.start_at);
      c.parent.push_back(e.parent.execution);
      c.parent_task.push_back(e.parent.task);
      c.parent_attempt.push_back(e.parent.attempt);
      c.parent_item.push_back(e.parent.item);
      c.schedule.push_back(e.schedule);
      c.outcome.push_back(static_cast<uint8_t>(e.outcome));
      c.compensate.push_back(e.compensate ? 1 : 0);
      RETURN_IF_ERROR(part.Added(112 + e.key.size()));
    }
    return part.Flush();
  }

  static void AddTask(uint64_t execution, uint32_t task, const TaskSlot& s, fb::SnapshotTasksT& c) {
    c.execution.push_back(execution);
    c.task.push_back(task);
    c.state.push_back(static_cast<uint8_t>(s.state));
    c.run.push_back(static_cast<uint8_t>(s.run));
    c.failure.push_back(static_cast<uint8_t>(s.failure));
    c.generation.push_back(s.generation);
    c.attempts.push_back(s.attempts);
    c.failures.push_back(s.failures);
    c.lost.push_back(s.lost);
    c.epoch.push_back(s.epoch);
    c.order.push_back(s.order);
    c.updated_at.push_back(s.updated_at);
    c.started_at.push_back(s.started_at);
    c.finished_at.push_back(s.finished_at);
    c.due_at.push_back(s.due_at);
    c.output_seq.push_back(s.output.seq);
    c.output_digest.push_back(s.output.digest);
    c.output_bytes.push_back(s.output.bytes);
    c.error_seq.push_back(s.error.seq);
    c.error_digest.push_back(s.error.digest);
    c.error_bytes.push_back(s.error.bytes);
    c.skip.push_back(static_cast<uint8_t>(s.skip));
    c.branch.push_back(static_cast<uint8_t>(s.branch));
  }

  absl::Status Tasks() {
    PartWriter<fb::SnapshotTasksT> part(SnapshotPart::Tasks, sink_, part_bytes_);
    for (size_t position = 0; position < state_.executions().size(); ++position) {
      const auto& tasks = state_.executions()[position]->tasks;
      for (uint32_t task = 0; task < tasks.size(); ++task) {
        const TaskSlot& slot = tasks[task];
        if (slot.untouched()) continue;
        AddTask(position, task, slot, part.columns());
        RETURN_IF_ERROR(part.Added(110));
      }
    }
    return part.Flush();
  }

  absl::Status Lists() {
    PartWriter<fb::SnapshotListsT> part(SnapshotPart::Lists, sink_, part_bytes_);
    for (size_t position = 0; position < state_.executions().size(); ++position) {
      const Execution& execution = *state_.executions()[position];
      const TaskList* lists[] = {&execution.due, &execution.failed, &execution.untaken};
      for (uint8_t list = 0; list < std::size(lists); ++list) {
        uint32_t task = lists[list]->head;
        for (; task != kNoTask; task = execution.tasks[task].next) {
          part.columns().execution.push_back(position);
          part.columns().failed.push_back(list);
          part.columns().task.push_back(task);
          RETURN_IF_ERROR(part.Added(13));
        }
      }
    }
    return part.Flush();
  }

  absl::Status DeadLetters() {
    PartWriter<fb::SnapshotDeadLettersT> part(SnapshotPart::DeadLetters, sink_, part_bytes_);
    for (const DeadLetterRef& letter : state_.dead_letters()) {
      part.columns().seq.push_back(letter.seq);
      part.columns().execution.push_back(letter.task.execution);
      part.columns().task.push_back(letter.task.task);
      RETURN_IF_ERROR(part.Added(20));
    }
    return part.Flush();
  }

  uint64_t HistoryNotes() const {
    uint64_t notes = 0;
    for (const auto& execution : state_.executions()) {
      for (const auto& [task, of_task] : execution->history.by_task()) notes += of_task.size();
    }
    return notes;
  }

  static void AddNote(uint64_t position, uint32_t task, const AttemptNote& note,
                      fb::SnapshotHistoriesT& c) {
    c.execution.push_back(position);
    c.task.push_back(task);
    c.seq.push_back(note.seq);
    c.generation.push_back(note.generation);
    c.attempt.push_back(note.attempt);
    c.epoch.push_back(note.epoch);
    c.outcome.push_back(static_cast<uint8_t>(note.outcome));
    c.started_at.push_back(note.started_at);
    c.finished_at.push_back(note.finished_at);
    c.error_seq.push_back(note.error.seq);
    c.error_digest.push_back(note.error.digest);
    c.error_bytes.push_back(note.error.bytes);
  }

  absl::Status Histories() {
    PartWriter<fb::SnapshotHistoriesT> part(SnapshotPart::Histories, sink_, part_bytes_);
    for (size_t position = 0; position < state_.executions().size(); ++position) {
      for (const auto& [task, notes] : state_.executions()[position]->history.by_task()) {
        for (const AttemptNote& note : notes) {
          AddNote(position, task, note, part.columns());
          RETURN_IF_ERROR(part.Added(70));
        }
      }
    }
    return part.Flush();
  }

  absl::Status Pauses() {
    PartWriter<fb::SnapshotPausesT> part(SnapshotPart::Pauses, sink_, part_bytes_);
    for (const auto& [name, number] : state_.activities().by_name()) {
      if (!state_.activities()[number].paused) continue;
      fb::SnapshotPausesT& c = part.columns();
      c.names.insert(c.names.end(), name.begin(), name.end());
      c.name_end.push_back(static_cast<uint32_t>(c.names.size()));
      RETURN_IF_ERROR(part.Added(4 + name.size()));
    }
    return part.Flush();
  }

  absl::Status Tombstones() {
    PartWriter<fb::SnapshotTombstonesT> part(SnapshotPart::Tombstones, sink_, part_bytes_);
    absl::Status status;
    state_.tombstones().ForEach([&](const Tombstone& tombstone) {
      if (!status.ok()) return;
      part.columns().hash_high.push_back(tombstone.key.high);
      part.columns().hash_low.push_back(tombstone.key.low);
      part.columns().forget_at.push_back(tombstone.forget_at);
      part.columns().outcome.push_back(static_cast<uint8_t>(tombstone.outcome));
      status = part.Added(25);
    });
    return status.ok() ? part.Flush() : status;
  }

  const State& state_;
  SnapshotSink sink_;
  const size_t part_bytes_;
  schema::Packer packer_;
};

}  // namespace

absl::Status EncodeSnapshot(const State& state, SnapshotSink sink, size_t part_bytes) {
  return Encoder(state, sink, part_bytes).Run();
}

}  // namespace stet::core
