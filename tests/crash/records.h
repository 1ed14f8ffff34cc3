// The records of the crash tests: everything about one follows from its seq.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace stet::wal {

// splitmix64: one step of a generator that may start anywhere.
inline uint64_t Mix(uint64_t value) {
  value += 0x9e37'79b9'7f4a'7c15;
  value = (value ^ value >> 30) * 0xbf58'476d'1ce4'e5b9;
  value = (value ^ value >> 27) * 0x94d0'49bb'1331'11eb;
  return value ^ value >> 31;
}

// Up to about 3 KiB; some are empty, some hold runs of zeros longer than a sector.
inline std::string PayloadOf(uint64_t seq) {
  const uint64_t draw = Mix(seq);
  std::string payload(draw % 8 == 0 ? draw / 8 % 3000 : draw / 8 % 300, '\0');
  for (size_t at = 0; at < payload.size(); at += 8) {
    const uint64_t word = Mix(draw + at);
    std::memcpy(payload.data() + at, &word, std::min<size_t>(8, payload.size() - at));
  }
  if (draw / 64 % 4 == 0)
    payload.replace(payload.size() / 8, payload.size() / 2, payload.size() / 2, '\0');
  return payload;
}

inline uint16_t TypeOf(uint64_t seq) { return static_cast<uint16_t>(seq % 5); }

}  // namespace stet::wal
