// What was sampled, as CSV and as a drawing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stet::soak {

struct Sample {
  double seconds = 0;  // since the beginning
  uint64_t disk_bytes = 0;
  uint64_t memory_bytes = 0;  // of the process that works
  uint64_t kills = 0;         // until then
};

// "seconds,disk_bytes,memory_bytes,kills" and a line for each.
std::string Csv(const std::vector<Sample>& samples);

// Two curves over time, with their largest values.
std::string Svg(const std::vector<Sample>& samples);

}  // namespace stet::soak
