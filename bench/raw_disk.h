// What the disk itself can do: the reference of the log's figures.
#pragma once

#include <cstddef>
#include <string>

#include <absl/status/statusor.h>

#include "bench/harness.h"
#include "tools/walbench/raw_load.h"

namespace stet::bench {

// Runs a raw load on a prewritten file of 64 MiB in `folder`; `load.fd` and `load.file_bytes` are set
// here.  rate, p50, p99 and MB/s.
absl::StatusOr<Samples> RawLoad(const std::string& folder, walbench::Interface interface,
                                walbench::Load load);

// Overwrites pieces of `bytes` (a multiple of 4096) of a written file one after another, each durable
// before the next, for about `seconds`.
absl::StatusOr<Samples> RawDurableOverwrites(const std::string& folder, size_t bytes,
                                             double seconds);

}  // namespace stet::bench
