// What every call is told that comes too late.
#pragma once

#include "core/refusal.h"

namespace stet::engine {

inline absl::Status EngineClosed() {
  return core::Refuse(absl::StatusCode::kFailedPrecondition, Reason::kClosed,
                      "the engine is closed");
}

}  // namespace stet::engine
