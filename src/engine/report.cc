// What can be read off an execution's report.
#include "stet/report.h"

#include <algorithm>

namespace stet {

bool ExecutionReport::success() const {
  return !tasks.empty() && count_in(TaskState::kCompleted) == tasks.size();
}

std::vector<std::string_view> ExecutionReport::failed_tasks() const {
  std::vector<std::string_view> names;
  for (const TaskRecord& record : tasks) {
    if (IsFailure(record.state)) names.push_back(record.id);
  }
  return names;
}

size_t ExecutionReport::count_in(TaskState wanted) const {
  return static_cast<size_t>(
      std::count_if(tasks.begin(), tasks.end(),
                    [&](const TaskRecord& record) { return record.state == wanted; }));
}

const TaskRecord* ExecutionReport::task(std::string_view name) const {
  const auto found = std::find_if(tasks.begin(), tasks.end(),
                                  [&](const TaskRecord& record) { return record.id == name; });
  return found == tasks.end() ? nullptr : &*found;
}

std::string ExecutionReport::output(std::string_view task_name) const {
  const TaskRecord* record = task(task_name);
  return record != nullptr && record->output ? record->output->bytes : std::string();
}

}  // namespace stet
