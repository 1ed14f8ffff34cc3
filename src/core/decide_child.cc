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
  if (WaitOf(*parent->definition, run.task) == Wait::kChild) return parent;
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kAttemptOwnershipMismatch,
                fmt::format("task '{}' of '{}' waits for no execution",
                            parent->definition->task_name(run.task), parent->key),
                {{"expected", "sub_workflow"}, {"actual", "another kind of task"}});
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

}  // namespace

absl::Status DecideOn(const State& state, const StartChild& command, int64_t now,
                      EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* parent, FindParent(state, command.run, command.token));
  if (ChildOf(state, *parent, task) != nullptr) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kNotReady,
                  fmt::format("task '{}' of '{}' has started its execution",
                              parent->definition->task_name(task), parent->key),
                  {{"execution", fmt::format("{:016x}", parent->id)},
                   {"task", std::string(parent->definition->task_name(task))},
                   {"state", "running"}});
  }
  const Definition* definition = state.FindDefinition(command.workflow);
  if (definition == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, Reason::kUnknownWorkflow,
                  fmt::format("no definition {} is stored", ToString(command.workflow)),
                  {{"workflow", ToString(command.workflow)}});
  }
  RETURN_IF_ERROR(CheckPayload("input", command.input));
  const std::string key = ChildKey(*parent, task);
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
                                       .keys = keys}));
  AddRoots(*definition, id, now, out);
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const FinishChild& command, int64_t now,
                      EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* parent, FindParent(state, command.run, command.token));
  const Execution* child = ChildOf(state, *parent, task);
  if (child == nullptr || !IsTerminal(child->state)) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kNotEnded,
                  fmt::format("the execution that task '{}' of '{}' waits for has not ended",
                              parent->definition->task_name(task), parent->key),
                  {{"execution", fmt::format("{:016x}", parent->id)}, {"state", "running"}});
  }
  RETURN_IF_ERROR(CheckPayload("result", command.result));
  if (child->state != ExecutionState::kCompleted || !command.error.empty()) {
    const std::string error =
        command.error.empty() ? fmt::format("execution '{}' {}", child->key, ToString(child->state))
                              : std::string(command.error);
    FinishAsFailed(*parent, task, AttemptOutcome::Failure, error, true, now, out);
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
