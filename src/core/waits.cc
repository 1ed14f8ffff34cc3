// Waits, as definitions describe them.
#include "core/waits.h"

#include <fmt/format.h>

#include "core/check_workflow.h"

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
    case fb::TaskKind::Map:
      break;
  }
  return Wait::kNone;
}

int64_t WaitEnd(const Definition& definition, uint32_t task, int64_t now) {
  const int64_t length = WaitOf(definition, task) == Wait::kChild
                             ? definition.policy(task).timeout()
                             : definition.extra(task)->duration;
  if (length == 0) return 0;
  return length > INT64_MAX - now ? INT64_MAX : now + length;
}

std::string_view SignalOf(const Definition& definition, uint32_t task) {
  return definition.extra(task)->signal;
}

std::string_view ChildWorkflowOf(const Definition& definition, uint32_t task) {
  return definition.extra(task)->workflow;
}

std::string ChildKey(const Execution& execution, uint32_t task) {
  const TaskSlot& slot = execution.tasks[task];
  const std::string_view name = execution.definition->task_name(task);
  std::string key =
      fmt::format("{:016x}/{}/{}.{}", execution.id, name, slot.generation, slot.attempts);
  // The number of the task is as good as its name where there is no room for that.
  if (key.size() > kNameBytesMax) {
    key = fmt::format("{:016x}/{}/{}.{}", execution.id, task, slot.generation, slot.attempts);
  }
  return key;
}

const Execution* ChildOf(const State& state, const Execution& execution, uint32_t task) {
  const TaskSlot& slot = execution.tasks[task];
  if (!slot.waits || WaitOf(*execution.definition, task) != Wait::kChild) return nullptr;
  const Execution* child = state.FindExecutionByKey(ChildKey(execution, task));
  const Parent owner = {.execution = execution.id, .task = task, .attempt = slot.order};
  return child != nullptr && child->parent == owner ? child : nullptr;
}

}  // namespace stet::core
