// Groups of many threads on their way to the log's thread.
#include "wal/group_buffer.h"

#include <cassert>
#include <cstring>

#include "wal/batch.h"
#include "wal/io/futex.h"

namespace stet::wal {
namespace {

// A group is encoded in less time than a sleep takes; only a producer that lost its processor is
// waited for by sleeping.
constexpr int kSpins = 200;

}  // namespace

GroupBuffer::GroupBuffer(uint64_t soft_bytes, uint64_t group_bytes_max) : soft_bytes_(soft_bytes) {
  const uint64_t bytes = soft_bytes + sizeof(Prefix) + group_bytes_max;
  assert(bytes / kUnit < kUnitsMask);
  for (AlignedBuffer& half : halves_) half = AlignedBuffer(bytes, 64);
}

void GroupBuffer::Start(uint64_t next_seq) {
  near_seq_.store(next_seq);
  state_.store(next_seq << kSeqShift);
}

uint64_t GroupBuffer::SeqOf(uint64_t state) const {
  const uint64_t near = near_seq_.load();
  // The difference of the low 40 bits, with its sign.
  const auto difference =
      static_cast<int64_t>((state >> kSeqShift << kSeqShift) - (near << kSeqShift));
  return near + static_cast<uint64_t>(difference >> kSeqShift);
}

bool GroupBuffer::has_room() const {
  const uint64_t state = state_.load();
  return (state & kClosed) == 0 && UsedOf(state) < soft_bytes_;
}

GroupBuffer::Added GroupBuffer::Add(const NewGroup& group) {
  const uint64_t bytes = sizeof(Prefix) + group.body_bytes;
  const Place place = Reserve(bytes, group.records.size());
  if (place.outcome != Outcome::kAdded) return {.outcome = place.outcome};
  Encode(place, group);
  MarkFilled(place, bytes);
  return {.last_seq = place.first_seq + group.records.size() - 1, .used = place.offset + bytes};
}

GroupBuffer::Place GroupBuffer::Reserve(uint64_t bytes, uint64_t records) {
  static_assert(sizeof(Prefix) % kUnit == 0);
  assert(bytes % kUnit == 0 && bytes + soft_bytes_ <= halves_[0].size());
  uint64_t state = state_.load();
  while (true) {
    const uint64_t used = UsedOf(state);
    if ((state & kClosed) != 0) return {.outcome = Outcome::kClosed};
    if (used >= soft_bytes_) return {.outcome = Outcome::kFull};
    const uint64_t next = state + bytes / kUnit + (records << kSeqShift);
    if (state_.compare_exchange_weak(state, next)) {
      return {.half = (state & kHalf) != 0 ? 1U : 0U, .offset = used, .first_seq = SeqOf(state)};
    }
  }
}

void GroupBuffer::Encode(const Place& place, const NewGroup& group) {
  const std::span<std::byte> half = halves_[place.half].span();
  uint64_t at = place.offset + sizeof(Prefix);
  uint64_t payload_bytes = 0;
  for (size_t i = 0; i < group.records.size(); ++i) {
    at += PutRecord(group.records[i], place.first_seq + i, group.hashes[i], half.subspan(at));
    payload_bytes += group.records[i].payload.size();
  }
  assert(at == place.offset + sizeof(Prefix) + group.body_bytes);
  const Prefix prefix{.body_bytes = static_cast<uint32_t>(group.body_bytes),
                      .count = static_cast<uint32_t>(group.records.size()),
                      .payload_bytes = payload_bytes,
                      .state_digest = group.state_digest,
                      .at_least = static_cast<uint64_t>(group.at_least)};
  std::memcpy(half.data() + place.offset, &prefix, sizeof(prefix));
}

void GroupBuffer::MarkFilled(const Place& place, uint64_t bytes) {
  filled_[place.half].fetch_add(static_cast<uint32_t>(bytes / kUnit));
  if (waiting_.load()) FutexWake(&filled_[place.half], 1);
}

uint64_t GroupBuffer::Take() {
  assert(read_bytes_ == taken_bytes_);
  uint64_t state = state_.load();
  if ((state & kUnitsMask) == 0) return 0;
  const uint32_t half = (state & kHalf) != 0 ? 1 : 0;
  // The other half was read to its end.
  filled_[1 - half].store(0);
  while (!state_.compare_exchange_weak(state, (state & ~kUnitsMask) ^ kHalf)) {
  }
  near_seq_.store(SeqOf(state));
  const auto units = static_cast<uint32_t>(state & kUnitsMask);
  uint32_t filled = filled_[half].load();
  for (int spin = 0; filled != units && spin < kSpins; ++spin) filled = filled_[half].load();
  waiting_.store(true);
  for (filled = filled_[half].load(); filled != units; filled = filled_[half].load()) {
    FutexWait(&filled_[half], filled, absl::InfiniteDuration());
  }
  waiting_.store(false);
  taken_half_ = half;
  taken_bytes_ = units * kUnit;
  read_bytes_ = 0;
  return near_seq_.load() - 1;
}

const GroupBuffer::Group* GroupBuffer::Front() {
  if (read_bytes_ == taken_bytes_) return nullptr;
  const std::span<std::byte> half = halves_[taken_half_].span();
  Prefix prefix;
  std::memcpy(&prefix, half.data() + read_bytes_, sizeof(prefix));
  front_ = {.records = half.subspan(read_bytes_ + sizeof(Prefix), prefix.body_bytes),
            .count = prefix.count,
            .payload_bytes = prefix.payload_bytes,
            .state_digest = prefix.state_digest,
            .at_least = static_cast<Durability>(prefix.at_least)};
  return &front_;
}

void GroupBuffer::PopFront() { read_bytes_ += sizeof(Prefix) + front_.records.size(); }

}  // namespace stet::wal
