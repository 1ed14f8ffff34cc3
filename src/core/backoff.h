// How long to wait before the next attempt.
#pragma once

#include <cstdint>

#include "schema/workflow.fbs.h"

namespace stet::core {

// The delay in ns after the n-th finished attempt (from 1).  The same arguments give the same delay: jitter comes from a hash of
// (execution, task, n).  At least 1 ms shorter than 146 years, whatever the policy.
int64_t RetryDelay(const fb::TaskPolicy& policy, uint32_t n, uint64_t execution, uint32_t task);

}  // namespace stet::core
