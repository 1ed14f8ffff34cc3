// Looking things up in State, and comparing states whole.
#include "core/state.h"

#include <algorithm>

namespace stet::core {
namespace {

bool Equal(const Execution& a, const Execution& b) {
  return a.id == b.id && a.definition->hash() == b.definition->hash() && a.key == b.key &&
         a.input == b.input && a.state == b.state && a.cancel_requested == b.cancel_requested &&
         a.started_at == b.started_at && a.finished_at == b.finished_at && a.seq == b.seq &&
         a.counts == b.counts && a.tasks == b.tasks && a.due == b.due && a.failed == b.failed &&
         a.failed_edge == b.failed_edge && a.cancel_next == b.cancel_next && a.digest == b.digest;
}

}  // namespace

uint32_t Execution::open() const {
  return count(TaskState::kPending) + count(TaskState::kReady) + count(TaskState::kRunning) +
         count(TaskState::kRetrying);
}

const Definition* State::FindDefinition(const WorkflowHash& hash) const {
  const auto it = definitions_.find(hash);
  return it == definitions_.end() ? nullptr : it->second.get();
}

const Execution* State::FindExecution(uint64_t id) const { return by_id_.Find(id); }

const Execution* State::FindExecutionByKey(std::string_view key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : it->second;
}

bool operator==(const State& a, const State& b) {
  const auto same_definition = [](const auto& x, const auto& y) { return x.first == y.first; };
  const auto same_execution = [](const auto& x, const auto& y) { return Equal(*x, *y); };
  return a.seq_ == b.seq_ && a.epoch_ == b.epoch_ && a.time_ns_ == b.time_ns_ &&
         a.digest_ == b.digest_ && a.ready_orders_ == b.ready_orders_ &&
         a.live_executions_ == b.live_executions_ && a.lost_ == b.lost_ &&
         a.incoming_ == b.incoming_ && a.dead_letters_ == b.dead_letters_ &&
         std::equal(a.definitions_.begin(), a.definitions_.end(), b.definitions_.begin(),
                    b.definitions_.end(), same_definition) &&
         std::equal(a.executions_.begin(), a.executions_.end(), b.executions_.begin(),
                    b.executions_.end(), same_execution) &&
         NextReady(a) == NextReady(b);
}

std::optional<RunRef> NextReady(const State& state) {
  return NextReady(state, [](const Execution&, uint32_t) { return true; });
}

std::optional<RunRef> NextReady(const State& state,
                                absl::FunctionRef<bool(const Execution&, uint32_t task)> accept) {
  // A cancellation that is under way has yet to reach some ready tasks: they are not started any more.
  const ReadyQueue::Entry* entry =
      state.ready().First([&accept](const Execution& execution, uint32_t task) {
        return !execution.cancel_requested && accept(execution, task);
      });
  if (entry == nullptr) return std::nullopt;
  return RunRef{.execution = entry->execution->id, .task = entry->task};
}

}  // namespace stet::core
