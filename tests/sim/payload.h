// Records for simulations: each has an id, and its payload follows from it.
#pragma once

#include <cstdint>
#include <string>

namespace stet::wal {

// Of every kind that a format could stumble over: empty, short, runs of zeros longer than a sector, zeros alone, up to about
// `bytes_max`.  Two ids never give the same payload unless it is all zeros.
std::string PayloadOf(uint64_t id, uint64_t bytes_max);

}  // namespace stet::wal
