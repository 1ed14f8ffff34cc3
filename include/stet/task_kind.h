// What a task does when its turn comes: runs an activity, chooses a branch, waits, fans out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <absl/time/time.h>

#pragma GCC visibility push(default)

namespace stet {

// Between a value in a JSON payload and the operand.  Numbers are compared as numbers, strings
// byte by byte; kLess and its kin hold for nothing else.  A value that is missing equals nothing.
enum class CompareOp : uint8_t {
  kTrue,            // the value is the literal true; no operand
  kExists,          // there is a value, be it null; no operand
  kEqual,           // ==
  kNotEqual,        // !=
  kLess,            // <
  kLessOrEqual,     // <=
  kGreater,         // >
  kGreaterOrEqual,  // >=
};
inline constexpr size_t kCompareOpCount = 8;

// A condition on a value inside a JSON payload.
struct When {
  std::string task = {};     // whose output; it must stand in Task::after
  std::string pointer = {};  // of the value (RFC 6901); empty: the whole
  CompareOp op = CompareOp::kTrue;
  std::string value = {};  // the operand, as JSON text: "3", "\"done\""
  friend bool operator==(const When&, const When&) = default;
};

// A value inside a JSON payload.
struct ValueAt {
  std::string task =
      {};  // whose output; it must stand in Task::after.  Empty: the execution's input
  std::string pointer = {};  // as in When
  friend bool operator==(const ValueAt&, const ValueAt&) = default;
};

// Runs Task::activity.
struct ActivityTask {
  friend bool operator==(const ActivityTask&, const ActivityTask&) = default;
};

// An activity that leaves a state behind with each success, which its next attempt or run in the
// same execution finds (ActivityContext::state).
struct StatefulTask {
  friend bool operator==(const StatefulTask&, const StatefulTask&) = default;
};

// Chooses a branch, by `when` or, without it, by Task::activity, whose output must be true or
// false.  The tasks of the branch that is not taken are skipped, and so are those that depend on
// skipped tasks alone.  Its output is {"taken": bool, "branch": "then" | "otherwise"}.
struct ConditionalTask {
  std::optional<When> when = std::nullopt;
  std::vector<std::string> then = {};       // tasks that depend on this one; taken when it is true
  std::vector<std::string> otherwise = {};  // likewise, when it is false
  friend bool operator==(const ConditionalTask&, const ConditionalTask&) = default;
};

// Runs Task::activity again and again; each iteration is a run.  Its output is
// {"iterations": n, "last": output of the last, "broke_early": bool}.
struct LoopTask {
  uint32_t max_iterations = 1;  // >= 1
  // Ends the loop when it holds for the output of the iteration; `task` must be empty.
  std::optional<When> break_when = std::nullopt;
  friend bool operator==(const LoopTask&, const LoopTask&) = default;
};

// Waits for a signal to the execution (Engine::Signal); its output is what the signal carries.  While it
// waits it takes no worker.  With Task::activity it runs that then, for which the signal is there
// (ActivityContext::signal), and whose output is its own; a retry of it does not wait again.
struct EventTask {
  std::string signal = {};                               // its name; rules as for tasks
  std::optional<absl::Duration> timeout = std::nullopt;  // of the wait; > 0.  Then the task fails
  friend bool operator==(const EventTask&, const EventTask&) = default;
};

// Sleeps, durably.  Takes no worker.
struct TimerTask {
  absl::Duration duration = absl::ZeroDuration();  // > 0
  friend bool operator==(const TimerTask&, const TimerTask&) = default;
};

// Runs Task::activity for each item of a JSON array; its output is the array of their outputs, in
// the order of the items.  Each item is an execution of its own, whose input it is, with the task's retries, timeouts
// and breaker; it is retried by itself.  When one does not complete, the others are cancelled and the task fails.  What
// waits for the items takes no worker.  The array counts towards Limits::payload_bytes before a codec encodes it.
struct MapTask {
  ValueAt items = {};         // at most 100,000
  uint32_t parallelism = 16;  // >= 1: items at once
  friend bool operator==(const MapTask&, const MapTask&) = default;
};

// Runs another workflow as a child execution, and waits for its end (Task::timeout bounds that).  Its
// output is that of the child's only last task; if no other depends on several, an object of theirs by
// name.  The child is cancelled with it; a pause does not reach it.  Takes no worker.
struct SubWorkflowTask {
  std::string workflow = {};  // its name
  ValueAt input = {};         // of the child
  friend bool operator==(const SubWorkflowTask&, const SubWorkflowTask&) = default;
};

using KindSpec = std::variant<ActivityTask, StatefulTask, ConditionalTask, LoopTask, EventTask,
                              TimerTask, MapTask, SubWorkflowTask>;

// In the order of KindSpec.
enum class TaskKind : uint8_t {
  kActivity,
  kStateful,
  kConditional,
  kLoop,
  kEvent,
  kTimer,
  kMap,
  kSubWorkflow,
};
inline constexpr size_t kTaskKindCount = 8;
static_assert(std::variant_size_v<KindSpec> == kTaskKindCount);

inline TaskKind KindOf(const KindSpec& spec) { return static_cast<TaskKind>(spec.index()); }

// Wire names: snake_case ("sub_workflow"), and "true", "exists", "==", "!=", "<", "<=", ">", ">=".
std::string_view ToString(TaskKind kind);
std::string_view ToString(CompareOp op);
std::optional<TaskKind> TaskKindFrom(std::string_view name);
std::optional<CompareOp> CompareOpFrom(std::string_view name);

}  // namespace stet

#pragma GCC visibility pop
