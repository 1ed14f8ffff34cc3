// Looking things up in State, and comparing states whole.
#include "core/state.h"

#include <algorithm>

#include "core/concurrency_key.h"
#include "core/run_policy.h"

namespace stet::core {
namespace {

constexpr size_t kCacheLine = 64;

bool Equal(const SignalBox* a, const SignalBox* b) {
  if (a == nullptr || b == nullptr)
    return (a == nullptr || a->empty()) && (b == nullptr || b->empty());
  return *a == *b;
}

// By name; who holds them follows from the tasks.
bool EqualKeys(const Execution& a, const Execution& b) {
  return std::equal(a.keys.begin(), a.keys.end(), b.keys.begin(), b.keys.end(),
                    [](const KeyEntry* x, const KeyEntry* y) {
                      return x->name == y->name && x->holders == y->holders;
                    });
}

bool Equal(const Execution& a, const Execution& b) {
  return a.id == b.id && a.definition->hash() == b.definition->hash() && a.key == b.key &&
         a.input == b.input && a.state == b.state && a.cancel_requested == b.cancel_requested &&
         a.started_at == b.started_at && a.finished_at == b.finished_at && a.seq == b.seq &&
         a.counts == b.counts && a.tasks == b.tasks && a.due == b.due && a.failed == b.failed &&
         a.failed_edge == b.failed_edge && a.cancel_next == b.cancel_next && a.paused == b.paused &&
         a.priority == b.priority && a.to_cancel == b.to_cancel && a.start_at == b.start_at &&
         a.parent == b.parent && a.schedule == b.schedule &&
         Equal(a.signals.get(), b.signals.get()) && a.generation == b.generation &&
         a.outcome == b.outcome && a.compensate == b.compensate && a.untaken == b.untaken &&
         a.undo == b.undo && a.history == b.history && a.notes == b.notes && EqualKeys(a, b) &&
         a.digest == b.digest;
}

bool Equal(const ActivityEntry& a, const ActivityEntry& b) {
  return a.name == b.name && a.paused == b.paused && a.running == b.running;
}

// By name; what nobody pauses or runs counts for nothing.
bool Equal(const ActivityTable& a, const ActivityTable& b) {
  const auto covers = [](const ActivityTable& x, const ActivityTable& y) {
    return std::all_of(x.by_name().begin(), x.by_name().end(), [&](const auto& named) {
      const ActivityEntry& mine = x[named.second];
      const ActivityEntry* other = y.Find(named.first);
      if (other == nullptr) return !mine.paused && mine.running == 0;
      return Equal(mine, *other);
    });
  };
  return covers(a, b) && covers(b, a);
}

}  // namespace

int32_t Execution::effective_priority(uint32_t task) const {
  const int64_t sum = int64_t{priority} + definition->priority(task);
  return static_cast<int32_t>(std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX));
}

uint32_t Execution::open() const {
  return count(TaskState::kPending) + count(TaskState::kReady) + count(TaskState::kRunning) +
         count(TaskState::kRetrying);
}

const Definition* State::FindDefinition(const WorkflowHash& hash) const {
  const auto it = definitions_.find(hash);
  return it == definitions_.end() ? nullptr : it->second.get();
}

const Execution* State::FindExecution(uint64_t id) const { return by_id_.Find(id); }

void State::PrefetchExecution(uint64_t id) const {
  const Execution* const execution = by_id_.Find(id);
  if (execution == nullptr) return;
  const auto* const begin = reinterpret_cast<const std::byte*>(execution);
  for (size_t at = 0; at < sizeof(Execution); at += kCacheLine) __builtin_prefetch(begin + at, 1);
}

const Execution* State::FindExecutionByKey(std::string_view key) const { return by_key_.Find(key); }

const DeadLetterRef* State::FindDeadLetter(const RunRef& task) const {
  const auto at =
      std::find_if(dead_letters_.begin(), dead_letters_.end(),
                   [&task](const DeadLetterRef& letter) { return letter.task == task; });
  return at == dead_letters_.end() ? nullptr : &*at;
}

void State::Number(Definition& definition) {
  std::vector<uint32_t> numbers;
  for (const std::string& name : definition.activities())
    numbers.push_back(activities_.Intern(name));
  definition.SetActivityNumbers(std::move(numbers));
  definition.NumberGates([this](std::string_view name) { return breaker_names_.Intern(name); });
}

bool operator==(const State& a, const State& b) {
  const auto same_definition = [](const auto& x, const auto& y) { return x.first == y.first; };
  const auto same_execution = [](const auto& x, const auto& y) { return Equal(*x, *y); };
  return a.seq_ == b.seq_ && a.epoch_ == b.epoch_ && a.time_ns_ == b.time_ns_ &&
         a.digest_ == b.digest_ && a.ready_orders_ == b.ready_orders_ &&
         a.live_executions_ == b.live_executions_ && a.lost_ == b.lost_ &&
         a.incoming_ == b.incoming_ && a.dead_letters_ == b.dead_letters_ &&
         a.engine_paused_ == b.engine_paused_ && a.paused_activities_ == b.paused_activities_ &&
         a.tombstones_ == b.tombstones_ && a.schedules_ == b.schedules_ && a.ended_ == b.ended_ &&
         a.breakers_ == b.breakers_ && Equal(a.activities_, b.activities_) &&
         std::equal(a.definitions_.begin(), a.definitions_.end(), b.definitions_.begin(),
                    b.definitions_.end(), same_definition) &&
         std::equal(a.executions_.begin(), a.executions_.end(), b.executions_.begin(),
                    b.executions_.end(), same_execution) &&
         NextReady(a) == NextReady(b);
}

std::optional<RunRef> NextWait(const State& state) {
  const std::optional<uint32_t> none = state.activities().NumberOf({});
  if (!none.has_value() || state.ready().count(*none) == 0) return std::nullopt;
  return NextReady(state, [none](const StartGate& gate) { return gate.activity == *none; });
}

std::optional<RunRef> NextReady(const State& state) {
  return NextReady(state, [](const StartGate&) { return true; });
}

std::string_view BreakerName(const State& state, const StartGate& gate) {
  return gate.breaker == kNoBreaker ? state.activities()[gate.activity].name
                                    : state.breaker_names()[gate.breaker];
}

uint32_t ActivityNumberOfKind(const Execution& execution, uint32_t task) {
  const Definition& definition = *execution.definition;
  return IsIdle(execution, task) ? definition.idle_number() : definition.activity_number(task);
}

StartGate GateOf(const Execution& execution, uint32_t task) {
  const Definition& definition = *execution.definition;
  const uint32_t activity = ActivityNumberOf(execution, task);
  const bool idle = activity != definition.activity_number(task);
  StartGate gate = {.activity = activity,
                    .breaker = idle ? kNoBreaker : definition.breaker_number(task),
                    .key = KeyOf(execution, task)};
  if (gate.key != nullptr && HoldsKey(execution, task)) gate.key = nullptr;
  return gate;
}

std::optional<RunRef> NextReady(const State& state,
                                absl::FunctionRef<bool(const StartGate& gate)> accept,
                                const Ageing& ageing) {
  if (state.engine_paused()) return std::nullopt;
  const auto may_start = [&state, &accept](const StartGate& gate) {
    const bool is_free = gate.key == nullptr || gate.key->holders.empty();
    return is_free && !state.activities()[gate.activity].paused && accept(gate);
  };
  const auto aged = [&ageing](const ReadyEntry& entry, int64_t priority) {
    const int64_t since = entry.execution->tasks[entry.task].updated_at;
    return priority + std::max<int64_t>(0, ageing.now_ns - since) / ageing.per_point_ns;
  };
  const auto entry = ageing.per_point_ns == 0 ? state.ready().First(may_start)
                                              : state.ready().Highest(aged, may_start);
  if (!entry.has_value()) return std::nullopt;
  return RunRef{.execution = entry->execution->id, .task = entry->task};
}

}  // namespace stet::core
