// Executions that tasks start: their beginning, and what their end means for the task.
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/concurrency_key.h"
#include "core/deciders.h"
#include "core/group.h"
#include "core/payload_ref.h"
#include "core/refusal.h"
#include "core/waits.h"

namespace stet::core {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

// The execution of `run`, whose attempt `token` waits for a child.
absl::StatusOr<const Execution*> FindParent(const State& state, const RunRef& run,
                                            const Token& token) {
  ASSIGN_OR_RETURN(const Execution* parent, FindForCommand(state, run));
  RETURN_IF_ERROR(CheckOwner(*parent, run.task, token));
  RETURN_IF_ERROR(CheckNotCancelled(*parent));
  const Wait wait = WaitOf(*parent->definition, run.task);
  if (wait == Wait::kChild || wait == Wait::kMap) return parent;
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kAttemptOwnershipMismatch,
                fmt::format("task '{}' of '{}' waits for no execution",
                            parent->definition->task_name(run.task), parent->key),
                {{"expected", "sub_workflow or map"}, {"actual", "another kind of task"}});
}

// How many executions, one started by a task of the other, end in this one.
size_t DepthOf(const State& state, const Execution* execution) {
  size_t depth = 1;
  while (execution != nullptr && execution->parent.execution != 0 && depth <= kChildDepthMax) {
    execution = state.FindExecution(execution->parent.execution);
    ++depth;
  }
  return depth;
}

// Why the child cannot be started; empty when it can.
std::string Obstacle(const State& state, const Execution& parent, const std::string& key,
                     int64_t now) {
  if (DepthOf(state, &parent) >= kChildDepthMax) {
    return fmt::format("executions are nested deeper than {}", kChildDepthMax);
  }
  const Tombstone* tombstone = state.tombstones().Find(HashOfKey(key));
  const bool taken = state.FindExecutionByKey(key) != nullptr ||
                     (tombstone != nullptr && tombstone->forget_at > now);
  return taken ? fmt::format("the key '{}' of its execution is taken", key) : std::string();
}

absl::Status NotNow(const Execution& parent, uint32_t task, std::string_view what) {
  const std::string name(parent.definition->task_name(task));
  return Refuse(
      absl::StatusCode::kFailedPrecondition, Reason::kNotReady,
      fmt::format("task '{}' of '{}' {}", name, parent.key, what),
      {{"execution", fmt::format("{:016x}", parent.id)}, {"task", name}, {"state", "running"}});
}

// Whether the execution that the command names is the next that its task starts.
absl::Status CheckNext(const State& state, const Execution& parent, const StartChild& command) {
  const uint32_t task = command.run.task;
  if (WaitOf(*parent.definition, task) == Wait::kChild) {
    if (ChildOf(state, parent, task) == nullptr) return absl::OkStatus();
    return NotNow(parent, task, "has started its execution");
  }
  const MapProgress map = ProgressOf(parent, task);
  const bool next = map.expanded() && command.item == map.started + 1;
  if (next && MayStartItem(parent, task)) return absl::OkStatus();
  return NotNow(parent, task, fmt::format("does not start item {} now", command.item));
}

// What the first of the map's items came to that did not complete.
std::string FailureOfItem(const State& state, const Execution& parent, uint32_t task) {
  if (ProgressOf(parent, task).failed == 0) return {};
  for (uint32_t item = 1; item <= ProgressOf(parent, task).started; ++item) {
    const Execution* child = ItemOf(state, parent, task, item);
    if (child == nullptr || !IsTerminal(child->state)) continue;
    if (child->state == ExecutionState::kCompleted) continue;
    return fmt::format("item {}: execution '{}' {}", item - 1, child->key, ToString(child->state));
  }
  return {};
}

// What the child, or a map's items, came to: empty when that is good.  Errors: NotEnded.
absl::StatusOr<std::string> FailureOfChild(const State& state, const Execution& parent,
                                           uint32_t task) {
  const auto not_ended = [&](std::string_view what) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kNotEnded,
                  fmt::format("{} that task '{}' of '{}' waits for {} not ended", what,
                              parent.definition->task_name(task), parent.key,
                              what == "items" ? "have" : "has"),
                  {{"execution", fmt::format("{:016x}", parent.id)}, {"state", "running"}});
  };
  if (WaitOf(*parent.definition, task) == Wait::kMap) {
    if (!HasAllItems(parent, task)) return not_ended("items");
    return FailureOfItem(state, parent, task);
  }
  const Execution* child = ChildOf(state, parent, task);
  if (child == nullptr || !IsTerminal(child->state)) return not_ended("the execution");
  if (child->state == ExecutionState::kCompleted) return std::string();
  return fmt::format("execution '{}' {}", child->key, ToString(child->state));
}

}  // namespace

absl::Status DecideOn(const State& state, const ExpandMap& command, int64_t now, EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* parent, FindParent(state, command.run, command.token));
  if (WaitOf(*parent->definition, task) != Wait::kMap || ProgressOf(*parent, task).expanded()) {
    return NotNow(*parent, task, "has no items to be counted");
  }
  std::string error(command.error);
  if (error.empty() && command.items > kMapItemsMax) {
    error = fmt::format("{} items; {} are allowed", command.items, kMapItemsMax);
  }
  if (!error.empty()) {
    FinishAsFailed(*parent, task, AttemptOutcome::Failure, error, false, now, out);
    return absl::OkStatus();
  }
  out.Add(
      parent->id, EventType::MapExpanded,
      out.pack().MapExpanded(
          {.time = now, .attempt_seq = command.token.seq, .task = task, .items = command.items}));
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const StartChild& command, int64_t now,
                      EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* parent, FindParent(state, command.run, command.token));
  RETURN_IF_ERROR(CheckNext(state, *parent, command));
  const Definition* definition = state.FindDefinition(command.workflow);
  if (definition == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, Reason::kUnknownWorkflow,
                  fmt::format("no definition {} is stored", ToString(command.workflow)),
                  {{"workflow", ToString(command.workflow)}});
  }
  RETURN_IF_ERROR(CheckPayload("input", command.input));
  const std::string key =
      command.item == 0 ? ChildKey(*parent, task) : ItemKey(*parent, task, command.item);
  std::string obstacle(command.error);
  if (obstacle.empty()) obstacle = Obstacle(state, *parent, key, now);
  std::vector<std::string> keys;
  if (obstacle.empty()) {
    auto resolved = ResolveKeys(*definition, key, command.input.text());
    if (resolved.ok()) {
      keys = *std::move(resolved);
    } else {
      obstacle = std::string(resolved.status().message());
    }
  }
  if (!obstacle.empty()) {
    FinishAsFailed(*parent, task, AttemptOutcome::Failure, obstacle, false, now, out);
    return absl::OkStatus();
  }
  const uint64_t id = out.next_seq();
  out.Add(id, EventType::ExecutionStarted,
          out.pack().ExecutionStarted({.hash_high = command.workflow.high,
                                       .hash_low = command.workflow.low,
                                       .time = now,
                                       .key = key,
                                       .input = command.input.bytes,
                                       .content_type = command.input.content_type,
                                       .parent = parent->id,
                                       .parent_task = task,
                                       .parent_attempt = parent->tasks[task].order,
                                       .keys = keys,
                                       .parent_item = command.item}));
  AddRoots(*definition, id, now, out);
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const FinishChild& command, int64_t now,
                      EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* parent, FindParent(state, command.run, command.token));
  ASSIGN_OR_RETURN(std::string error, FailureOfChild(state, *parent, task));
  RETURN_IF_ERROR(CheckPayload("result", command.result));
  if (!command.error.empty()) error = command.error;
  if (!error.empty()) {
    // Items have been tried again by themselves.
    const bool retryable = WaitOf(*parent->definition, task) == Wait::kChild;
    FinishAsFailed(*parent, task, AttemptOutcome::Failure, error, retryable, now, out);
    return absl::OkStatus();
  }
  Group group(*parent, now, out);
  const uint64_t cause = out.next_seq();
  group.Finish(task, AttemptOutcome::Success, {.next = schema::RunNext::Completed},
               command.result.bytes, command.result.content_type, {});
  GoOn(group, task, cause);
  return absl::OkStatus();
}

}  // namespace stet::core
