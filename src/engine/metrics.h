// The engine's metrics as text, in the exposition format of Prometheus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <absl/time/time.h>

#include "core/state.h"
#include "engine/disk_use.h"
#include "engine/meter.h"
#include "stet/engine.h"
#include "stet/wal/writer.h"

namespace stet::engine {

// What else is said beside the counts.
struct Gauges {
  const core::State* state = nullptr;
  EngineStats stats = {};
  const wal::WriterStats* writer = nullptr;            // null for a memory engine
  absl::Duration recovery = absl::ZeroDuration();      // what the opening took
  absl::Duration snapshot_age = absl::ZeroDuration();  // of the newest; negative: there is none
  std::optional<DiskUse> disk = std::nullopt;
};

std::string MetricsText(const Counts& counts, const Gauges& gauges);

}  // namespace stet::engine
