// The executions of a state, and the memory that they are in.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "core/execution.h"

namespace stet::core {

// Gives an execution back to the memory that it is in.
struct ExecutionDeleter {
  std::pmr::memory_resource* memory = nullptr;
  void operator()(Execution* execution) const {
    std::destroy_at(execution);
    memory->deallocate(execution, sizeof(Execution), alignof(Execution));
  }
};
using ExecutionPtr = std::unique_ptr<Execution, ExecutionDeleter>;

// In the order in which they were added.  Each stays where it is; its tasks lie behind it.
class ExecutionTable {
 public:
  ExecutionTable() = default;
  ExecutionTable(ExecutionTable&&) = default;
  // What was here goes with `other`: executions before their memory.
  ExecutionTable& operator=(ExecutionTable&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(all_, other.all_);
    return *this;
  }

  bool empty() const { return all_.empty(); }
  size_t size() const { return all_.size(); }
  const ExecutionPtr& operator[](size_t i) const { return all_[i]; }
  const ExecutionPtr& back() const { return all_.back(); }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

  // A new one, with so many tasks.
  Execution& Add(size_t tasks) {
    if (memory_ == nullptr) memory_ = std::make_unique<Arena>();
    void* const memory = memory_->allocate(sizeof(Execution), alignof(Execution));
    auto* const execution =
        new (memory) Execution{.tasks = std::pmr::vector<TaskSlot>(memory_.get())};
    all_.push_back(ExecutionPtr(execution, ExecutionDeleter{.memory = memory_.get()}));
    execution->tasks.resize(tasks);
    return *execution;
  }

  void Reserve(size_t count) { all_.reserve(count); }

  template <typename Predicate>
  void EraseIf(Predicate predicate) {
    std::erase_if(all_, [&predicate](const ExecutionPtr& one) { return predicate(*one); });
  }

 private:
  std::unique_ptr<Arena> memory_ = nullptr;
  std::vector<ExecutionPtr> all_ = {};
};

}  // namespace stet::core
