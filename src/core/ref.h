// Names of things inside State: runs, attempts, payloads.
#pragma once

#include <compare>
#include <cstdint>

#include "stet/run_instance.h"

namespace stet::core {

// The fencing token of an attempt: {epoch, seq of its AttemptStarted}.
using Token = FencingToken;

// A task of an execution and its current run.
struct RunRef {
  uint64_t execution = 0;
  uint32_t task = 0;  // index in the definition
  friend auto operator<=>(const RunRef&, const RunRef&) = default;
};

// Where a payload's bytes are: in the event `seq`.  State keeps no bytes; the shell does.
struct PayloadRef {
  uint64_t seq = 0;  // 0: there is none
  uint64_t digest = 0;
  uint32_t bytes = 0;
  explicit operator bool() const { return seq != 0; }
  friend bool operator==(const PayloadRef&, const PayloadRef&) = default;
};

}  // namespace stet::core
