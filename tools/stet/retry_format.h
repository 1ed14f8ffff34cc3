// The "retry" object of a workflow file.
#pragma once

#include <absl/status/status.h>
#include <stet/policy.h>

#include "tools/stet/field.h"

namespace stet::cli {

// Sets in `policy` what the object names; the rest stays.
absl::Status ParseRetry(const Field& retry, RetryPolicy& policy);

}  // namespace stet::cli
