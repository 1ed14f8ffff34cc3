// Events of operators: pauses, priorities, retries, purges, dropped dead letters.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "core/appliers.h"
#include "core/dependency.h"
#include "core/finish.h"
#include "core/lifecycle.h"

namespace stet::core {
namespace {

absl::Status SetEngine(bool paused, Editor& editor) {
  if (editor.state().engine_paused() == paused) {
    return Contradiction(paused ? "it is paused already" : "it is not paused");
  }
  editor.SetEnginePaused(paused);
  return absl::OkStatus();
}

absl::Status SetActivity(std::string_view name, bool paused, Editor& editor) {
  const ActivityEntry* activity = editor.state().activities().Find(name);
  if ((activity != nullptr && activity->paused) == paused) {
    return Contradiction(fmt::format("'{}' is {}", name, paused ? "paused already" : "not paused"));
  }
  editor.SetActivityPaused(name, paused);
  return absl::OkStatus();
}

absl::Status SetExecution(bool paused, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->paused == paused) {
    return Contradiction(paused ? "it is paused already" : "it is not paused");
  }
  editor.SetPaused(*execution, paused);
  editor.Touch(*execution);
  return absl::OkStatus();
}

// What closed an execution that had ended must begin anew with it.
absl::Status CheckClosing(const fb::TasksReopened& event, const Execution& execution) {
  if (!IsTerminal(execution.state)) return absl::OkStatus();
  const auto& tasks = *event.tasks();
  for (const uint32_t task : execution.definition->closing_tasks()) {
    if (!std::binary_search(tasks.begin(), tasks.end(), task)) {
      return Contradiction(fmt::format("the closing task {} is left out", task));
    }
  }
  if (const auto undone = FirstCompensated(execution)) {
    return Contradiction(fmt::format("task {} was undone", *undone));
  }
  return absl::OkStatus();
}

// Nothing that was reopened may wait for what was not.
absl::Status CheckReopen(const fb::TasksReopened& event, const Execution& execution) {
  if (event.generation() != uint64_t{execution.generation} + 1) {
    return Contradiction(
        fmt::format("generation {} follows {}", event.generation(), execution.generation));
  }
  const auto& tasks = *event.tasks();
  for (uint32_t i = 0; i < tasks.size(); ++i) {
    const uint32_t task = tasks[i];
    if (task >= execution.tasks.size() || (i > 0 && tasks[i - 1] >= task)) {
      return Contradiction(fmt::format("task {} is out of place", task));
    }
    if (!IsReopenable(execution, task)) {
      return Contradiction(
          fmt::format("task {} is {}", task, ToString(execution.tasks[task].state)));
    }
    for (const uint32_t parent : execution.definition->parents(task)) {
      if (!IsReopenable(execution, parent) || IsSettled(execution, task, parent)) continue;
      if (std::binary_search(tasks.begin(), tasks.end(), parent)) continue;
      return Contradiction(fmt::format("task {} would wait for {}, which is {}", task, parent,
                                       ToString(execution.tasks[parent].state)));
    }
  }
  return CheckClosing(event, execution);
}

absl::Status CheckPurge(const fb::ExecutionsPurged& event, const Editor& editor) {
  if (!editor.state().lost_cursor().done)
    return Contradiction("lost attempts are not resolved yet");
  uint64_t before = 0;
  for (const uint64_t id : *event.executions()) {
    const Execution* execution = editor.state().FindExecution(id);
    if (id <= before || execution == nullptr || !IsTerminal(execution->state)) {
      return Contradiction(fmt::format("execution {:016x} is out of place, or has not ended", id));
    }
    if (execution->parent.attempt != 0) {
      return Contradiction(
          fmt::format("the parent of execution {:016x} has not read its result", id));
    }
    before = id;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyEvent(const fb::EnginePaused&, Editor& editor) { return SetEngine(true, editor); }
absl::Status ApplyEvent(const fb::EngineResumed&, Editor& editor) {
  return SetEngine(false, editor);
}
absl::Status ApplyEvent(const fb::ActivityPaused& event, Editor& editor) {
  return SetActivity(event.activity()->string_view(), true, editor);
}
absl::Status ApplyEvent(const fb::ActivityResumed& event, Editor& editor) {
  return SetActivity(event.activity()->string_view(), false, editor);
}
absl::Status ApplyEvent(const fb::ExecutionPaused&, Editor& editor) {
  return SetExecution(true, editor);
}
absl::Status ApplyEvent(const fb::ExecutionResumed&, Editor& editor) {
  return SetExecution(false, editor);
}

absl::Status ApplyEvent(const fb::PrioritySet& event, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->priority == event.priority()) return Contradiction("it has that priority already");
  editor.SetPriority(*execution, event.priority());
  editor.Touch(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::ExecutionsPurged& event, Editor& editor) {
  absl::Status status = CheckPurge(event, editor);
  if (!status.ok()) return status;
  const std::vector<uint64_t> executions(event.executions()->begin(), event.executions()->end());
  editor.Purge(executions, event.forget_at(), event.time());
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::TasksReopened& event, Editor& editor) {
  Execution* execution = editor.execution(editor.event().stream);
  if (execution == nullptr) return Contradiction("no execution is there");
  if (execution->cancelling()) {
    return Contradiction("it is being cancelled");
  }
  if (execution->state == ExecutionState::kFinishing) return Contradiction("it finishes");
  if (!execution->failed.empty()) return Contradiction("its skip cascade is not done");
  if (execution->definition->has_spared() && !execution->due.empty()) {
    return Contradiction("tasks are due");
  }
  absl::Status status = CheckReopen(event, *execution);
  if (!status.ok()) return status;
  const std::vector<uint32_t> tasks(event.tasks()->begin(), event.tasks()->end());
  editor.Reopen(*execution, tasks, event.time());
  editor.Touch(*execution);
  editor.Emit({.kind = Effect::Kind::kContinue, .execution = execution->id});
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::DeadLetterDropped& event, Editor& editor) {
  Execution* execution = editor.execution(editor.event().stream);
  if (execution == nullptr) return Contradiction("no execution is there");
  const RunRef task = {.execution = execution->id, .task = event.task()};
  if (editor.state().FindDeadLetter(task) == nullptr) {
    return Contradiction(fmt::format("task {} has no dead letter", event.task()));
  }
  editor.DropDeadLetter(*execution, event.task());
  editor.Touch(*execution);
  return absl::OkStatus();
}

}  // namespace stet::core
