// The digest of the state: a sum over its entities, so that one changed entity costs one hash.
//
// Version 1.  digest = sum modulo 2^64 of the low 64 bits of XXH3-128 (seed 0) over the encoding of each entity.  An encoding is a row of
// 64-bit little-endian words; a | b << n means that several fields share a word.
//
//   engine        4, epoch, lost cursor: execution position, task, done;
//                 definition being received: hash high, hash low, chunks, tasks, edges.  Nothing while all of these are 0
//   definition    3, hash high, hash low
//   execution     2, id, hash high, hash low, XXH3-64 of the key, input {seq, digest, bytes}, state | cancel_requested << 8, started_at,
//                 finished_at, seq, due {head | tail << 32}, failed {head | tail << 32}, failed_edge | cancel_next << 32
//   task          1, execution, index, state | run << 8 | failure << 16 | waits << 24 | skip << 25 | branch << 27 | generation << 32, attempts | failures << 32, lost | epoch << 32,
//                 order, updated_at, started_at, finished_at, due_at, output {seq, digest, bytes}, error {seq, digest, bytes}.
//                 Nothing while it is Pending in its first generation and stands in no branch that was not taken
//   dead letter   5, seq, execution, task
//   operated      6, id, paused | priority << 32, of an execution.  Nothing while neither was set
//   engine switch 7.  Nothing unless the engine is paused
//   paused        8, XXH3-64 and size of the name of an activity that is paused
//   tombstone     9, hash high, hash low, forget_at, outcome
//   linked       20, id, start_at, parent {execution, task, attempt}, to_cancel, schedule, of an execution.  Nothing while none was set
//   signal       21, execution, XXH3-64 and size of its name, seq, payload {digest, bytes}, of one that waits
//   schedule     23, seq, XXH3-64 and size of name, cron and zone, hash high, hash low, input {seq, digest, bytes}, every, anchor,
//                 misfire | overlap << 8 | paused << 16 | catch_up_max << 32, next_at, last_at, started, skipped,
//                 XXH3-64 and number of the times that wait and of the executions that run
//   signal id    22, execution, hash high, hash low, seq, of one that is remembered
//   step          10, execution, task, XXH3-64 and size of its name, occurrence, result {seq, digest, bytes}
//   checkpoint    11, execution, task, {seq, digest, bytes}.  Nothing while there is none
//   lease         16, execution, task, until, XXH3-64 and size of the worker's name.  Nothing while there is none
//   run's limits  13, execution, task, close_by, retry_by.  Nothing while there is neither
//   runs          31, execution, task, how many have completed.  Nothing while none has
//   map           33, execution, task, how many items it has and one more.  Nothing until it is expanded
//   state         32, execution, task, {seq, digest, bytes}.  Nothing while there is none
//   metadata      12, execution, task, XXH3-64 and size of the key, XXH3-64 and size of the value
//
//   breaker       15, XXH3-64 and size of its name, state | failures << 32, successes, until, XXH3-64 and number of its probes
//   end          30, id, outcome | compensate << 32, untaken {head | tail << 32}, of an execution.  Nothing while none was set
//   key           14, id, position, XXH3-64 and size of the concurrency key, of an execution
//
// What follows from these (unfinished parents, list links, counts, the ready queue's lanes) is left out, and so is the
// history of attempts: it says nothing that later events depend on, and logs older than it have digests without it.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/state.h"

namespace stet::core {

inline constexpr uint32_t kDigestVersion = 1;

uint64_t DigestOf(const SignalBox& signals, uint64_t execution);
uint64_t DigestOfSignal(uint64_t execution, std::string_view name, uint64_t seq,
                        const PayloadRef& payload);
uint64_t DigestOfSignalId(uint64_t execution, const SignalBox::SeenId& id);
uint64_t DigestOf(const TaskSlot& slot, uint64_t execution, uint32_t task);
uint64_t DigestOf(const Execution& execution);  // without its tasks
uint64_t DigestOf(const Schedule& schedule);
uint64_t DigestOf(const Definition& definition);
uint64_t DigestOf(const DeadLetterRef& letter);
uint64_t DigestOf(const Tombstone& tombstone);
uint64_t DigestOfStep(const StepKey& key, const PayloadRef& result, uint64_t execution,
                      uint32_t task);
uint64_t DigestOfCheckpoint(const PayloadRef& checkpoint, uint64_t execution, uint32_t task);
uint64_t DigestOfMetadata(const std::pair<const std::string, std::string>& entry,
                          uint64_t execution, uint32_t task);
uint64_t DigestOfLimits(const RunNotes& notes, uint64_t execution, uint32_t task);
uint64_t DigestOfLease(const RunLease& lease, uint64_t execution, uint32_t task);
uint64_t DigestOfRuns(const RunNotes& notes, uint64_t execution, uint32_t task);
uint64_t DigestOfMap(const RunNotes& notes, uint64_t execution, uint32_t task);
uint64_t DigestOfState(const PayloadRef& state, uint64_t execution, uint32_t task);
uint64_t DigestOfNotes(const Execution& execution);  // the sum of these
uint64_t DigestOfKeys(const Execution& execution);   // their sum
uint64_t DigestOf(const Breakers::value_type& breaker);
uint64_t DigestOfPause(const ActivityEntry& activity);
uint64_t DigestOfSwitch(const State& state);
uint64_t DigestOfEngine(const State& state);

// A sum like it over what it leaves out: the histories.
uint64_t HistoryDigest(const State& state);

// The whole sum, from nothing.  State::digest() always equals it.
uint64_t RecomputeDigest(const State& state);

}  // namespace stet::core
