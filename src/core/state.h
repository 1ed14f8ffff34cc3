// All that the engine knows: definitions, executions, the ready queue, dead letters.  Changed by
// Apply and by nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/functional/function_ref.h>
#include <absl/time/time.h>

#include "core/activity_table.h"
#include "core/breakers.h"
#include "core/definition.h"
#include "core/definition_builder.h"
#include "core/execution.h"
#include "core/execution_table.h"
#include "core/gated_queue.h"
#include "core/id_map.h"
#include "core/key_index.h"
#include "core/key_table.h"
#include "core/name_table.h"
#include "core/schedule.h"
#include "core/tombstones.h"
#include "core/unsettled.h"

namespace stet::core {

struct DeadLetterRef {
  uint64_t seq = 0;  // of its TaskDeadLettered
  RunRef task = {};
  friend bool operator==(const DeadLetterRef&, const DeadLetterRef&) = default;
};

// Where the search for attempts of dead epochs stands: none is before it.
struct LostCursor {
  size_t execution = 0;  // position in executions()
  uint32_t task = 0;
  bool done = true;
  friend bool operator==(const LostCursor&, const LostCursor&) = default;
};

// Not thread-safe.  References and pointers into it stay valid until the next Apply; those to a
// Definition or an Execution as long as the state.
class State {
 public:
  State() = default;
  State(State&&) = default;
  State& operator=(State&&) = default;

  uint64_t seq() const { return seq_; }         // of the last event applied
  uint32_t epoch() const { return epoch_; }     // of the newest EngineOpened
  int64_t time_ns() const { return time_ns_; }  // engine time of the last event
  absl::Time time() const { return absl::FromUnixNanos(time_ns_); }

  const Definition* FindDefinition(const WorkflowHash& hash) const;
  const Execution* FindExecution(uint64_t id) const;  // null when there is none
  const Execution* FindExecutionByKey(std::string_view key) const;
  // An event of that execution will be applied soon, or very soon: what it needs comes into the cache.  Replay waits
  // for memory most of the time where executions take turns.
  void PrefetchPlace(uint64_t id) const { by_id_.Prefetch(id); }
  void PrefetchExecution(uint64_t id) const;
  // By hash, ascending.
  const absl::btree_map<WorkflowHash, std::unique_ptr<const Definition>>& definitions() const {
    return definitions_;
  }
  // By id, ascending.
  const ExecutionTable& executions() const { return executions_; }
  std::span<const DeadLetterRef> dead_letters() const { return dead_letters_; }
  // Null when the task has no letter.
  const DeadLetterRef* FindDeadLetter(const RunRef& task) const;
  bool engine_paused() const { return engine_paused_; }
  const ActivityTable& activities() const { return activities_; }
  uint32_t paused_activities() const { return paused_activities_; }
  const Tombstones& tombstones() const { return tombstones_; }
  // Executions that have ended, by when, then by id.
  const absl::btree_set<std::pair<int64_t, uint64_t>>& ended() const { return ended_; }
  const ScheduleBook& schedules() const { return schedules_; }
  uint32_t live_executions() const { return live_executions_; }
  const LostCursor& lost_cursor() const { return lost_; }
  const DefinitionBuilder& incoming_definition() const { return incoming_; }
  const GatedQueue& ready() const { return ready_; }
  const KeyTable& keys() const { return keys_; }
  const Breakers& breakers() const { return breakers_; }
  // That definitions name, by the number that they have in gates.
  const NameTable& breaker_names() const { return breaker_names_; }
  uint64_t ready_orders() const { return ready_orders_; }  // places in it that were given so far

  // Multiset digest of all entities (digest.h); 0 for an empty state.
  uint64_t digest() const { return digest_; }

  // Whole state, field by field, payload references included.
  friend bool operator==(const State& a, const State& b);

 private:
  // Gives the definition's activities their numbers.
  void Number(Definition& definition);

  friend class Editor;
  friend class SnapshotDecoder;
  friend void Settle(State& state);
  uint64_t seq_ = 0;
  uint32_t epoch_ = 0;
  int64_t time_ns_ = 0;
  uint64_t digest_ = 0;
  Unsettled unsettled_ = {};
  uint64_t ready_orders_ = 0;  // given so far
  uint32_t live_executions_ = 0;
  LostCursor lost_ = {};
  DefinitionBuilder incoming_ = {};
  absl::btree_map<WorkflowHash, std::unique_ptr<const Definition>> definitions_ = {};
  ExecutionTable executions_ = {};
  IdMap<Execution*> by_id_ = {};
  KeyIndex by_key_ = {};
  GatedQueue ready_ = {};
  KeyTable keys_ = {};
  Breakers breakers_ = {};
  NameTable breaker_names_ = {};
  std::vector<DeadLetterRef> dead_letters_ = {};
  bool engine_paused_ = false;
  uint32_t paused_activities_ = 0;
  ActivityTable activities_ = {};
  Tombstones tombstones_ = {};
  ScheduleBook schedules_ = {};
  absl::btree_set<std::pair<int64_t, uint64_t>> ended_ = {};
};

// The ready run that a free worker gets: highest priority, then first come.  None of what is paused.
std::optional<RunRef> NextReady(const State& state);

// The same of tasks that wait: they need no worker.  None of what is paused.
std::optional<RunRef> NextWait(const State& state);

// What waits becomes more urgent: by one point of priority for each `per_point_ns` since it became ready.
struct Ageing {
  int64_t per_point_ns = 0;  // 0: it does not
  int64_t now_ns = 0;
};

// The same of gates that `accept` takes.
std::optional<RunRef> NextReady(const State& state,
                                absl::FunctionRef<bool(const StartGate& gate)> accept,
                                const Ageing& ageing = {});

// The breaker that stands in a gate.
std::string_view BreakerName(const State& state, const StartGate& gate);

// Where a ready run waits.
StartGate GateOf(const Execution& execution, uint32_t task);

// The number of the activity that its present run needs.
uint32_t ActivityNumberOfKind(const Execution& execution, uint32_t task);  // of a task with extras
inline uint32_t ActivityNumberOf(const Execution& execution, uint32_t task) {
  const Definition& definition = *execution.definition;
  return definition.extra(task) == nullptr ? definition.activity_number(task)
                                           : ActivityNumberOfKind(execution, task);
}

}  // namespace stet::core
