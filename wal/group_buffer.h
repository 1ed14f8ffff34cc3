// Groups of many threads on their way to the log's thread: each reserves its place in one atomic
// step and is encoded there by its own thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "stet/wal/options.h"
#include "stet/wal/record.h"
#include "wal/io/aligned_buffer.h"

namespace stet::wal {

// Two halves: producers fill one while the log's thread reads the other.  What has been added to a
// half is taken all at once, after which producers go on in the other.
//
// No producer waits for another, so one that loses its processor in the middle holds up nobody but
// the thread that wants to take his half.
class GroupBuffer {
 public:
  // One group to be added.
  struct NewGroup {
    std::span<const NewRecord> records = {};
    std::span<const uint64_t> hashes = {};  // of the payloads
    uint64_t body_bytes = 0;                // that the records take
    uint64_t state_digest = 0;
    Durability at_least = Durability::kMemory;
  };

  // One group, as it was added.
  struct Group {
    Bytes records = {};  // as PutRecord writes them
    uint32_t count = 0;
    uint64_t payload_bytes = 0;
    uint64_t state_digest = 0;
    Durability at_least = Durability::kMemory;
  };

  enum class Outcome : uint8_t { kAdded, kFull, kClosed };

  // What Add did; `last_seq` and `used` only if it added.
  struct Added {
    Outcome outcome = Outcome::kAdded;
    uint64_t last_seq = 0;
    uint64_t used = 0;  // bytes of the half, with this group
  };

  // A half takes groups until they are `soft_bytes` together: the last, of at most
  // `group_bytes_max`, may go beyond that.  So a large group waits no longer than a small one.
  GroupBuffer(uint64_t soft_bytes, uint64_t group_bytes_max);

  // Producers, from any thread.

  // Encodes `group` behind all that was added before.
  Added Add(const NewGroup& group);

  // Seq of the next record, as of now.
  uint64_t next_seq() const { return SeqOf(state_.load()); }

  // Bytes added to the half that producers fill.
  uint64_t used() const { return UsedOf(state_.load()); }

  // Whether a group could be added, as of now.
  bool has_room() const;

  // Refuse, or take, new groups.
  void Close() { state_.fetch_or(kClosed); }
  void Reopen() { state_.fetch_and(~kClosed); }

  // The log's thread alone.

  // Before anything is added.
  void Start(uint64_t next_seq);

  // Takes what was added, waiting for groups that are still being encoded, and returns its last seq;
  // 0 if that is nothing.  Only when all of the last half was read.
  uint64_t Take();

  // The next group of what was taken; null when there is none left.
  const Group* Front();
  void PopFront();

 private:
  // Stands before the records of a group.
  struct Prefix {
    uint32_t body_bytes;
    uint32_t count;
    uint64_t payload_bytes;
    uint64_t state_digest;
    uint64_t at_least;
  };

  struct Place {
    Outcome outcome = Outcome::kAdded;
    uint32_t half = 0;
    uint64_t offset = 0;
    uint64_t first_seq = 0;
  };

  // The state, one word: next seq (its low 40 bits), closed, half, bytes used in units of 16.
  static constexpr uint64_t kUnit = 16;
  static constexpr uint64_t kUnitsMask = (1 << 22) - 1;
  static constexpr uint64_t kHalf = 1 << 22;
  static constexpr uint64_t kClosed = 1 << 23;
  static constexpr int kSeqShift = 24;

  static uint64_t UsedOf(uint64_t state) { return (state & kUnitsMask) * kUnit; }
  uint64_t SeqOf(uint64_t state) const;

  Place Reserve(uint64_t bytes, uint64_t records);
  void Encode(const Place& place, const NewGroup& group);
  void MarkFilled(const Place& place, uint64_t bytes);

  const uint64_t soft_bytes_;
  std::array<AlignedBuffer, 2> halves_;

  alignas(64) std::atomic<uint64_t> state_ = 0;
  alignas(64) std::array<std::atomic<uint32_t>, 2> filled_ = {};  // units, by half
  std::atomic<bool> waiting_ = false;   // the log's thread, for a half to be filled
  std::atomic<uint64_t> near_seq_ = 0;  // some recent seq: completes the 40 bits

  // The log's thread alone.
  uint32_t taken_half_ = 1;
  uint64_t taken_bytes_ = 0;
  uint64_t read_bytes_ = 0;
  Group front_;
};

}  // namespace stet::wal
