// What can be read off an execution's report.
#include "stet/report.h"

#include <algorithm>

namespace stet {

bool ExecutionReport::success() const {
  return !tasks.empty() && std::all_of(tasks.begin(), tasks.end(), [](const TaskRecord& record) {
    const bool left_out =
        record.state == TaskState::kSkipped && record.skip != SkipCause::kUpstream;
    return record.state == TaskState::kCompleted || left_out;
  });
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

ExecutionMetrics ExecutionReport::metrics() const {
  ExecutionMetrics metrics{.tasks = tasks.size(),
                           .completed = count_in(TaskState::kCompleted),
                           .skipped = count_in(TaskState::kSkipped),
                           .cancelled = count_in(TaskState::kCancelled)};
  for (const TaskRecord& record : tasks) {
    metrics.failed += IsFailure(record.state) ? 1 : 0;
    metrics.attempts += record.attempts;
    metrics.retries += record.attempts > 1 ? record.attempts - 1 : 0;
    const absl::Duration time = record.duration().value_or(absl::ZeroDuration());
    metrics.task_time += time;
    metrics.longest_task = std::max(metrics.longest_task, time);
  }
  const uint64_t ended = metrics.completed + metrics.failed;
  if (ended > 0) {
    metrics.success_rate = static_cast<double>(metrics.completed) / static_cast<double>(ended);
  }
  if (finished_at != absl::InfiniteFuture()) metrics.elapsed = finished_at - started_at;
  return metrics;
}

}  // namespace stet
