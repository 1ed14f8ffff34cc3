// Encodings of entities, version 1.  Frozen: a change is a new version.
//
// Hashed in line: the lengths are constants, and a call of the library costs as much as hashing them.
#define XXH_INLINE_ALL
#include "core/digest.h"

#include <xxhash.h>

#include <array>
#include <bit>

#include "core/apply.h"

namespace stet::core {
namespace {

static_assert(std::endian::native == std::endian::little, "words are hashed as they lie in memory");

template <size_t N>
uint64_t Hash(const std::array<uint64_t, N>& words) {
  return XXH3_128bits(words.data(), sizeof(words)).low64;
}

constexpr uint64_t Two(uint32_t low, uint32_t high) { return uint64_t{low} | uint64_t{high} << 32; }

constexpr uint64_t Word(int64_t value) { return static_cast<uint64_t>(value); }

}  // namespace

uint64_t DigestOf(const TaskSlot& slot, uint64_t execution, uint32_t task) {
  if (slot.untouched()) return 0;
  const uint64_t states = static_cast<uint64_t>(slot.state) | static_cast<uint64_t>(slot.run) << 8 |
                          static_cast<uint64_t>(slot.failure) << 16 | uint64_t{slot.waits} << 24 |
                          static_cast<uint64_t>(slot.skip) << 25 |
                          static_cast<uint64_t>(slot.branch) << 27 |
                          uint64_t{slot.generation} << 32;
  return Hash(std::array<uint64_t, 17>{
      1, execution, task, states, Two(slot.attempts, slot.failures), Two(slot.lost, slot.epoch),
      slot.order, Word(slot.updated_at), Word(slot.started_at), Word(slot.finished_at),
      Word(slot.due_at), slot.output.seq, slot.output.digest, slot.output.bytes, slot.error.seq,
      slot.error.digest, slot.error.bytes});
}

namespace {

uint64_t DigestOfLinks(const Execution& e) {
  if (e.start_at == 0 && e.parent == Parent{} && !e.to_cancel && e.schedule == 0) return 0;
  const uint64_t item =
      e.parent.item == 0 ? 0 : Hash(std::array<uint64_t, 3>{34, e.id, e.parent.item});
  return item +
         Hash(std::array<uint64_t, 8>{20, e.id, Word(e.start_at), e.parent.execution, e.parent.task,
                                      e.parent.attempt, e.to_cancel, e.schedule});
}

}  // namespace

uint64_t DigestOfSignal(uint64_t execution, std::string_view name, uint64_t seq,
                        const PayloadRef& payload) {
  return Hash(std::array<uint64_t, 7>{21, execution, XXH3_64bits(name.data(), name.size()),
                                      name.size(), seq, payload.digest, payload.bytes});
}

uint64_t DigestOfSignalId(uint64_t execution, const SignalBox::SeenId& id) {
  return Hash(std::array<uint64_t, 5>{22, execution, id.id.high, id.id.low, id.seq});
}

uint64_t DigestOf(const SignalBox& signals, uint64_t execution) {
  uint64_t sum = 0;
  for (const auto& [place, payload] : signals.buffered()) {
    sum += DigestOfSignal(execution, place.first, place.second, payload);
  }
  for (const SignalBox::SeenId& id : signals.ids()) sum += DigestOfSignalId(execution, id);
  return sum;
}

uint64_t DigestOf(const Execution& e) {
  const WorkflowHash& hash = e.definition->hash();
  const uint64_t operated = Two(e.paused ? 1 : 0, static_cast<uint32_t>(e.priority));
  uint64_t part = operated == 0 ? 0 : Hash(std::array<uint64_t, 3>{6, e.id, operated});
  const uint64_t ends = Two(static_cast<uint32_t>(e.outcome), e.compensate ? 1 : 0);
  if (ends != 0 || !e.untaken.empty()) {
    part += Hash(std::array<uint64_t, 4>{30, e.id, ends, Two(e.untaken.head, e.untaken.tail)});
  }
  return part + DigestOfLinks(e) +
         Hash(std::array<uint64_t, 15>{
             2, e.id, hash.high, hash.low, XXH3_64bits(e.key.data(), e.key.size()), e.input.seq,
             e.input.digest, e.input.bytes,
             static_cast<uint64_t>(e.state) | uint64_t{e.cancel_requested} << 8, Word(e.started_at),
             Word(e.finished_at), e.seq, Two(e.due.head, e.due.tail),
             Two(e.failed.head, e.failed.tail), Two(e.failed_edge, e.cancel_next)});
}

uint64_t DigestOf(const Schedule& s) {
  const auto text = [](const std::string& t) { return XXH3_64bits(t.data(), t.size()); };
  const auto list = [](const auto& v) { return XXH3_64bits(v.data(), v.size() * sizeof(v[0])); };
  const uint64_t policies = static_cast<uint64_t>(s.misfire) |
                            static_cast<uint64_t>(s.overlap) << 8 | uint64_t{s.paused} << 16 |
                            uint64_t{s.catch_up_max} << 32;
  return Hash(std::array<uint64_t, 24>{23,
                                       s.seq,
                                       text(s.name),
                                       s.name.size(),
                                       text(s.cron),
                                       s.cron.size(),
                                       text(s.zone),
                                       s.zone.size(),
                                       s.definition->hash().high,
                                       s.definition->hash().low,
                                       s.input.seq,
                                       s.input.digest,
                                       s.input.bytes,
                                       Word(s.every),
                                       Word(s.anchor),
                                       policies,
                                       Word(s.next_at),
                                       Word(s.last_at),
                                       s.started,
                                       s.skipped,
                                       list(s.waiting),
                                       s.waiting.size(),
                                       list(s.running),
                                       s.running.size()});
}

uint64_t DigestOf(const Definition& definition) {
  return Hash(std::array<uint64_t, 3>{3, definition.hash().high, definition.hash().low});
}

uint64_t DigestOf(const DeadLetterRef& letter) {
  return Hash(std::array<uint64_t, 4>{5, letter.seq, letter.task.execution, letter.task.task});
}

uint64_t DigestOf(const Tombstone& t) {
  return Hash(std::array<uint64_t, 5>{9, t.key.high, t.key.low, Word(t.forget_at),
                                      static_cast<uint64_t>(t.outcome)});
}

uint64_t DigestOfStep(const StepKey& key, const PayloadRef& result, uint64_t execution,
                      uint32_t task) {
  return Hash(std::array<uint64_t, 9>{
      10, execution, task, XXH3_64bits(key.name.data(), key.name.size()), key.name.size(),
      key.occurrence, result.seq, result.digest, result.bytes});
}

uint64_t DigestOfCheckpoint(const PayloadRef& checkpoint, uint64_t execution, uint32_t task) {
  if (!checkpoint) return 0;
  return Hash(std::array<uint64_t, 6>{11, execution, task, checkpoint.seq, checkpoint.digest,
                                      checkpoint.bytes});
}

uint64_t DigestOfMetadata(const std::pair<const std::string, std::string>& entry,
                          uint64_t execution, uint32_t task) {
  const auto& [key, value] = entry;
  return Hash(std::array<uint64_t, 7>{12, execution, task, XXH3_64bits(key.data(), key.size()),
                                      key.size(), XXH3_64bits(value.data(), value.size()),
                                      value.size()});
}

uint64_t DigestOfLimits(const RunNotes& notes, uint64_t execution, uint32_t task) {
  if (notes.close_by == 0 && notes.retry_by == 0) return 0;
  return Hash(
      std::array<uint64_t, 5>{13, execution, task, Word(notes.close_by), Word(notes.retry_by)});
}

uint64_t DigestOfLease(const RunLease& lease, uint64_t execution, uint32_t task) {
  if (lease.until == 0) return 0;
  return Hash(std::array<uint64_t, 6>{16, execution, task, Word(lease.until),
                                      XXH3_64bits(lease.worker.data(), lease.worker.size()),
                                      lease.worker.size()});
}

uint64_t DigestOfRuns(const RunNotes& notes, uint64_t execution, uint32_t task) {
  if (notes.runs == 0) return 0;
  return Hash(std::array<uint64_t, 4>{31, execution, task, notes.runs});
}

uint64_t DigestOfMap(const RunNotes& notes, uint64_t execution, uint32_t task) {
  if (!notes.map.expanded()) return 0;
  return Hash(std::array<uint64_t, 4>{33, execution, task, notes.map.items});
}

uint64_t DigestOfState(const PayloadRef& state, uint64_t execution, uint32_t task) {
  if (!state) return 0;
  return Hash(std::array<uint64_t, 6>{32, execution, task, state.seq, state.digest, state.bytes});
}

uint64_t DigestOfNotes(const Execution& execution) {
  uint64_t sum = 0;
  for (const auto& [task, notes] : execution.notes.by_task()) {
    for (const auto& [key, result] : notes.steps) {
      sum += DigestOfStep(key, result, execution.id, task);
    }
    sum += DigestOfCheckpoint(notes.checkpoint, execution.id, task);
    sum += DigestOfLimits(notes, execution.id, task);
    sum += DigestOfLease(notes.lease, execution.id, task);
    sum += DigestOfRuns(notes, execution.id, task);
    sum += DigestOfMap(notes, execution.id, task);
    sum += DigestOfState(notes.state, execution.id, task);
    for (const auto& entry : notes.metadata) sum += DigestOfMetadata(entry, execution.id, task);
  }
  return sum;
}

uint64_t DigestOfKeys(const Execution& execution) {
  uint64_t sum = 0;
  for (size_t i = 0; i < execution.keys.size(); ++i) {
    const std::string& key = execution.keys[i]->name;
    sum += Hash(std::array<uint64_t, 5>{14, execution.id, i, XXH3_64bits(key.data(), key.size()),
                                        key.size()});
  }
  return sum;
}

uint64_t DigestOf(const Breakers::value_type& named) {
  const auto& [name, b] = named;
  const size_t probe_bytes = b.probes.size() * sizeof(uint64_t);
  return Hash(std::array<uint64_t, 8>{15, XXH3_64bits(name.data(), name.size()), name.size(),
                                      Two(static_cast<uint32_t>(b.state), b.failures), b.successes,
                                      Word(b.until), XXH3_64bits(b.probes.data(), probe_bytes),
                                      b.probes.size()});
}

uint64_t DigestOfPause(const ActivityEntry& activity) {
  const std::string& name = activity.name;
  if (!activity.paused) return 0;
  return Hash(std::array<uint64_t, 3>{8, XXH3_64bits(name.data(), name.size()), name.size()});
}

uint64_t DigestOfSwitch(const State& state) {
  return state.engine_paused() ? Hash(std::array<uint64_t, 1>{7}) : 0;
}

uint64_t DigestOfEngine(const State& state) {
  const LostCursor& lost = state.lost_cursor();
  const DefinitionBuilder& incoming = state.incoming_definition();
  if (state.epoch() == 0 && incoming.chunks() == 0) return 0;
  return Hash(std::array<uint64_t, 10>{4, state.epoch(), lost.execution, lost.task, lost.done,
                                       incoming.hash().high, incoming.hash().low, incoming.chunks(),
                                       incoming.tasks(), incoming.edges()});
}

KeyHash HashOfKey(std::string_view key) {
  const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  return {.high = hash.high64, .low = hash.low64};
}

void Settle(State& state) {
  const auto set = [&state](uint64_t& part, uint64_t value) {
    state.digest_ += value - part;
    part = value;
  };
  for (const auto& [execution, task] : state.unsettled_.tasks()) {
    TaskSlot& slot = execution->tasks[task];
    set(slot.digest, DigestOf(slot, execution->id, task));
  }
  for (Execution* execution : state.unsettled_.executions()) {
    set(execution->digest, DigestOf(*execution));
  }
  state.unsettled_.Clear();
}

uint64_t RecomputeDigest(const State& state) {
  uint64_t sum = DigestOfEngine(state);
  for (const auto& [hash, definition] : state.definitions()) sum += DigestOf(*definition);
  for (const auto& execution : state.executions()) {
    sum += DigestOf(*execution) + DigestOfNotes(*execution) + DigestOfKeys(*execution);
    if (execution->signals != nullptr) sum += DigestOf(*execution->signals, execution->id);
    for (uint32_t task = 0; task < execution->tasks.size(); ++task) {
      sum += DigestOf(execution->tasks[task], execution->id, task);
    }
  }
  for (const DeadLetterRef& letter : state.dead_letters()) sum += DigestOf(letter);
  for (const auto& [seq, schedule] : state.schedules().all()) sum += DigestOf(*schedule);
  sum += DigestOfSwitch(state);
  for (uint32_t i = 0; i < state.activities().size(); ++i) {
    sum += DigestOfPause(state.activities()[i]);
  }
  for (const auto& breaker : state.breakers()) sum += DigestOf(breaker);
  state.tombstones().ForEach([&sum](const Tombstone& tombstone) { sum += DigestOf(tombstone); });
  return sum;
}

uint64_t HistoryDigest(const State& state) {
  uint64_t sum = 0;
  for (const auto& execution : state.executions()) {
    for (const auto& [task, notes] : execution->history.by_task()) {
      uint64_t place = 0;
      for (const AttemptNote& n : notes) {
        sum += Hash(std::array<uint64_t, 11>{
            execution->id, task, place++, n.seq, Two(n.generation, n.attempt),
            Two(n.epoch, static_cast<uint32_t>(n.outcome)), Word(n.started_at), Word(n.finished_at),
            n.error.seq, n.error.digest, n.error.bytes});
      }
    }
  }
  return sum;
}

}  // namespace stet::core
