// A short hash to tell texts apart where nobody attacks: cut file names, inputs in messages.
#pragma once

#include <cstdint>
#include <string_view>

namespace stet::cli {

// FNV-1a, 64 bits.
constexpr uint64_t Fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace stet::cli
