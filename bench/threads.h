// Many threads that each append and wait, again and again.
#pragma once

#include <cstddef>
#include <functional>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "bench/harness.h"

namespace stet::bench {

// One durable append of one thread; `thread` counts from 0.
using DurableAppend = std::function<absl::Status(size_t thread)>;

// rate, p50 and p99 of `threads` threads that call `append` one call after another.
absl::StatusOr<Samples> RunThreads(size_t threads, double seconds, const DurableAppend& append);

}  // namespace stet::bench
