// Reasons of waiting, in the order in which they count: what is outermost first.
#include "core/why.h"

#include <iterator>
#include <string>
#include <utility>

#include <absl/container/btree_set.h>
#include <fmt/format.h>

#include "core/dependency.h"
#include "core/run_limits.h"
#include "core/run_policy.h"
#include "core/waits.h"

namespace stet {
namespace {

// In the order of the enumeration.
constexpr std::string_view kWaitKindNames[] = {"running",
                                               "stopping",
                                               "retry",
                                               "upstream",
                                               "continuation",
                                               "engine_paused",
                                               "activity_paused",
                                               "execution_paused",
                                               "missing_activity",
                                               "no_runner",
                                               "activity_limit",
                                               "rate",
                                               "slots",
                                               "queue",
                                               "timer",
                                               "signal",
                                               "child",
                                               "missing_workflow",
                                               "delay",
                                               "concurrency_key",
                                               "breaker",
                                               "closing"};
static_assert(std::size(kWaitKindNames) == kWaitKindCount);

}  // namespace

std::string_view ToString(WaitKind kind) {
  const auto index = static_cast<size_t>(kind);
  return index < std::size(kWaitKindNames) ? kWaitKindNames[index] : "unknown";
}

namespace core {
namespace {

constexpr size_t kNamesMax = 10;

std::string TimeText(int64_t ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(ns), absl::UTCTimeZone());
}

class Explainer {
 public:
  Explainer(const State& state, const Execution& execution, const RunnerFacts& facts,
            absl::FunctionRef<bool(uint32_t)> known)
      : state_(state), execution_(execution), facts_(facts), known_(known) {}

  TaskWait Task(uint32_t task) const {
    TaskWait wait = {.task = std::string(execution_.definition->task_name(task)),
                     .state = execution_.tasks[task].state};
    switch (wait.state) {
      case TaskState::kRunning:
        Running(task, wait);
        break;
      case TaskState::kRetrying:
        Retrying(task, wait);
        break;
      case TaskState::kReady:
        Ready(task, wait);
        Limit(task, wait);
        break;
      default:
        Pending(task, wait);
    }
    return wait;
  }

 private:
  const TaskSlot& slot(uint32_t task) const { return execution_.tasks[task]; }

  static void Say(TaskWait& wait, WaitKind kind, std::string reason, std::string ends) {
    wait.kind = kind;
    wait.reason = std::move(reason);
    wait.ends = std::move(ends);
  }

  // A worker elsewhere has it.
  void Leased(uint32_t task, const RunLease& lease, TaskWait& wait) const {
    wait.on = {lease.worker};
    wait.on_count = 1;
    std::string reason = fmt::format("attempt {} is with worker '{}' since {}", slot(task).attempts,
                                     lease.worker, TimeText(slot(task).started_at));
    if (execution_.cancelling()) reason += ", which hears that it was cancelled";
    Say(wait, execution_.cancelling() ? WaitKind::kStopping : WaitKind::kRunning, std::move(reason),
        fmt::format("its worker reports, or its lease ends at {}", TimeText(lease.until)));
  }

  void Running(uint32_t task, TaskWait& wait) const {
    const int64_t due = slot(task).due_at;
    if (due != 0) wait.until = absl::FromUnixNanos(due);
    if (slot(task).waits) return Waiting(task, wait);
    std::string reason = fmt::format("attempt {} runs since {}", slot(task).attempts,
                                     TimeText(slot(task).started_at));
    const RunNotes* notes = execution_.notes.Find(task);
    if (notes != nullptr && !notes->steps.empty()) {
      reason += fmt::format(", steps recorded: {}", notes->steps.size());
    }
    if (const RunLease* lease = execution_.notes.LeaseOf(task)) {
      return Leased(task, *lease, wait);
    }
    if (execution_.cancelling()) {
      return Say(wait, WaitKind::kStopping, reason + " and was told to stop",
                 "its activity returns, or its grace ends and it is recorded as cancelled");
    }
    Say(wait, WaitKind::kRunning, std::move(reason),
        due == 0 ? "its activity returns; it has no timeout"
                 : fmt::format("its activity returns, or it times out at {}", TimeText(due)));
  }

  // An attempt that the engine owns.
  void Waiting(uint32_t task, TaskWait& wait) const {
    const int64_t due = slot(task).due_at;
    const std::string or_late =
        due == 0 ? "; it has no timeout" : fmt::format(", or it times out at {}", TimeText(due));
    const Definition& definition = *execution_.definition;
    if (WaitOf(definition, task) == Wait::kTimer) {
      return Say(wait, WaitKind::kTimer,
                 fmt::format("sleeps since {}", TimeText(slot(task).started_at)),
                 fmt::format("its time comes, at {}", TimeText(due)));
    }
    wait.on_count = 1;
    if (WaitOf(definition, task) == Wait::kSignal) {
      wait.on.emplace_back(SignalOf(definition, task));
      return Say(wait, WaitKind::kSignal, fmt::format("waits for signal '{}'", wait.on[0]),
                 "someone sends it" + or_late);
    }
    if (WaitOf(definition, task) == Wait::kMap) return WaitingForItems(task, or_late, wait);
    if (const Execution* child = ChildOf(state_, execution_, task)) {
      wait.on.push_back(child->key);
      return Say(wait, WaitKind::kChild,
                 fmt::format("waits for execution '{}' ({})", child->key, ToString(child->state)),
                 "that ends" + or_late);
    }
    wait.on.emplace_back(ChildWorkflowOf(definition, task));
    if (facts_.executes && facts_.knows_workflow && !facts_.knows_workflow(wait.on[0])) {
      return Say(wait, WaitKind::kMissingWorkflow,
                 fmt::format("workflow '{}' is not known to this process", wait.on[0]),
                 "a process that has it opens the directory" + or_late);
    }
    Say(wait, facts_.executes ? WaitKind::kQueue : WaitKind::kNoRunner,
        fmt::format("is to start an execution of workflow '{}'", wait.on[0]),
        facts_.executes ? "it starts, at once" : "a process executes this directory");
  }

  void WaitingForItems(uint32_t task, const std::string& or_late, TaskWait& wait) const {
    const MapProgress map = ProgressOf(execution_, task);
    wait.on_count = map.started - map.ended;
    for (uint32_t item = 1; item <= map.started && wait.on.size() < kNamesMax; ++item) {
      const Execution* child = ItemOf(state_, execution_, task, item);
      if (child != nullptr && !IsTerminal(child->state)) wait.on.push_back(child->key);
    }
    if (map.expanded() && wait.on_count > 0) {
      return Say(
          wait, WaitKind::kChild,
          fmt::format("{} of {} items have ended, {} run", map.ended, map.size(), wait.on_count),
          "all have ended, or one that did not complete" + or_late);
    }
    Say(wait, facts_.executes ? WaitKind::kQueue : WaitKind::kNoRunner, "is to start its items",
        facts_.executes ? "they start, at once" : "a process executes this directory");
  }

  void Retrying(uint32_t task, TaskWait& wait) const {
    wait.until = absl::FromUnixNanos(slot(task).due_at);
    Say(wait, WaitKind::kRetry,
        fmt::format("attempt {} ended without success; the next one waits", slot(task).attempts),
        fmt::format("its time comes, at {}", TimeText(slot(task).due_at)));
  }

  // A closing task; false when nothing but other closing tasks keeps it.
  bool Closing(uint32_t task, TaskWait& wait) const {
    if (execution_.state == ExecutionState::kRunning) {
      Say(wait, WaitKind::kClosing, "it waits for all tasks that do not close the execution",
          "they have ended, and if the outcome wants it");
      return true;
    }
    const Definition& definition = *execution_.definition;
    if (execution_.undo.empty() || definition.compensation(execution_.undo.back()) == task) {
      return false;
    }
    Say(wait, WaitKind::kClosing,
        fmt::format("'{}' has to be undone first", definition.task_name(execution_.undo.back())),
        "its compensation has ended");
    return true;
  }

  void Pending(uint32_t task, TaskWait& wait) const {
    if (execution_.start_at != 0) {
      wait.until = absl::FromUnixNanos(execution_.start_at);
      return Say(wait, WaitKind::kDelay, "its execution is delayed",
                 fmt::format("it begins, at {}", TimeText(execution_.start_at)));
    }
    const Definition& definition = *execution_.definition;
    if (slot(task).asleep()) {
      wait.until = absl::FromUnixNanos(slot(task).due_at);
      return Say(wait, WaitKind::kTimer,
                 fmt::format("run {} of {} is scheduled", RunsDone(execution_, task) + 1,
                             RunsMax(definition, task)),
                 fmt::format("its time comes, at {}", TimeText(slot(task).due_at)));
    }
    if (definition.is_closing(task) && Closing(task, wait)) return;
    absl::btree_set<uint32_t> named;  // A task may be named twice by another.
    for (const uint32_t parent : definition.parents(task)) {
      const TaskState state = slot(parent).state;
      if (IsSettled(execution_, task, parent) || !named.insert(parent).second) continue;
      if (++wait.on_count > kNamesMax) continue;
      wait.on.emplace_back(execution_.definition->task_name(parent));
      wait.reason += fmt::format("{}'{}' ({})", wait.reason.empty() ? "waits for " : ", ",
                                 wait.on.back(), ToString(state));
    }
    if (wait.on_count == 0) {
      return Say(wait, WaitKind::kContinuation, "what it depends on has ended",
                 "the engine comes to it");
    }
    if (wait.on_count > kNamesMax) {
      wait.reason += fmt::format(" and {} more", wait.on_count - kNamesMax);
    }
    Say(wait, WaitKind::kUpstream, std::move(wait.reason),
        wait.on_count == 1 ? "that completes" : "all of them complete");
  }

  void Ready(uint32_t task, TaskWait& wait) const {
    const uint32_t number = ActivityNumberOf(execution_, task);
    const ActivityEntry& activity = state_.activities()[number];
    if (state_.engine_paused()) {
      return Say(wait, WaitKind::kEnginePaused, "the engine is paused", "someone resumes it");
    }
    if (execution_.paused) {
      return Say(wait, WaitKind::kExecutionPaused, "the execution is paused", "someone resumes it");
    }
    if (activity.paused) {
      wait.on = {activity.name};
      wait.on_count = 1;
      return Say(wait, WaitKind::kActivityPaused,
                 fmt::format("activity '{}' is paused", activity.name), "someone resumes it");
    }
    if (KeyIsHeld(task, wait) || BreakerIsOpen(task, wait)) return;
    if (!facts_.executes) {
      return Say(wait, WaitKind::kNoRunner, "no process executes this directory", "one is started");
    }
    if (WaitOf(execution_, task) != Wait::kNone) {
      return Say(wait, WaitKind::kQueue, "its wait is about to begin", "its turn comes, at once");
    }
    if (!known_(number)) {
      wait.on = {activity.name};
      wait.on_count = 1;
      return Say(wait, WaitKind::kMissingActivity,
                 fmt::format("activity '{}' is not registered in this process", activity.name),
                 "a process that has it opens the directory");
    }
    if (Limited(activity, number, wait)) return;
    if (facts_.slots_taken >= facts_.slots) {
      return Say(wait, WaitKind::kSlots,
                 fmt::format("all {} attempts that may run at once do", facts_.slots),
                 "one of them ends, and no run ahead of it takes the place");
    }
    Say(wait, WaitKind::kQueue, "it is about to start", "its turn comes, at once");
  }

  // Whether another run has its concurrency key.
  bool KeyIsHeld(uint32_t task, TaskWait& wait) const {
    const KeyEntry* key = GateOf(execution_, task).key;
    if (key == nullptr || key->holders.empty()) return false;
    const RunRef& holder = *key->holders.begin();
    const Execution& other = *state_.FindExecution(holder.execution);
    wait.on = {key->name};
    wait.on_count = 1;
    Say(wait, WaitKind::kConcurrencyKey,
        fmt::format("concurrency key '{}' is held by task '{}' of '{}'", key->name,
                    other.definition->task_name(holder.task), other.key),
        "that run lets it go, and no run ahead of it takes it");
    return true;
  }

  // Whether a circuit breaker keeps it from starting, by what is known of it.
  bool BreakerIsOpen(uint32_t task, TaskWait& wait) const {
    const StartGate gate = GateOf(execution_, task);
    const std::string_view name = BreakerName(state_, gate);
    const auto at = state_.breakers().find(name);
    if (at == state_.breakers().end()) return false;
    if (facts_.breaker_allows && facts_.breaker_allows(gate)) return false;
    const Breaker& breaker = at->second;
    const bool open =
        breaker.state == schema::BreakerState::Open && breaker.until > state_.time_ns();
    if (!open && breaker.probes.empty()) return false;
    wait.on = {at->first};
    wait.on_count = 1;
    if (!open) {
      Say(wait, WaitKind::kBreaker,
          fmt::format("breaker '{}' is half open, and {} probes of it run", name,
                      breaker.probes.size()),
          "a probe succeeds, or fails and its cooldown begins anew");
      return true;
    }
    wait.until = absl::FromUnixNanos(breaker.until);
    Say(wait, WaitKind::kBreaker, fmt::format("breaker '{}' is open", name),
        fmt::format("its cooldown is over, at {}, or someone resets it", TimeText(breaker.until)));
    return true;
  }

  // By when it has to start.
  void Limit(uint32_t task, TaskWait& wait) const {
    const RunLimit limit = LimitOfReady(execution_, task);
    if (limit.at_ns == 0) return;
    wait.ends += fmt::format("; it fails at {} if it has not started ({})", TimeText(limit.at_ns),
                             schema::ToString(limit.kind));
  }

  // Whether a limit of its activity keeps it from starting.
  bool Limited(const ActivityEntry& activity, uint32_t number, TaskWait& wait) const {
    if (!facts_.limited) return false;
    const RunnerFacts::Limited limited = facts_.limited(number);
    if (limited.concurrency == 0 && limited.until_ns == 0) return false;
    wait.on = {activity.name};
    wait.on_count = 1;
    if (limited.concurrency != 0) {
      Say(wait, WaitKind::kActivityLimit,
          fmt::format("{} attempts of activity '{}' run, its limit", limited.concurrency,
                      activity.name),
          "one of them ends, and no run ahead of it takes the place");
      return true;
    }
    wait.until = absl::FromUnixNanos(limited.until_ns);
    Say(wait, WaitKind::kRate, fmt::format("activity '{}' has used up its rate", activity.name),
        fmt::format("it may start again, at {}", TimeText(limited.until_ns)));
    return true;
  }

  const State& state_;
  const Execution& execution_;
  const RunnerFacts& facts_;
  absl::FunctionRef<bool(uint32_t)> known_;
};

std::string Summary(const State& state, const Execution& e) {
  if (IsTerminal(e.state)) return fmt::format("it has ended: {}", ToString(e.state));
  std::string text = fmt::format(
      "{} of {} tasks are open: {} pending, {} ready, {} running, {} retrying", e.open(),
      e.tasks.size(), e.count(TaskState::kPending), e.count(TaskState::kReady),
      e.count(TaskState::kRunning), e.count(TaskState::kRetrying));
  if (e.cancelling()) text += "; it is being cancelled";
  if (e.state == ExecutionState::kFinishing) {
    text += fmt::format("; it finishes, and will end {}", schema::ToString(e.outcome));
  }
  if (e.paused) text += "; it is paused";
  if (e.start_at != 0) text += fmt::format("; it begins at {}", TimeText(e.start_at));
  if (state.engine_paused()) text += "; the engine is paused";
  return text;
}

}  // namespace

WhyReport Explain(const State& state, const Execution& execution, const RunnerFacts& facts,
                  absl::FunctionRef<bool(uint32_t activity)> known, size_t tasks_max) {
  WhyReport report = {.id = execution.id,
                      .key = execution.key,
                      .state = execution.state,
                      .paused = execution.paused,
                      .cancel_requested = execution.cancel_requested,
                      .seq = state.seq(),
                      .open_tasks = execution.open(),
                      .text = Summary(state, execution)};
  const Explainer explainer(state, execution, facts, known);
  uint64_t left = report.open_tasks;
  for (uint32_t task = 0; left > 0 && report.tasks.size() < tasks_max; ++task) {
    if (IsTerminal(execution.tasks[task].state)) continue;
    --left;
    report.tasks.push_back(explainer.Task(task));
  }
  return report;
}

}  // namespace core
}  // namespace stet
