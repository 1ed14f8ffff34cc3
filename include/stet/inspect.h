// A directory's state at any event of its log, without the lock and without writing: for tools.
//
//   absl::StatusOr<stet::Replayed> state = stet::Replay({.directory = dir, .at_seq = 1042});
//   for (const stet::ExecutionSummary& execution : state->List()) { ... }
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/breaker.h"
#include "stet/report.h"
#include "stet/schedule.h"
#include "stet/snapshot.h"
#include "stet/wal/options.h"
#include "stet/wal/recovery.h"
#include "stet/why.h"

#pragma GCC visibility push(default)

namespace stet {

struct ReplayOptions {
  std::string directory = {};    // of the engine, or its folder `wal`
  uint64_t at_seq = UINT64_MAX;  // the state behind this event; the last one if it is beyond
  // The state behind the last batch that was closed by then, on the wall clock.  If both are given,
  // whichever comes first.
  absl::Time at_time = absl::InfiniteFuture();
  // Replay all that the log holds, not only what is behind the nearest snapshot.
  bool whole_log = false;
  wal::Options log = {};  // directory and create in it are set by Replay
};

// State after replay.  A value that nothing changes; thread-safe.
class Replayed {
 public:
  Replayed(Replayed&&) noexcept;
  Replayed& operator=(Replayed&&) noexcept;
  ~Replayed();

  uint64_t seq() const;     // of the last event applied; 0 if there was none
  absl::Time time() const;  // of that event, on the engine's clock
  uint32_t epoch() const;   // openings so far
  uint64_t digest() const;  // as in batch headers

  // What opening the directory would decide about its log.
  const wal::RecoveryReport& log() const;

  // In the order in which they started.
  std::vector<ExecutionSummary> List() const;
  // `execution` as for Engine::Wait.  Errors: NotFound, InvalidArgument (ambiguous).
  absl::StatusOr<ExecutionReport> Report(std::string_view execution) const;
  std::vector<DeadLetter> DeadLetters() const;
  // As Engine::Breakers.
  std::vector<BreakerInfo> Breakers() const;
  // Errors: as Report; NotFound with Reason kUnknownTask or kUnknownDeadLetter.
  absl::StatusOr<DeadLetter> GetDeadLetter(std::string_view execution, std::string_view task) const;
  // As Engine::Schedules, of a directory that nobody executes; next times from `now` on.
  std::vector<ScheduleReport> Schedules(absl::Time now) const;
  // As Engine::Why, of a directory that nobody executes.  Errors: as Report.
  absl::StatusOr<WhyReport> Why(std::string_view execution, size_t tasks_max = 1000) const;
  // The whole definition that an execution is pinned to.  Errors: as Report.
  absl::StatusOr<Workflow> Definition(std::string_view execution) const;

  class Impl;
  const Impl& impl() const { return *impl_; }
  explicit Replayed(std::unique_ptr<const Impl> impl);

 private:
  std::unique_ptr<const Impl> impl_;
};

// Replays the log of a directory, from the nearest snapshot on; another process may be writing it:
// then what it has flushed is seen.  Every event is checked, and the digest of every batch.
// Errors: those of wal::Recover, except that the lock is not needed; DataLoss when an event does not
// replay (names it) or the state differs from the log's digest (names the batch); OutOfRange when what
// is asked for was given up with the beginning of the log.
absl::StatusOr<Replayed> Replay(const ReplayOptions& options);

// The digest of the state behind one event.
struct EventDigest {
  uint64_t seq = 0;
  uint64_t stream = 0;
  uint16_t type = 0;
  uint64_t digest = 0;
  uint64_t batch_lsn = 0;
  bool logged = false;  // it ends its batch, whose header says the same
};

// Replays as Replay does, and tells the digest behind each event, in order.  Two builds that disagree
// about a batch show by this at which event they begin to.  Errors: as Replay, behind the last event
// that could be replayed.
absl::Status ForEachDigest(const ReplayOptions& options,
                           const std::function<void(const EventDigest&)>& visit);

// A difference between two states.
struct StateChange {
  uint64_t execution = 0;  // 0: a switch of the whole directory, such as "engine_paused"
  std::string key = {};    // of the execution
  std::string task = {};   // empty: the execution itself
  std::string field =
      {};  // "state", "attempts", "output", ...; "present": the execution as a whole
  std::string before = {};  // empty: there was none
  std::string after = {};
};

// What differs, in order of execution and task.
std::vector<StateChange> DiffStates(const Replayed& before, const Replayed& after);

// Where two logs part, by what they tell.
struct Divergence {
  enum class Kind : uint8_t {
    kNone,    // all that both hold is the same, and both end there
    kLength,  // the same, as far as the shorter one goes
    kEvent,   // `seq` is another event in the one than in the other
    kState,   // the states differ already where both begin
  };
  Kind kind = Kind::kNone;
  uint64_t seq = 0;          // the first that differs, or that only one has; 0 if none does
  std::string text[2] = {};  // what each holds there, as JSON; empty: nothing
};

// The first event that differs between two directories, or two ranges of one.  Batches and times of
// writing do not count, only events and what follows from them.  Errors: as Replay, of either.
absl::StatusOr<Divergence> Bisect(const ReplayOptions& a, const ReplayOptions& b);

// What Engine::Open would decide about the log in `log.directory`: wal::Examine, with the newest whole
// snapshot in the folder beside the log.
wal::RecoveryReport ExamineWithSnapshots(const wal::Options& log);

// The snapshots of a directory (an engine's, or its folder `wal`), newest first, every byte verified.
// Errors: their folder cannot be read; none is no error.
absl::StatusOr<std::vector<SnapshotInfo>> ListSnapshots(const std::string& directory);

// Wire name of an event type ("attempt_finished"); "unknown" if it has none.
std::string_view EventTypeName(uint16_t type);
std::optional<uint16_t> EventTypeFrom(std::string_view name);
std::vector<std::string_view> EventTypeNames();

// The fields of an event as one JSON object on one line.  `chars_max` bounds what is shown of a
// payload.  Errors: DataLoss when the payload does not parse; Unimplemented for an unknown type.
absl::StatusOr<std::string> DescribeEvent(uint16_t type, wal::Bytes payload,
                                          size_t chars_max = SIZE_MAX);

// The log options with which an engine opens `directory`.
wal::Options LogOptionsFor(std::string_view directory, wal::Options log = {});

}  // namespace stet

#pragma GCC visibility pop
