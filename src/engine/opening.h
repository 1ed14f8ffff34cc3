// From options to books and a journal: what Open does before the loop turns.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "engine/ledger.h"
#include "engine/snapshotter.h"
#include "stet/engine.h"

namespace stet::engine {

struct Opening {
  std::unique_ptr<Ledger> ledger = nullptr;
  EngineRecovery recovery = {};
  // Null and nothing for a memory engine; the ledger owns the writer.
  wal::Writer* writer = nullptr;
  std::optional<SnapshotStore> snapshots = {};
  LogTail tail = {};  // what was replayed
};

// Recovers and replays the directory, starts a new epoch in its log and resolves the attempts that
// the last one left in flight.  Not yet released when it returns.  To be called by the loop's thread:
// the log belongs to whoever starts it.  `options.clock` must not be null.  `watch` becomes the ledger's
// observer, before the first event.
// Errors: those of Engine::Open.
absl::StatusOr<Opening> OpenBooks(const EngineOptions& options, Ledger::Observer watch = nullptr);

}  // namespace stet::engine
