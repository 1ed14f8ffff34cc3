// A workflow definition as the engine holds it: flat arrays, shared by all its executions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "core/graph.h"
#include "core/name_index.h"
#include "core/task_extra.h"
#include "schema/pack.h"
#include "stet/policy.h"
#include "stet/workflow.h"

namespace stet::core {

inline constexpr uint32_t kNoKey = UINT32_MAX;
inline constexpr uint32_t kNoBreaker = UINT32_MAX;

// Immutable once it is in a state.  Tasks are named by their index, in declaration order.
class Definition {
 public:
  const WorkflowHash& hash() const { return hash_; }
  std::string_view name() const { return name_; }
  // Tasks: those of the workflow, then a compensation for each of them that names one.
  uint32_t size() const { return static_cast<uint32_t>(tasks_.size()); }
  uint32_t declared() const { return declared_; }  // those of the workflow

  std::string_view task_name(uint32_t task) const {
    return Text(tasks_[task].name_begin, tasks_[task].config_begin);
  }
  std::string_view config(uint32_t task) const {
    return Text(tasks_[task].config_begin, tasks_[task].end);
  }
  std::string_view activity(uint32_t task) const { return activities_[tasks_[task].activity]; }
  uint32_t activity_index(uint32_t task) const { return tasks_[task].activity; }
  // The number of its activity in the state's table.
  uint32_t activity_number(uint32_t task) const { return activity_numbers_[tasks_[task].activity]; }
  // The number of what tasks need that run no activity, for those that run theirs later.
  uint32_t idle_number() const { return activity_numbers_[idle_]; }
  // One number for each of activities().
  void SetActivityNumbers(std::vector<uint32_t> numbers) { activity_numbers_ = std::move(numbers); }
  int32_t priority(uint32_t task) const { return tasks_[task].priority; }
  // Times in ns; timeout 0: none.
  const fb::TaskPolicy& policy(uint32_t task) const { return policies_[tasks_[task].policy]; }

  // What few tasks have (workflow.fbs); null for the many.
  const TaskExtra* extra(uint32_t task) const {
    const uint32_t number = tasks_[task].extra;
    return number == 0 ? nullptr : &extras_[number - 1];
  }
  // All of them, in order of task.
  std::span<const TaskExtra> extras() const { return extras_; }

  // The patterns of concurrency keys, in order of first use, and which of them a task has; kNoKey: none.
  std::span<const std::string> key_patterns() const { return key_patterns_; }
  uint32_t key_index(uint32_t task) const {
    const uint32_t number = tasks_[task].extra;
    return number == 0 ? kNoKey : gates_[number - 1].key;
  }
  // The number of the breaker that a task shares, in the state's table; kNoBreaker: its activity's.
  uint32_t breaker_number(uint32_t task) const {
    const uint32_t number = tasks_[task].extra;
    return number == 0 ? kNoBreaker : gates_[number - 1].breaker;
  }
  // Numbers what the extras name; `breaker` gives the numbers of breakers.
  void NumberGates(absl::FunctionRef<uint32_t(std::string_view breaker)> breaker);

  // Closing tasks run while the execution finishes: cleanup tasks and compensations.
  bool is_compensation(uint32_t task) const { return task >= declared_; }
  bool is_closing(uint32_t task) const { return is_compensation(task) || IsCleanup(extra(task)); }
  std::span<const uint32_t> closing_tasks() const { return closing_; }  // ascending
  // The task that undoes `task`, and back.
  std::optional<uint32_t> compensation(uint32_t task) const;
  uint32_t compensated(uint32_t compensation) const { return undone_[compensation - declared_]; }
  // Spared tasks are not skipped when one that they depend on fails.
  bool is_spared(uint32_t task) const;
  bool has_spared() const { return has_spared_; }
  bool has_branches() const { return has_branches_; }
  bool has_cron() const { return has_cron_; }  // some task runs by cron

  // In order of first use; one may be listed more than once.  Empty: that of tasks that run none.
  std::span<const std::string> activities() const { return activities_; }
  // In the order of Task::after.
  std::span<const uint32_t> parents(uint32_t task) const { return parents_.of(task); }
  // Ascending.
  std::span<const uint32_t> children(uint32_t task) const { return children_.of(task); }
  std::optional<uint32_t> Find(std::string_view task_name) const;

  // As the user wrote it.  `task` must be below declared().
  Task ToTask(uint32_t task) const;
  Workflow ToWorkflow() const;

 private:
  friend class DefinitionBuilder;
  struct TaskEntry {
    uint64_t name_begin = 0;
    uint64_t config_begin = 0;
    uint64_t end = 0;
    uint32_t activity = 0;
    uint32_t policy = 0;
    int32_t priority = 0;
    uint32_t extra = 0;  // 0: none, else its place in extras_, from 1
  };
  std::string_view Text(uint64_t begin, uint64_t end) const {
    return std::string_view(text_).substr(begin, end - begin);
  }

  WorkflowHash hash_ = {};
  std::string name_ = {};
  std::string text_ = {};
  std::vector<TaskEntry> tasks_ = {};
  std::vector<std::string> activities_ = {};
  std::vector<uint32_t> activity_numbers_ = {};
  uint32_t idle_ = 0;  // place among activities_, if some event task has an activity
  // Of each of extras_.
  struct Gates {
    uint32_t key = kNoKey;
    uint32_t breaker = kNoBreaker;
  };
  std::vector<Gates> gates_ = {};
  std::vector<std::string> key_patterns_ = {};
  std::vector<fb::TaskPolicy> policies_ = {};
  std::vector<TaskExtra> extras_ = {};
  Adjacency parents_ = {};
  Adjacency children_ = {};
  NameIndex by_name_ = NameIndex();
  uint32_t declared_ = 0;
  std::vector<uint32_t> undone_ = {};   // what each compensation undoes; ascending
  std::vector<uint32_t> closing_ = {};  // ascending
  bool has_spared_ = false;
  bool has_branches_ = false;
  bool has_cron_ = false;
};

// The name of the task that undoes `task`.
std::string CompensationName(std::string_view task);

// A validated workflow, ready to be defined.  Made once, outside Decide: validation may take a
// second.
class PreparedWorkflow {
 public:
  // Errors: those of Validate; kTooManyTasks over `tasks_max`.
  static absl::StatusOr<PreparedWorkflow> Make(Workflow workflow, uint32_t tasks_max = 1'000'000);

  const Workflow& workflow() const { return workflow_; }
  const WorkflowHash& hash() const { return hash_; }
  // Edges in definition order: child[i] depends on parent[i].
  std::span<const uint32_t> child() const { return child_; }
  std::span<const uint32_t> parent() const { return parent_; }

  // Its definition is stored: from now on only the hash is asked for.  A large workflow takes much more than its definition.
  void LetGo() {
    workflow_ = {};
    child_ = {};
    parent_ = {};
  }

 private:
  Workflow workflow_ = {};
  WorkflowHash hash_ = {};
  std::vector<uint32_t> child_ = {};
  std::vector<uint32_t> parent_ = {};
};

}  // namespace stet::core
