// Chunks into a definition.  Replay trusts nothing: each piece is checked against the others.
#include "core/definition_builder.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/task_extra.h"
#include "core/workflow_hash.h"

namespace stet::core {
namespace {

absl::Status Wrong(const std::string& message) {
  return absl::InvalidArgumentError("definition: " + message);
}

WorkflowHash HashOf(const Definition& definition) {
  WorkflowHasher hasher(definition.name(), definition.declared());
  for (uint32_t i = 0; i < definition.declared(); ++i) {
    hasher.AddTask(definition.task_name(i), definition.activity(i), definition.config(i),
                   definition.priority(i), definition.policy(i));
    hasher.AddDependencies(definition.parents(i).size());
    for (const uint32_t parent : definition.parents(i)) {
      hasher.AddDependency(definition.task_name(parent));
    }
  }
  for (const TaskExtra& extra : definition.extras()) hasher.AddExtra(extra);
  return hasher.Finish();
}

size_t Count(const auto* vector) { return vector == nullptr ? 0 : vector->size(); }

}  // namespace

absl::Status DefinitionBuilder::Add(const fb::DefinitionChunk& chunk) {
  const WorkflowHash hash = {.high = chunk.hash_high(), .low = chunk.hash_low()};
  if (chunk.index() == 0) {
    *this = DefinitionBuilder();
    hash_ = hash;
    definition_ = std::make_unique<Definition>();
    definition_->hash_ = hash;
    if (chunk.name() != nullptr) definition_->name_ = chunk.name()->str();
  }
  if (definition_ == nullptr || hash != hash_ || chunk.index() != chunks_) {
    return Wrong(fmt::format("chunk {} of {} after {} chunks of {}", chunk.index(), ToString(hash),
                             chunks_, ToString(hash_)));
  }
  RETURN_IF_ERROR(AddTasks(chunk));
  RETURN_IF_ERROR(AddExtras(chunk));
  RETURN_IF_ERROR(AddEdges(chunk));
  ++chunks_;
  return absl::OkStatus();
}

absl::Status DefinitionBuilder::AddTasks(const fb::DefinitionChunk& chunk) {
  const size_t count = Count(chunk.task_name_end());
  if (Count(chunk.config_end()) != count || Count(chunk.activity()) != count ||
      Count(chunk.policy()) != count || Count(chunk.priority()) != count) {
    return Wrong(fmt::format("chunk {}: arrays of different length", chunk.index()));
  }
  if (chunk.first_task() != definition_->size()) {
    return Wrong(fmt::format("chunk {}: begins at task {}, expected {}", chunk.index(),
                             chunk.first_task(), definition_->size()));
  }
  // Each chunk brings its own dictionaries; equal entries of earlier chunks are kept apart: they are few.
  const size_t activity_base = definition_->activities_.size();
  for (size_t i = 0; i < Count(chunk.activities()); ++i) {
    definition_->activities_.push_back(
        chunk.activities()->Get(static_cast<flatbuffers::uoffset_t>(i))->str());
  }
  const size_t policy_base = definition_->policies_.size();
  for (size_t i = 0; i < Count(chunk.policies()); ++i) {
    definition_->policies_.push_back(
        *chunk.policies()->Get(static_cast<flatbuffers::uoffset_t>(i)));
  }
  const uint64_t text_base = definition_->text_.size();
  const size_t text_size = Count(chunk.text());
  if (text_size > 0) definition_->text_.append(chunk.text()->data(), text_size);
  uint64_t begin = 0;
  for (flatbuffers::uoffset_t i = 0; i < count; ++i) {
    const uint64_t middle = chunk.task_name_end()->Get(i);
    const uint64_t end = chunk.config_end()->Get(i);
    const size_t activity = activity_base + chunk.activity()->Get(i);
    const size_t policy = policy_base + chunk.policy()->Get(i);
    if (middle < begin || end < middle || end > text_size ||
        activity >= definition_->activities_.size() || policy >= definition_->policies_.size()) {
      return Wrong(fmt::format("chunk {}: task {} points outside", chunk.index(), i));
    }
    definition_->tasks_.push_back({.name_begin = text_base + begin,
                                   .config_begin = text_base + middle,
                                   .end = text_base + end,
                                   .activity = static_cast<uint32_t>(activity),
                                   .policy = static_cast<uint32_t>(policy),
                                   .priority = chunk.priority()->Get(i)});
    begin = end;
  }
  definition_->declared_ = definition_->size();
  return absl::OkStatus();
}

absl::Status DefinitionBuilder::AddEdges(const fb::DefinitionChunk& chunk) {
  const size_t count = Count(chunk.child());
  if (Count(chunk.parent()) != count) {
    return Wrong(fmt::format("chunk {}: edges of different length", chunk.index()));
  }
  for (flatbuffers::uoffset_t i = 0; i < count; ++i) {
    child_.push_back(chunk.child()->Get(i));
    parent_.push_back(chunk.parent()->Get(i));
  }
  return absl::OkStatus();
}

absl::Status DefinitionBuilder::AddExtras(const fb::DefinitionChunk& chunk) {
  Definition& definition = *definition_;
  uint32_t next = chunk.first_task();
  for (flatbuffers::uoffset_t i = 0; i < Count(chunk.extras()); ++i) {
    TaskExtra extra;
    chunk.extras()->Get(i)->UnPackTo(&extra);
    if (extra.task < next || extra.task >= definition.size()) {
      return Wrong(
          fmt::format("chunk {}: the extra of task {} is out of place", chunk.index(), extra.task));
    }
    next = extra.task + 1;
    definition.extras_.push_back(std::move(extra));
    definition.tasks_[next - 1].extra = static_cast<uint32_t>(definition.extras_.size());
  }
  return absl::OkStatus();
}

void DefinitionBuilder::AddCompensations() {
  Definition& definition = *definition_;
  for (const TaskExtra& extra : definition.extras_) {
    const bool cleanup = extra.trigger != fb::Trigger::None;
    if (cleanup) definition.closing_.push_back(extra.task);
    definition.has_spared_ = definition.has_spared_ || cleanup || !extra.compensate.empty() ||
                             extra.on_upstream_failure == fb::UpstreamFailure::Run;
    definition.has_branches_ = definition.has_branches_ || extra.kind == fb::TaskKind::Conditional;
    definition.has_cron_ = definition.has_cron_ || extra.repeat == fb::RepeatKind::Cron;
    const bool idles =
        extra.kind == fb::TaskKind::Map ||
        (extra.kind == fb::TaskKind::Event && !definition.activity(extra.task).empty());
    if (idles && definition.idle_ == 0) {
      definition.idle_ = static_cast<uint32_t>(definition.activities_.size());
      definition.activities_.emplace_back();
    }
    if (extra.compensate.empty()) continue;
    const std::string name = CompensationName(definition.task_name(extra.task));
    const std::string config(definition.config(extra.task));
    Definition::TaskEntry entry = definition.tasks_[extra.task];
    entry.extra = 0;
    entry.activity = static_cast<uint32_t>(definition.activities_.size());
    definition.activities_.push_back(extra.compensate);
    entry.name_begin = definition.text_.size();
    definition.text_ += name;
    entry.config_begin = definition.text_.size();
    definition.text_ += config;
    entry.end = definition.text_.size();
    child_.push_back(definition.size());
    parent_.push_back(extra.task);
    definition.tasks_.push_back(entry);
    definition.undone_.push_back(extra.task);
  }
  for (uint32_t task = definition.declared(); task < definition.size(); ++task) {
    definition.closing_.push_back(task);
  }
}

// An extra says what its task can mean, in the one way that there is to say it.
absl::Status DefinitionBuilder::CheckExtras() const {
  const Definition& built = *definition_;
  const auto find = [&built](std::string_view name) { return built.Find(name); };
  const auto depends = [&built](uint32_t child, uint32_t parent) {
    const auto parents = built.parents(child);
    return std::find(parents.begin(), parents.end(), parent) != parents.end();
  };
  const auto is_cleanup = [&built](uint32_t task) { return IsCleanup(built.extra(task)); };
  const GraphQuestions graph = {.find = find, .depends = depends, .is_cleanup = is_cleanup};
  for (const TaskExtra& extra : built.extras()) {
    const Task task = built.ToTask(extra.task);
    if (!HasExtra(task) || StoredExtra(task, extra.task) != extra) {
      return Wrong(fmt::format("the extra of task '{}' contradicts itself", task.name));
    }
    RETURN_IF_ERROR(CheckExtra(task));
    RETURN_IF_ERROR(CheckPlace(task, extra.task, graph));
    if (!IsCleanup(&extra)) continue;
    for (const uint32_t child : built.children(extra.task)) {
      if (!is_cleanup(child)) return DependsOnCleanup(built.task_name(child), task.name);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Definition>> DefinitionBuilder::Seal(
    const fb::DefinitionSealed& sealed) {
  const WorkflowHash hash = {.high = sealed.hash_high(), .low = sealed.hash_low()};
  if (definition_ == nullptr || hash != hash_ || sealed.chunk_count() != chunks_ ||
      sealed.task_count() != definition_->size()) {
    return Wrong(fmt::format("sealed as {} with {} chunks and {} tasks, found {} with {} and {}",
                             ToString(hash), sealed.chunk_count(), sealed.task_count(),
                             ToString(hash_), chunks_, tasks()));
  }
  const auto outside = [this](uint32_t node) { return node >= definition_->size(); };
  if (std::any_of(child_.begin(), child_.end(), outside) ||
      std::any_of(parent_.begin(), parent_.end(), outside)) {
    return Wrong("an edge points outside");
  }
  AddCompensations();
  const uint32_t nodes = definition_->size();
  definition_->parents_ = MakeAdjacency(nodes, child_, parent_);
  definition_->children_ = MakeAdjacency(nodes, parent_, child_);
  if (!FindCycle(definition_->parents_, definition_->children_).empty()) return Wrong("a cycle");
  if (const WorkflowHash actual = HashOf(*definition_); actual != hash) {
    return Wrong(fmt::format("sealed as {}, computed {}", ToString(hash), ToString(actual)));
  }
  const Definition& built = *definition_;
  const auto name_at = [&built](uint32_t task) { return built.task_name(task); };
  definition_->by_name_ = NameIndex(nodes);
  for (uint32_t task = 0; task < nodes; ++task) {
    if (definition_->by_name_.Insert(task, name_at)) {
      return Wrong(fmt::format("task '{}' twice", built.task_name(task)));
    }
  }
  RETURN_IF_ERROR(CheckExtras());
  std::unique_ptr<Definition> done = std::move(definition_);
  *this = DefinitionBuilder();
  return done;
}

bool operator==(const DefinitionBuilder& a, const DefinitionBuilder& b) {
  return a.hash_ == b.hash_ && a.chunks_ == b.chunks_ && a.tasks() == b.tasks() &&
         a.child_ == b.child_ && a.parent_ == b.parent_;
}

}  // namespace stet::core
