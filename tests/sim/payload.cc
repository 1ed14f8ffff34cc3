// Payloads from ids.
#include "tests/sim/payload.h"

#include <algorithm>

namespace stet::wal {
namespace {

// SplitMix64's mixer.
uint64_t Mix(uint64_t x) {
  x += 0x9e37'79b9'7f4a'7c15;
  x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
  x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
  return x ^ (x >> 31);
}

}  // namespace

std::string PayloadOf(uint64_t id, uint64_t bytes_max) {
  const uint64_t random = Mix(id);
  const uint64_t size = Mix(random) % std::max<uint64_t>(bytes_max, 1);
  switch (random % 16) {
    case 0:
      return std::string(size, '\0');
    case 1:
      return std::to_string(id) + std::string(size, '\0') + "end";
    case 2:
    case 3:
      return std::to_string(id);
    case 4: {
      std::string noise = std::to_string(id) + ' ';
      for (uint64_t i = 0; noise.size() < size; ++i) {
        noise.push_back(static_cast<char>(Mix(random + i)));
      }
      return noise;
    }
    default:
      return std::to_string(id) + std::string(size, static_cast<char>('a' + random % 26));
  }
}

}  // namespace stet::wal
