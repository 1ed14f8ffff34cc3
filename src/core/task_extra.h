// What few tasks have besides an activity and a policy: between the form of the user and the form that is stored.
#pragma once

#include <cstdint>

#include "schema/workflow.fbs.h"
#include "stet/workflow.h"

namespace stet::core {

// As it is stored, and as the engine holds it: times in ns, 0 or "" where there is nothing.
using TaskExtra = fb::TaskExtraT;

bool HasExtra(const Task& task);

// What is to be stored for `task`, the one at `index`.
TaskExtra StoredExtra(const Task& task, uint32_t index);

// Puts back into `task` what StoredExtra took.
void RestoreExtra(const TaskExtra& extra, Task& task);

// The kind of a task whose extra is `extra`; null: it has none.
inline TaskKind KindOf(const TaskExtra* extra) {
  return extra == nullptr ? TaskKind::kActivity : static_cast<TaskKind>(extra->kind);
}

// Whether it is a cleanup task.
inline bool IsCleanup(const TaskExtra* extra) {
  return extra != nullptr && extra->trigger != fb::Trigger::None;
}

}  // namespace stet::core
