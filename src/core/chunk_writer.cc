// Chunks with their dictionaries of activities and policies.
#include "core/chunk_writer.h"

#include <algorithm>

namespace stet::core {

void ChunkWriter::AddTask(std::string_view name, std::string_view config, std::string_view activity,
                          int32_t priority, const fb::TaskPolicy& policy) {
  text_ += name;
  name_end_.push_back(static_cast<uint32_t>(text_.size()));
  text_ += config;
  config_end_.push_back(static_cast<uint32_t>(text_.size()));
  activity_.push_back(ActivityIndex(activity));
  policy_.push_back(PolicyIndex(policy));
  priority_.push_back(priority);
  bytes_ += name.size() + config.size() + 20;
}

void ChunkWriter::AddExtra(const fb::TaskExtraT& extra) {
  extras_.push_back(extra);
  bytes_ += 100 + extra.operand.size() + extra.value_pointer.size();
  for (const auto* names : {&extra.then_tasks, &extra.else_tasks}) {
    for (const std::string& name : *names) bytes_ += name.size() + 8;
  }
}

size_t ChunkWriter::AddEdges(std::span<const uint32_t> child, std::span<const uint32_t> parent) {
  const size_t room = full() ? 0 : (bytes_max_ - bytes_) / 8 + 1;
  const size_t count = std::min(room, child.size());
  child_ = child.first(count);
  parent_ = parent.first(count);
  bytes_ += count * 8;
  return count;
}

schema::Bytes ChunkWriter::Pack(const WorkflowHash& hash, std::string_view name, uint32_t index,
                                uint32_t first_task, int64_t time, schema::Packer& pack) const {
  return pack.DefinitionChunk({.hash_high = hash.high,
                               .hash_low = hash.low,
                               .time = time,
                               .index = index,
                               .name = index == 0 ? name : std::string_view(),
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
                               .parent = parent_,
                               .extras = extras_});
}

uint32_t ChunkWriter::ActivityIndex(std::string_view name) {
  const auto known = activity_index_.find(name);
  if (known != activity_index_.end()) return known->second;
  const auto next = static_cast<uint32_t>(activities_.size());
  activity_index_.emplace(name, next);
  activities_.emplace_back(name);
  bytes_ += name.size() + 16;
  return next;
}

uint32_t ChunkWriter::PolicyIndex(const fb::TaskPolicy& p) {
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

}  // namespace stet::core
