// What a log tells: the state, and the bytes that it refers to.
#pragma once

#include "core/state.h"
#include "engine/payload_store.h"

namespace stet::engine {

// State with the bytes that belong to it.
struct Books {
  core::State state = {};
  PayloadStore payloads = {};
};

}  // namespace stet::engine
