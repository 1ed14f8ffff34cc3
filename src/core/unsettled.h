// Whose digests are behind their fields: what events have touched since the state was settled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/execution.h"

namespace stet::core {

// Executions in it must stay where they are.
class Unsettled {
 public:
  struct Task {
    Execution* execution = nullptr;
    uint32_t task = 0;
    friend bool operator==(const Task&, const Task&) = default;
  };

  void Add(Execution& execution) {
    if (execution.unsettled) return;
    execution.unsettled = true;
    executions_.push_back(&execution);
  }

  // A task may stand there twice: that costs a hash, and no more.
  void Add(Execution& execution, uint32_t task) {
    const Task touched = {.execution = &execution, .task = task};
    for (size_t i = tasks_.size(); i > 0 && tasks_.size() - i < kLook; --i) {
      if (tasks_[i - 1] == touched) return;
    }
    tasks_.push_back(touched);
  }

  const std::vector<Execution*>& executions() const { return executions_; }
  const std::vector<Task>& tasks() const { return tasks_; }

  void Clear() {
    for (Execution* execution : executions_) execution->unsettled = false;
    executions_.clear();
    tasks_.clear();
  }

 private:
  // Events that follow each other most often go on with the same tasks.
  static constexpr size_t kLook = 2;

  std::vector<Execution*> executions_ = {};
  std::vector<Task> tasks_ = {};
};

}  // namespace stet::core
