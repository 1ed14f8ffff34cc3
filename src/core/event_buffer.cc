// The group under construction: one arena, events at multiples of 8 in it.
#include "core/event_buffer.h"

#include <cstring>

namespace stet::core {

void EventBuffer::Begin(uint64_t next_seq) {
  next_seq_ = next_seq;
  arena_.clear();
  entries_.clear();
}

void EventBuffer::Add(uint64_t stream, schema::EventType type, Bytes payload) {
  const size_t begin = (arena_.size() + 7) & ~size_t{7};
  arena_.resize(begin + payload.size());
  std::memcpy(arena_.data() + begin, payload.data(), payload.size());
  entries_.push_back({.stream = stream,
                      .begin = begin,
                      .bytes = payload.size(),
                      .type = static_cast<uint16_t>(type)});
}

std::span<const EventRef> EventBuffer::events() {
  events_.clear();
  for (const Entry& entry : entries_) {
    events_.push_back({.seq = next_seq_ + events_.size(),
                       .stream = entry.stream,
                       .type = entry.type,
                       .payload = Bytes(arena_.data() + entry.begin, entry.bytes)});
  }
  return events_;
}

}  // namespace stet::core
