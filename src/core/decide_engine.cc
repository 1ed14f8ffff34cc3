// Opening an epoch, and storing definitions in chunks.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "core/deciders.h"
#include "core/refusal.h"
#include "core/workflow_hash.h"

namespace stet::core {
namespace {

using schema::EventType;

// One chunk under construction.
class ChunkWriter {
 public:
  ChunkWriter(const PreparedWorkflow& workflow, size_t bytes_max)
      : workflow_(workflow), bytes_max_(bytes_max) {}

  bool full() const { return bytes_ >= bytes_max_; }

  void AddTask(const Task& task) {
    text_ += task.name;
    name_end_.push_back(static_cast<uint32_t>(text_.size()));
    text_ += task.config;
    config_end_.push_back(static_cast<uint32_t>(text_.size()));
    activity_.push_back(ActivityIndex(task.activity));
    policy_.push_back(PolicyIndex(StoredPolicy(task)));
    priority_.push_back(task.priority);
    bytes_ += task.name.size() + task.config.size() + 20;
  }

  // Takes edges from `first` on; answers how many.
  size_t AddEdges(size_t first) {
    const size_t room = full() ? 0 : (bytes_max_ - bytes_) / 8 + 1;
    const size_t count = std::min(room, workflow_.child().size() - first);
    child_ = workflow_.child().subspan(first, count);
    parent_ = workflow_.parent().subspan(first, count);
    return count;
  }

  Bytes Pack(uint32_t index, uint32_t first_task, int64_t now, schema::Packer& pack) const {
    return pack.DefinitionChunk(
        {.hash_high = workflow_.hash().high,
         .hash_low = workflow_.hash().low,
         .time = now,
         .index = index,
         .name = index == 0 ? workflow_.workflow().name : std::string_view(),
         .first_task = first_task,
         .task_name_end = name_end_,
         .config_end = config_end_,
         .text = text_,
         .activity = activity_,
         .policy = policy_,
         .priority = priority_,
         .activities = activities_,
         .policies = policies_,
         .child = child_,
         .parent = parent_});
  }

 private:
  uint32_t ActivityIndex(const std::string& name) {
    const auto next = static_cast<uint32_t>(activities_.size());
    const auto [it, inserted] = activity_index_.emplace(name, next);
    if (inserted) {
      activities_.push_back(name);
      bytes_ += name.size() + 16;
    }
    return it->second;
  }

  uint32_t PolicyIndex(const fb::TaskPolicy& p) {
    const auto next = static_cast<uint32_t>(policies_.size());
    const auto [it, inserted] =
        policy_index_.emplace(std::tuple(p.base(), p.cap(), p.factor(), p.jitter(), p.timeout(),
                                         p.max_attempts(), p.max_lost(), p.backoff()),
                              next);
    if (inserted) {
      policies_.push_back(p);
      bytes_ += sizeof(p);
    }
    return it->second;
  }

  using PolicyKey =
      std::tuple<int64_t, int64_t, double, double, int64_t, uint32_t, uint32_t, uint8_t>;
  const PreparedWorkflow& workflow_;
  const size_t bytes_max_;
  size_t bytes_ = 0;
  std::string text_ = {};
  std::vector<uint32_t> name_end_ = {};
  std::vector<uint32_t> config_end_ = {};
  std::vector<uint32_t> activity_ = {};
  std::vector<uint32_t> policy_ = {};
  std::vector<int32_t> priority_ = {};
  std::vector<std::string> activities_ = {};
  std::vector<fb::TaskPolicy> policies_ = {};
  std::map<std::string, uint32_t> activity_index_ = {};
  std::map<PolicyKey, uint32_t> policy_index_ = {};
  std::span<const uint32_t> child_ = {};
  std::span<const uint32_t> parent_ = {};
};

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
  ChunkWriter chunk(prepared, out.options().part_bytes);
  size_t task = first_task;
  while (task < tasks.size() && !chunk.full()) chunk.AddTask(tasks[task++]);
  const size_t edges = task == tasks.size() ? chunk.AddEdges(first_edge) : 0;
  out.Add(0, EventType::DefinitionChunk, chunk.Pack(index, first_task, now, out.pack()));
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
