// A directory's state at any event of its log, without the lock and without writing: for tools.
//
//   absl::StatusOr<stet::Replayed> state = stet::Replay({.directory = dir, .at_seq = 1042});
//   for (const stet::ExecutionSummary& execution : state->List()) { ... }
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/report.h"
#include "stet/wal/options.h"
#include "stet/wal/recovery.h"

#pragma GCC visibility push(default)

namespace stet {

struct ReplayOptions {
  std::string directory = {};    // of the engine, or its folder `wal`
  uint64_t at_seq = UINT64_MAX;  // the state behind this event; the last one if it is beyond
  wal::Options log = {};         // directory and create in it are set by Replay
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
  // The whole definition that an execution is pinned to.  Errors: as Report.
  absl::StatusOr<Workflow> Definition(std::string_view execution) const;

  class Impl;
  explicit Replayed(std::unique_ptr<const Impl> impl);

 private:
  std::unique_ptr<const Impl> impl_;
};

// Replays the log of a directory; another process may be writing it: then what it has flushed is
// seen.  Every event is checked, and the digest of every batch.
// Errors: those of wal::Recover, except that the lock is not needed; DataLoss when an event does not
// replay (names it) or the state differs from the log's digest (names the batch).
absl::StatusOr<Replayed> Replay(const ReplayOptions& options);

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
