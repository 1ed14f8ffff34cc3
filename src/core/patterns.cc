// Shapes of workflows.
#include "stet/patterns.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/status_macros.h"

namespace stet {

std::vector<Task> Pipeline(std::vector<Task> stages) {
  for (size_t i = 1; i < stages.size(); ++i) {
    std::vector<std::string>& after = stages[i].after;
    const std::string& before = stages[i - 1].name;
    if (std::find(after.begin(), after.end(), before) == after.end()) after.push_back(before);
  }
  return stages;
}

std::vector<Task> FanOutIn(uint32_t count, const std::function<Task(uint32_t index)>& worker,
                           Task gather) {
  std::vector<Task> tasks;
  tasks.reserve(size_t{count} + 1);
  std::vector<std::string> after;
  after.reserve(count + gather.after.size());
  for (uint32_t index = 0; index < count; ++index) {
    tasks.push_back(worker(index));
    after.push_back(tasks.back().name);
  }
  after.insert(after.end(), gather.after.begin(), gather.after.end());
  gather.after = std::move(after);
  tasks.push_back(std::move(gather));
  return tasks;
}

absl::StatusOr<std::vector<Payload>> UpstreamOutputs(const ActivityContext& context) {
  std::vector<Payload> outputs;
  for (const std::string_view task : context.upstream()) {
    ASSIGN_OR_RETURN(Payload output, context.output(task));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace stet
