// Follows signals and children from event to event.
#include "tests/sim_engine/watch_waits.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/waits.h"
#include "schema/parse.h"

namespace stet::sim {
namespace {

using schema::EventType;

std::string NameOf(const core::Execution& execution, uint32_t task) {
  return fmt::format("task {} of {}", execution.definition->task_name(task), execution.key);
}

}  // namespace

std::string SignalWatch::See(const core::EventRef& event, const core::State& before) {
  switch (static_cast<EventType>(event.type)) {
    case EventType::SignalReceived:
      return SeeReceived(event);
    case EventType::AttemptFinished:
      return SeeTaken(event, before);
    default:
      return {};
  }
}

std::string SignalWatch::SeeReceived(const core::EventRef& event) {
  const auto received = schema::Parse<fb::SignalReceived>(event.payload);
  if (!received.ok()) return "a signal that is none";
  const auto* id = (*received)->id();
  if (id != nullptr && !ids_.emplace(event.stream, id->str()).second) {
    return fmt::format("signal {} of {:016x} is received twice", id->str(), event.stream);
  }
  waiting_[event.seq] = {.execution = event.stream, .name = (*received)->name()->str()};
  return {};
}

std::string SignalWatch::SeeTaken(const core::EventRef& event, const core::State& before) {
  const auto finish = schema::Parse<fb::AttemptFinished>(event.payload);
  const core::Execution* execution = before.FindExecution(event.stream);
  if (!finish.ok() || execution == nullptr) return "an end that is none";
  const uint32_t task = (*finish)->task();
  const bool waits = core::WaitOf(*execution, task) == core::Wait::kSignal;
  const bool succeeds = (*finish)->outcome() == schema::AttemptOutcome::Success;
  if (((*finish)->signal() != 0) != (waits && succeeds)) {
    return NameOf(*execution, task) + " ends by a signal that it did not wait for, or without one";
  }
  if ((*finish)->signal() == 0) return {};
  const std::string name(core::SignalOf(*execution->definition, task));
  for (const auto& [seq, signal] : waiting_) {
    if (signal.execution != event.stream || signal.name != name) continue;
    if (seq != (*finish)->signal()) break;
    waiting_.erase(seq);
    return {};
  }
  return fmt::format("{} takes signal {}, which is not the first one that waits for it",
                     NameOf(*execution, task), (*finish)->signal());
}

std::string SignalWatch::Look(const core::State& state) const {
  for (const auto& [seq, signal] : waiting_) {
    const core::Execution* execution = state.FindExecution(signal.execution);
    if (execution == nullptr || IsTerminal(execution->state) || execution->cancel_requested) {
      continue;
    }
    for (uint32_t task = 0; task < execution->tasks.size(); ++task) {
      if (!execution->tasks[task].waits ||
          core::WaitOf(*execution->definition, task) != core::Wait::kSignal ||
          core::SignalOf(*execution->definition, task) != signal.name) {
        continue;
      }
      return fmt::format("{} waits for signal {}, which is there", NameOf(*execution, task), seq);
    }
  }
  return {};
}

std::string ChildWatch::See(const core::EventRef& event, const core::State& before) {
  switch (static_cast<EventType>(event.type)) {
    case EventType::ExecutionStarted:
      return SeeStarted(event, before);
    case EventType::AttemptFinished:
      return SeeEnded(event, before);
    case EventType::TasksCancelled:
      SeeCancelled(event, before);
      return {};
    case EventType::CancelRequested:
    case EventType::ExecutionEnded:
      orphans_.erase(event.stream);
      return {};
    default:
      return {};
  }
}

std::string ChildWatch::SeeStarted(const core::EventRef& event, const core::State& before) {
  const auto start = schema::Parse<fb::ExecutionStarted>(event.payload);
  if (!start.ok()) return "a start that is none";
  if ((*start)->parent() == 0) return {};
  const core::Execution* parent = before.FindExecution((*start)->parent());
  const uint32_t task = (*start)->parent_task();
  if (parent == nullptr || !parent->tasks[task].waits ||
      parent->tasks[task].order != (*start)->parent_attempt()) {
    return fmt::format("execution {:016x} is started for an attempt that does not wait for it",
                       event.stream);
  }
  const uint32_t item = (*start)->parent_item();
  std::vector<uint64_t>& children = children_[(*start)->parent_attempt()];
  children.push_back(event.stream);
  if (core::WaitOf(*parent->definition, task) != core::Wait::kMap) {
    if (children.size() == 1) return {};
    return NameOf(*parent, task) + " starts a second execution in one attempt";
  }
  if (children.size() != item) {
    return fmt::format("{} starts item {} after {}", NameOf(*parent, task), item,
                       children.size() - 1);
  }
  const auto live = std::count_if(children.begin(), children.end() - 1, [&before](uint64_t id) {
    return !IsTerminal(before.FindExecution(id)->state);
  });
  if (live >= parent->definition->extra(task)->parallelism) {
    return fmt::format("{} runs {} items at once", NameOf(*parent, task), live + 1);
  }
  return {};
}

std::string ChildWatch::SeeEnded(const core::EventRef& event, const core::State& before) {
  const auto finish = schema::Parse<fb::AttemptFinished>(event.payload);
  const core::Execution* execution = before.FindExecution(event.stream);
  if (!finish.ok() || execution == nullptr) return "an end that is none";
  const uint32_t task = (*finish)->task();
  if (core::WaitOf(*execution->definition, task) == core::Wait::kMap) {
    return SeeMapEnded(**finish, *execution, before);
  }
  if (core::WaitOf(*execution->definition, task) != core::Wait::kChild) return {};
  const core::Execution* child = ChildOf(*execution, task, before);
  const bool completed = child != nullptr && child->state == ExecutionState::kCompleted;
  switch ((*finish)->outcome()) {
    case schema::AttemptOutcome::Success:
      if (!completed) return NameOf(*execution, task) + " completes before what it started has";
      return {};
    case schema::AttemptOutcome::Failure:
      if (completed || (child != nullptr && !IsTerminal(child->state))) {
        return NameOf(*execution, task) + " fails, and what it started has not";
      }
      return {};
    case schema::AttemptOutcome::Lost:
      return NameOf(*execution, task) + " is lost, and no worker had it";
    default:
      LetGo(child);
      return {};
  }
}

std::string ChildWatch::SeeMapEnded(const fb::AttemptFinished& finish,
                                    const core::Execution& execution, const core::State& before) {
  const std::vector<uint64_t> items = ItemsOf(execution, finish.task());
  const auto completed = std::count_if(items.begin(), items.end(), [&before](uint64_t id) {
    return before.FindExecution(id)->state == ExecutionState::kCompleted;
  });
  for (const uint64_t id : items) LetGo(before.FindExecution(id));
  const bool all = static_cast<size_t>(completed) == items.size();
  if (finish.outcome() == schema::AttemptOutcome::Success && !all) {
    return NameOf(execution, finish.task()) + " completes before its items have";
  }
  // What is no array has no items, and fails too.
  if (finish.outcome() == schema::AttemptOutcome::Failure && all && !items.empty()) {
    return NameOf(execution, finish.task()) + " fails, and its items have not";
  }
  return {};
}

std::vector<uint64_t> ChildWatch::ItemsOf(const core::Execution& execution, uint32_t task) const {
  const core::TaskSlot& slot = execution.tasks[task];
  const auto found = children_.find(slot.order);
  return !slot.waits || found == children_.end() ? std::vector<uint64_t>() : found->second;
}

void ChildWatch::SeeCancelled(const core::EventRef& event, const core::State& before) {
  const auto cancelled = schema::Parse<fb::TasksCancelled>(event.payload);
  const core::Execution* execution = before.FindExecution(event.stream);
  if (!cancelled.ok() || execution == nullptr) return;
  for (const uint32_t task : *(*cancelled)->tasks()) {
    for (const uint64_t id : ItemsOf(*execution, task)) LetGo(before.FindExecution(id));
  }
}

const core::Execution* ChildWatch::ChildOf(const core::Execution& execution, uint32_t task,
                                           const core::State& before) const {
  const std::vector<uint64_t> items = ItemsOf(execution, task);
  return items.empty() ? nullptr : before.FindExecution(items.front());
}

void ChildWatch::LetGo(const core::Execution* child) {
  // One that finishes is not cancelled any more.
  if (child == nullptr || child->state != ExecutionState::kRunning || child->cancel_requested) {
    return;
  }
  orphans_.insert(child->id);
}

std::string ChildWatch::Look(const core::State& state) const {
  for (const uint64_t id : orphans_) {
    const core::Execution* child = state.FindExecution(id);
    if (child == nullptr || child->to_cancel) continue;
    return fmt::format("{} goes on, and who started it does not wait any more", child->key);
  }
  return {};
}

}  // namespace stet::sim
