// Runs for workers elsewhere: they take them under a lease, say that they are there, and report.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/payload.h"

#pragma GCC visibility push(default)

namespace stet {

// What a worker asks for.
struct LeaseRequest {
  std::string worker = {};  // its name: 1..255 bytes of UTF-8, no control characters
  std::vector<std::string> activities = {};  // that it can run
  uint32_t max = 1;                          // so many runs at most, and 1000 at a time
  // For so long it may be silent; then its attempt is lost (RetryPolicy::max_lost).  A task's heartbeat timeout
  // makes it shorter.  > 0.
  absl::Duration lease = absl::Seconds(60);
};

// An attempt that a worker has.  It outlives the process that gave it: whoever opens the directory next takes its
// report, as long as the lease lasts.
struct LeasedRun {
  // Names the attempt in RenewLeases and ReportLeased.  No other one ever has it, unless a power cut takes back
  // what a mode weaker than commit had not flushed.
  std::string token = {};
  uint64_t execution = 0;
  std::string key = {};
  std::string task = {};
  std::string activity = {};
  uint32_t attempt = 1;              // 1 for the first
  uint32_t occurrence = 1;           // as ActivityContext's
  std::string idempotency_key = {};  // "{execution id}/{task}/{run}", as ActivityContext's
  std::string config = {};
  Payload input = {};
  std::map<std::string, Payload> outputs = {};       // of the tasks that it depends on
  std::optional<Payload> signal = std::nullopt;      // of an event task: what came
  std::optional<Payload> checkpoint = std::nullopt;  // of the attempts before it
  std::optional<Payload> state = std::nullopt;   // of a stateful task: what its last success left
  absl::Time until = absl::InfinitePast();       // when its lease ends, on the engine's clock
  absl::Time deadline = absl::InfiniteFuture();  // when it times out, on the engine's clock
};

// What became of the attempts that a worker named.
struct Renewal {
  uint64_t seq = 0;
  std::vector<std::string> lost =
      {};  // the worker does not have them any more: it should drop them
  std::vector<std::string> cancelled =
      {};  // it still has them, and should stop them and report Cancelled
};

// How the attempt ended: an output or an error, as an activity's.  Cancelled gives it back: it waits for another
// worker, and uses up no attempt; after a cancellation it has ended.
struct LeaseReport {
  std::string token = {};
  absl::StatusOr<Payload> result = absl::StatusOr<Payload>();
  std::optional<Payload> state = std::nullopt;  // that a stateful task's success leaves
};

}  // namespace stet

#pragma GCC visibility pop
