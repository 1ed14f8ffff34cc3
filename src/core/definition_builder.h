// Puts a definition together from the chunks that hold it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "core/definition.h"

namespace stet::core {

// Takes chunks in order; chunk 0 begins anew, whatever was there before (an attempt that a crash
// cut short).
class DefinitionBuilder {
 public:
  // Errors: InvalidArgument, naming what contradicts the chunks before.
  absl::Status Add(const fb::DefinitionChunk& chunk);

  // Checks the whole (counts, edges, graph, hash) and hands it out; then the builder is empty.
  absl::StatusOr<std::unique_ptr<Definition>> Seal(const fb::DefinitionSealed& sealed);

  const WorkflowHash& hash() const { return hash_; }
  uint32_t chunks() const { return chunks_; }  // so far
  uint32_t tasks() const { return definition_ ? definition_->size() : 0; }
  size_t edges() const { return child_.size(); }

  // What came so far, null when nothing did: its tasks are there, its edges in the two arrays.
  const Definition* partial() const { return definition_.get(); }
  std::span<const uint32_t> child() const { return child_; }
  std::span<const uint32_t> parent() const { return parent_; }
  // Counts chunks that were put together anew as the `chunks` that they were.
  void SetChunks(uint32_t chunks) { chunks_ = chunks; }

  friend bool operator==(const DefinitionBuilder& a, const DefinitionBuilder& b);

 private:
  absl::Status AddTasks(const fb::DefinitionChunk& chunk);
  absl::Status AddEdges(const fb::DefinitionChunk& chunk);
  absl::Status AddExtras(const fb::DefinitionChunk& chunk);
  // Compensations, behind the tasks of the workflow.
  void AddCompensations();
  // With all tasks and edges there.
  absl::Status CheckExtras() const;

  WorkflowHash hash_ = {};
  uint32_t chunks_ = 0;
  std::unique_ptr<Definition> definition_ = nullptr;
  std::vector<uint32_t> child_ = {};
  std::vector<uint32_t> parent_ = {};
};

}  // namespace stet::core
