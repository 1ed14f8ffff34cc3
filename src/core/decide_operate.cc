// What operators ask for: pauses, priorities, retries, dropped dead letters.
#include <algorithm>
#include <string>
#include <vector>

#include <absl/container/btree_map.h>
#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/deciders.h"
#include "core/finish.h"
#include "core/lifecycle.h"
#include "core/refusal.h"

namespace stet::core {
namespace {

using schema::EventType;

// Activities that may be paused at once.
constexpr uint32_t kPausesMax = 10'000;

// `is`: whether it is paused; `pause`: whether it shall be.
absl::Status CheckChange(const std::string& what, bool is, bool pause) {
  if (is != pause) return absl::OkStatus();
  return Refuse(
      absl::StatusCode::kFailedPrecondition, pause ? Reason::kAlreadyPaused : Reason::kNotPaused,
      fmt::format("{} is {}", what, pause ? "paused already" : "not paused"), {{"what", what}});
}

absl::Status NoLetter(const Execution& execution, uint32_t task) {
  const std::string name(execution.definition->task_name(task));
  return Refuse(absl::StatusCode::kNotFound, Reason::kUnknownDeadLetter,
                fmt::format("task '{}' of '{}' is {} and has no dead letter", name, execution.key,
                            ToString(execution.tasks[task].state)),
                {{"execution", IdText(execution.id)}, {"task", name}});
}

// Which tasks begin anew with `task`: it, and what was given up for the sake of those alone.
class Closure {
 public:
  Closure(const Execution& execution, EventBuffer& out)
      : execution_(execution), picks_(out.picks()), picked_(out.picked()) {
    picks_.clear();
    picked_.Begin(execution.tasks.size());
  }

  void Take(uint32_t task) {
    Add(task);
    for (size_t i = 0; i < picks_.size(); ++i) {
      for (const uint32_t child : execution_.definition->children(picks_[i])) Release(child);
    }
    std::sort(picks_.begin(), picks_.end());
  }

 private:
  void Add(uint32_t task) {
    if (picked_.Insert(task)) picks_.push_back(task);
  }
  // One edge from a picked parent to `child`.
  void Release(uint32_t child) {
    if (!IsReopenable(execution_, child)) return;
    const auto [left, is_new] = blocked_.try_emplace(child, 0);
    if (is_new) {
      for (const uint32_t parent : execution_.definition->parents(child)) {
        if (IsReopenable(execution_, parent)) ++left->second;
      }
    }
    // One that was dead-lettered itself is not given up for others.
    if (--left->second == 0 && !IsFailure(execution_.tasks[child].state)) Add(child);
  }

  const Execution& execution_;
  std::vector<uint32_t>& picks_;
  TaskSet& picked_;
  absl::btree_map<uint32_t, uint32_t> blocked_;  // edges from parents that are not picked
};

// What closes an execution that has ended begins anew with it.
void AddClosing(const Execution& execution, std::vector<uint32_t>& picks) {
  if (!IsTerminal(execution.state) || execution.definition->closing_tasks().empty()) return;
  const auto closing = execution.definition->closing_tasks();
  picks.insert(picks.end(), closing.begin(), closing.end());
  std::sort(picks.begin(), picks.end());
  picks.erase(std::unique(picks.begin(), picks.end()), picks.end());
}

absl::Status CheckNotCompensated(const Execution& execution) {
  const auto undone = FirstCompensated(execution);
  if (!undone) return absl::OkStatus();
  const std::string name(execution.definition->task_name(*undone));
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kCompensated,
                fmt::format("task '{}' of '{}' was undone: start it anew under another key", name,
                            execution.key),
                {{"execution", IdText(execution.id)}, {"task", name}});
}

}  // namespace

absl::Status DecideOn(const State& state, const PauseEngine& command, int64_t now,
                      EventBuffer& out) {
  RETURN_IF_ERROR(CheckChange("the engine", state.engine_paused(), command.pause));
  if (command.pause) {
    out.Add(0, EventType::EnginePaused, out.pack().EnginePaused(now));
  } else {
    out.Add(0, EventType::EngineResumed, out.pack().EngineResumed(now));
  }
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const PauseActivity& command, int64_t now,
                      EventBuffer& out) {
  const std::string name(command.activity);
  if (!IsName(name)) {
    return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidName,
                  fmt::format("an activity's name is 1 to {} bytes of UTF-8 without control "
                              "characters",
                              kNameBytesMax),
                  {{"name", name}});
  }
  const ActivityEntry* activity = state.activities().Find(name);
  RETURN_IF_ERROR(CheckChange(fmt::format("activity '{}'", name),
                              activity != nullptr && activity->paused, command.pause));
  if (command.pause && state.paused_activities() >= kPausesMax) {
    return Refuse(absl::StatusCode::kResourceExhausted, Reason::kTooManyPauses,
                  fmt::format("{} activities are paused: the limit is {}",
                              state.paused_activities(), kPausesMax),
                  {{"count", std::to_string(state.paused_activities())},
                   {"limit", std::to_string(kPausesMax)}});
  }
  if (command.pause) {
    out.Add(0, EventType::ActivityPaused, out.pack().ActivityPaused(now, name));
  } else {
    out.Add(0, EventType::ActivityResumed, out.pack().ActivityResumed(now, name));
  }
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const PauseExecution& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.execution));
  RETURN_IF_ERROR(CheckRunning(*execution));
  RETURN_IF_ERROR(
      CheckChange(fmt::format("'{}'", execution->key), execution->paused, command.pause));
  if (command.pause) {
    out.Add(execution->id, EventType::ExecutionPaused, out.pack().ExecutionPaused(now));
  } else {
    out.Add(execution->id, EventType::ExecutionResumed, out.pack().ExecutionResumed(now));
  }
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const SetPriority& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.execution));
  RETURN_IF_ERROR(CheckRunning(*execution));
  if (execution->priority == command.priority) return absl::OkStatus();
  out.Add(execution->id, EventType::PrioritySet, out.pack().PrioritySet(now, command.priority));
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const Reopen& command, int64_t now, EventBuffer& out) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.execution));
  if (execution->cancelling()) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kAlreadyCancelled,
                  fmt::format("'{}' is being cancelled", execution->key),
                  {{"execution", IdText(execution->id)}});
  }
  RETURN_IF_ERROR(CheckNotFinishing(*execution));
  const bool due = execution->definition->has_spared() && !execution->due.empty();
  if (!execution->failed.empty() || due) {
    return Refuse(absl::StatusCode::kUnavailable, Reason::kWorkPending,
                  fmt::format("tasks of '{}' are still being {}", execution->key,
                              due ? "made ready" : "skipped"),
                  {{"execution", IdText(execution->id)}});
  }
  RETURN_IF_ERROR(CheckNotCompensated(*execution));
  std::vector<uint32_t>& picks = out.picks();
  picks.clear();
  bool any = false;  // something to retry, besides what closes an execution in any case
  if (command.task.has_value()) {
    const RunRef task = {.execution = execution->id, .task = *command.task};
    RETURN_IF_ERROR(FindForCommand(state, task).status());
    if (state.FindDeadLetter(task) == nullptr) return NoLetter(*execution, task.task);
    Closure(*execution, out).Take(task.task);
    AddClosing(*execution, picks);
    any = true;
  } else {
    for (uint32_t task = 0; task < execution->tasks.size(); ++task) {
      if (!IsReopenable(*execution, task)) continue;
      any = any || !execution->definition->is_closing(task) ||
            IsFailure(execution->tasks[task].state);
      picks.push_back(task);
    }
  }
  if (!any) {
    return Refuse(
        absl::StatusCode::kFailedPrecondition, Reason::kNothingToRetry,
        fmt::format("'{}' is {}: no task of it failed", execution->key, ToString(execution->state)),
        {{"execution", IdText(execution->id)}});
  }
  out.Add(execution->id, EventType::TasksReopened,
          out.pack().TasksReopened(now, picks, execution->generation + 1));
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const DropDeadLetter& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.task));
  if (state.FindDeadLetter(command.task) == nullptr) {
    return NoLetter(*execution, command.task.task);
  }
  out.Add(execution->id, EventType::DeadLetterDropped,
          out.pack().DeadLetterDropped(now, command.task.task));
  return absl::OkStatus();
}

}  // namespace stet::core
