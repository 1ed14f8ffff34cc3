// One event of each type, for tests of what takes them all.
#pragma once

#include <vector>

#include "schema/event_type.h"
#include "schema/pack.h"

namespace stet::schema {

using Buffer = std::vector<std::byte>;

inline Buffer Copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

struct Sample {
  EventType type = EventType::None;
  Buffer payload = {};
};

// Of two tasks; the second one has an extra.
Buffer SampleChunk(Packer& pack);

// One of each type, ascending.
std::vector<Sample> Samples();

}  // namespace stet::schema
