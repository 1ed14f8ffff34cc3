// Tasks and edges of a definition into one DefinitionChunk.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "schema/pack.h"
#include "stet/workflow.h"

namespace stet::core {

class ChunkWriter {
 public:
  // The chunk is full at about `bytes_max`.
  explicit ChunkWriter(size_t bytes_max) : bytes_max_(bytes_max) {}

  bool full() const { return bytes_ >= bytes_max_; }
  size_t tasks() const { return priority_.size(); }

  // Before any edge.
  void AddTask(std::string_view name, std::string_view config, std::string_view activity,
               int32_t priority, const fb::TaskPolicy& policy);
  // Of the task added last.
  void AddExtra(const fb::TaskExtraT& extra);

  // Takes edges from the front of both, as many as there is room for; answers how many.  The spans
  // must live until Pack.
  size_t AddEdges(std::span<const uint32_t> child, std::span<const uint32_t> parent);

  // `name` counts in chunk 0.
  schema::Bytes Pack(const WorkflowHash& hash, std::string_view name, uint32_t index,
                     uint32_t first_task, int64_t time, schema::Packer& pack) const;

 private:
  uint32_t ActivityIndex(std::string_view name);
  uint32_t PolicyIndex(const fb::TaskPolicy& policy);

  using PolicyKey =
      std::tuple<int64_t, int64_t, double, double, int64_t, uint32_t, uint32_t, uint8_t>;
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
  std::vector<fb::TaskExtraT> extras_ = {};
  std::map<std::string, uint32_t, std::less<>> activity_index_ = {};
  std::map<PolicyKey, uint32_t> policy_index_ = {};
  std::span<const uint32_t> child_ = {};
  std::span<const uint32_t> parent_ = {};
};

}  // namespace stet::core
