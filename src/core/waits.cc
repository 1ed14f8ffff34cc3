// Waits, as definitions describe them.
#include "core/waits.h"

#include <fmt/format.h>

#include "core/check_workflow.h"
#include "core/run_policy.h"

namespace stet::core {

Wait WaitOf(const Definition& definition, uint32_t task) {
  const TaskExtra* extra = definition.extra(task);
  if (extra == nullptr) return Wait::kNone;
  switch (extra->kind) {
    case fb::TaskKind::Timer:
      return Wait::kTimer;
    case fb::TaskKind::Event:
      return Wait::kSignal;
    case fb::TaskKind::SubWorkflow:
      return Wait::kChild;
    case fb::TaskKind::Activity:
    case fb::TaskKind::Stateful:
    case fb::TaskKind::Conditional:
    case fb::TaskKind::Loop:
      break;
    case fb::TaskKind::Map:
      return Wait::kMap;
  }
  return Wait::kNone;
}

Wait WaitOf(const Execution& execution, uint32_t task) {
  const Definition& definition = *execution.definition;
  const bool answered = HandlesEvent(definition, task) && RunsDone(execution, task) > 0;
  return answered ? Wait::kNone : WaitOf(definition, task);
}

int64_t WaitEnd(const Definition& definition, uint32_t task, int64_t now) {
  const Wait wait = WaitOf(definition, task);
  if (wait == Wait::kMap) return 0;  // Task::timeout is about its items
  const int64_t length =
      wait == Wait::kChild ? definition.policy(task).timeout() : definition.extra(task)->duration;
  if (length == 0) return 0;
  return length > INT64_MAX - now ? INT64_MAX : now + length;
}

std::string_view SignalOf(const Definition& definition, uint32_t task) {
  return definition.extra(task)->signal;
}

std::string_view ChildWorkflowOf(const Definition& definition, uint32_t task) {
  return definition.extra(task)->workflow;
}

namespace {

std::string KeyOfAttempt(const Execution& execution, uint32_t task, std::string_view suffix) {
  const TaskSlot& slot = execution.tasks[task];
  const std::string_view name = execution.definition->task_name(task);
  std::string key =
      fmt::format("{:016x}/{}/{}.{}{}", execution.id, name, slot.generation, slot.attempts, suffix);
  // The number of the task is as good as its name where there is no room for that.
  if (key.size() > kNameBytesMax) {
    key = fmt::format("{:016x}/{}/{}.{}{}", execution.id, task, slot.generation, slot.attempts,
                      suffix);
  }
  return key;
}

}  // namespace

std::string ChildKey(const Execution& execution, uint32_t task) {
  return KeyOfAttempt(execution, task, {});
}

std::string ItemKey(const Execution& execution, uint32_t task, uint32_t item) {
  return KeyOfAttempt(execution, task, fmt::format("[{}]", item - 1));
}

const Execution* ChildOf(const State& state, const Execution& execution, uint32_t task) {
  const TaskSlot& slot = execution.tasks[task];
  if (!slot.waits || WaitOf(*execution.definition, task) != Wait::kChild) return nullptr;
  const Execution* child = state.FindExecutionByKey(ChildKey(execution, task));
  const Parent owner = {.execution = execution.id, .task = task, .attempt = slot.order};
  return child != nullptr && child->parent == owner ? child : nullptr;
}

const Execution* ItemOf(const State& state, const Execution& execution, uint32_t task,
                        uint32_t item) {
  const TaskSlot& slot = execution.tasks[task];
  if (!slot.waits || WaitOf(*execution.definition, task) != Wait::kMap) return nullptr;
  const Execution* child = state.FindExecutionByKey(ItemKey(execution, task, item));
  const Parent owner = {
      .execution = execution.id, .task = task, .attempt = slot.order, .item = item};
  return child != nullptr && child->parent == owner ? child : nullptr;
}

MapProgress ProgressOf(const Execution& execution, uint32_t task) {
  const RunNotes* notes = execution.notes.Find(task);
  return notes == nullptr ? MapProgress() : notes->map;
}

bool MayStartItem(const Execution& execution, uint32_t task) {
  const MapProgress map = ProgressOf(execution, task);
  if (!map.expanded()) return true;
  return map.failed == 0 && map.started < map.size() &&
         map.started - map.ended < execution.definition->extra(task)->parallelism;
}

bool HasAllItems(const Execution& execution, uint32_t task) {
  const MapProgress map = ProgressOf(execution, task);
  return map.expanded() && (map.failed > 0 || map.ended == map.size());
}

}  // namespace stet::core
