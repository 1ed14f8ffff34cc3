// What workflows can say and nothing executes yet is refused by name.
#include <string>
#include <variant>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/refusal.h"

namespace stet::core {
namespace {

absl::Status Unless(bool supported, const Task& task, const std::string& field,
                    const std::string& what) {
  if (supported) return absl::OkStatus();
  return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidPolicy,
                fmt::format("task '{}': not supported yet: {}", task.name, what),
                {{"task", task.name}, {"field", field}});
}

bool IsExecuted(TaskKind kind) {
  switch (kind) {
    case TaskKind::kActivity:
    case TaskKind::kEvent:
    case TaskKind::kTimer:
    case TaskKind::kSubWorkflow:
    case TaskKind::kConditional:
      return true;
    case TaskKind::kStateful:
    case TaskKind::kLoop:
    case TaskKind::kMap:
      return false;
  }
  return false;
}

}  // namespace

// One line for each; who makes it work takes the line away.
absl::Status CheckSupported(const Task& t) {
  const TaskKind kind = KindOf(*t.kind);
  RETURN_IF_ERROR(Unless(IsExecuted(kind), t, "kind", fmt::format("kind {}", ToString(kind))));
  RETURN_IF_ERROR(Unless(kind != TaskKind::kEvent || t.activity.empty(), t, "activity",
                         "an event task with an activity: put it into a task after it"));
  RETURN_IF_ERROR(Unless(std::holds_alternative<Once>(*t.repeat), t, "repeat", "repeat"));
  return absl::OkStatus();
}

}  // namespace stet::core
