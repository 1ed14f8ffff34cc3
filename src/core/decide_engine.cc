// Opening an epoch, and storing definitions in chunks.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "core/chunk_writer.h"
#include "core/deciders.h"
#include "core/refusal.h"
#include "core/task_extra.h"
#include "core/workflow_hash.h"

namespace stet::core {
namespace {

using schema::EventType;

}  // namespace

absl::Status DecideOn(const State& state, const OpenEngine& command, int64_t, EventBuffer& out) {
  if (command.epoch <= state.epoch()) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kEpochNotNewer,
                  fmt::format("epoch {} is not above {}", command.epoch, state.epoch()),
                  {{"expected", fmt::format("{}", state.epoch() + 1)},
                   {"actual", fmt::format("{}", command.epoch)}});
  }
  const int64_t wall = absl::ToUnixNanos(command.wall);
  out.Add(
      0, EventType::EngineOpened,
      out.pack().EngineOpened(
          {.time = std::max(state.time_ns(), wall), .wall_time = wall, .epoch = command.epoch}));
  return absl::OkStatus();
}

// One chunk at a time: it goes on where the chunks in the state end, be they of this process or of one that died.
absl::Status DecideOn(const State& state, const DefineWorkflow& command, int64_t now,
                      EventBuffer& out) {
  const PreparedWorkflow& prepared = *command.workflow;
  if (state.FindDefinition(prepared.hash()) != nullptr) return absl::OkStatus();
  const DefinitionBuilder& incoming = state.incoming_definition();
  const bool resumes = incoming.chunks() > 0 && incoming.hash() == prepared.hash();
  const uint32_t index = resumes ? incoming.chunks() : 0;
  const uint32_t first_task = resumes ? incoming.tasks() : 0;
  const size_t first_edge = resumes ? incoming.edges() : 0;

  const std::vector<Task>& tasks = prepared.workflow().tasks;
  ChunkWriter chunk(out.options().part_bytes);
  size_t task = first_task;
  for (; task < tasks.size() && !chunk.full(); ++task) {
    const Task& t = tasks[task];
    chunk.AddTask(t.name, t.config, t.activity, t.priority, StoredPolicy(t));
    if (HasExtra(t)) chunk.AddExtra(StoredExtra(t, static_cast<uint32_t>(task)));
  }
  const size_t edges = task == tasks.size() ? chunk.AddEdges(prepared.child().subspan(first_edge),
                                                             prepared.parent().subspan(first_edge))
                                            : 0;
  out.Add(
      0, EventType::DefinitionChunk,
      chunk.Pack(prepared.hash(), prepared.workflow().name, index, first_task, now, out.pack()));
  if (task < tasks.size() || first_edge + edges < prepared.child().size()) return absl::OkStatus();
  out.Add(0, EventType::DefinitionSealed,
          out.pack().DefinitionSealed({.hash_high = prepared.hash().high,
                                       .hash_low = prepared.hash().low,
                                       .time = now,
                                       .task_count = static_cast<uint32_t>(tasks.size()),
                                       .chunk_count = index + 1}));
  return absl::OkStatus();
}

}  // namespace stet::core
