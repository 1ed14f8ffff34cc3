// What the disk itself can do: the reference of the log's figures.
#pragma once

#include <cstddef>
#include <string>

#include <absl/status/statusor.h>

#include "bench/harness.h"

namespace stet::bench {

// Overwrites pieces of `bytes` (a multiple of 4096) of a written file one after another, each durable
// before the next (O_DIRECT | O_DSYNC), for about `seconds`.
absl::StatusOr<Samples> RawDurableOverwrites(const std::string& folder, size_t bytes,
                                             double seconds);

}  // namespace stet::bench
