// What attempts recorded, concurrency keys and circuit breakers into parts of a snapshot.
#include "core/snapshot_notes.h"

#include "base/status_macros.h"
#include "core/snapshot_part.h"

namespace stet::core {
namespace {

void AddStep(uint64_t position, uint32_t task, const StepKeyView& key, const PayloadRef& result,
             fb::SnapshotStepsT& c) {
  c.execution.push_back(position);
  c.task.push_back(task);
  c.names.insert(c.names.end(), key.name.begin(), key.name.end());
  c.name_end.push_back(static_cast<uint32_t>(c.names.size()));
  c.occurrence.push_back(key.occurrence);
  c.result_seq.push_back(result.seq);
  c.result_digest.push_back(result.digest);
  c.result_bytes.push_back(result.bytes);
}

absl::Status Steps(const State& state, SnapshotSink sink, size_t part_bytes) {
  PartWriter<fb::SnapshotStepsT> part(SnapshotPart::Steps, sink, part_bytes);
  for (size_t position = 0; position < state.executions().size(); ++position) {
    for (const auto& [task, notes] : state.executions()[position]->notes.by_task()) {
      if (notes.checkpoint) {
        AddStep(position, task, {.occurrence = 0}, notes.checkpoint, part.columns());
        RETURN_IF_ERROR(part.Added(40));
      }
      if (notes.state) {
        AddStep(position, task, {.name = kStateName, .occurrence = 0}, notes.state, part.columns());
        RETURN_IF_ERROR(part.Added(45));
      }
      for (const auto& [key, result] : notes.steps) {
        const StepKeyView view = {.name = key.name, .occurrence = key.occurrence};
        AddStep(position, task, view, result, part.columns());
        RETURN_IF_ERROR(part.Added(40 + key.name.size()));
      }
    }
  }
  return part.Flush();
}

absl::Status Metadata(const State& state, SnapshotSink sink, size_t part_bytes) {
  PartWriter<fb::SnapshotMetadataT> part(SnapshotPart::Metadata, sink, part_bytes);
  for (size_t position = 0; position < state.executions().size(); ++position) {
    for (const auto& [task, notes] : state.executions()[position]->notes.by_task()) {
      for (const auto& [key, value] : notes.metadata) {
        fb::SnapshotMetadataT& c = part.columns();
        c.execution.push_back(position);
        c.task.push_back(task);
        c.text.insert(c.text.end(), key.begin(), key.end());
        c.key_end.push_back(static_cast<uint32_t>(c.text.size()));
        c.text.insert(c.text.end(), value.begin(), value.end());
        c.value_end.push_back(static_cast<uint32_t>(c.text.size()));
        RETURN_IF_ERROR(part.Added(20 + key.size() + value.size()));
      }
    }
  }
  return part.Flush();
}

absl::Status RunLimits(const State& state, SnapshotSink sink, size_t part_bytes) {
  PartWriter<fb::SnapshotRunLimitsT> part(SnapshotPart::RunLimits, sink, part_bytes);
  for (size_t position = 0; position < state.executions().size(); ++position) {
    for (const auto& [task, notes] : state.executions()[position]->notes.by_task()) {
      const bool none = notes.close_by == 0 && notes.retry_by == 0 && notes.runs == 0;
      if (none && !notes.map.expanded()) continue;
      part.columns().execution.push_back(position);
      part.columns().task.push_back(task);
      part.columns().close_by.push_back(notes.close_by);
      part.columns().retry_by.push_back(notes.retry_by);
      part.columns().runs.push_back(notes.runs);
      part.columns().items.push_back(notes.map.items);
      RETURN_IF_ERROR(part.Added(36));
    }
  }
  return part.Flush();
}

}  // namespace

absl::Status EncodeNotes(const State& state, SnapshotSink sink, size_t part_bytes) {
  RETURN_IF_ERROR(Steps(state, sink, part_bytes));
  RETURN_IF_ERROR(Metadata(state, sink, part_bytes));
  return RunLimits(state, sink, part_bytes);
}

absl::Status EncodeKeys(const State& state, SnapshotSink sink, size_t part_bytes) {
  PartWriter<fb::SnapshotKeysT> part(SnapshotPart::Keys, sink, part_bytes);
  for (size_t position = 0; position < state.executions().size(); ++position) {
    for (const KeyEntry* key : state.executions()[position]->keys) {
      fb::SnapshotKeysT& c = part.columns();
      c.execution.push_back(position);
      c.names.insert(c.names.end(), key->name.begin(), key->name.end());
      c.name_end.push_back(static_cast<uint32_t>(c.names.size()));
      RETURN_IF_ERROR(part.Added(12 + key->name.size()));
    }
  }
  return part.Flush();
}

absl::Status EncodeBreakers(const State& state, SnapshotSink sink, size_t part_bytes) {
  PartWriter<fb::SnapshotBreakersT> part(SnapshotPart::Breakers, sink, part_bytes);
  for (const auto& [name, breaker] : state.breakers()) {
    fb::SnapshotBreakersT& c = part.columns();
    c.names.insert(c.names.end(), name.begin(), name.end());
    c.name_end.push_back(static_cast<uint32_t>(c.names.size()));
    c.state.push_back(static_cast<uint8_t>(breaker.state));
    c.failures.push_back(breaker.failures);
    c.successes.push_back(breaker.successes);
    c.until.push_back(breaker.until);
    c.probes.insert(c.probes.end(), breaker.probes.begin(), breaker.probes.end());
    c.probes_end.push_back(static_cast<uint32_t>(c.probes.size()));
    RETURN_IF_ERROR(part.Added(32 + name.size() + breaker.probes.size() * 8));
  }
  return part.Flush();
}

absl::Status EncodeLeases(const State& state, SnapshotSink sink, size_t part_bytes) {
  PartWriter<fb::SnapshotLeasesT> part(SnapshotPart::Leases, sink, part_bytes);
  for (size_t position = 0; position < state.executions().size(); ++position) {
    for (const auto& [task, notes] : state.executions()[position]->notes.by_task()) {
      if (notes.lease.until == 0) continue;
      fb::SnapshotLeasesT& c = part.columns();
      c.execution.push_back(position);
      c.task.push_back(task);
      c.until.push_back(notes.lease.until);
      c.names.insert(c.names.end(), notes.lease.worker.begin(), notes.lease.worker.end());
      c.name_end.push_back(static_cast<uint32_t>(c.names.size()));
      RETURN_IF_ERROR(part.Added(24 + notes.lease.worker.size()));
    }
  }
  return part.Flush();
}

}  // namespace stet::core
