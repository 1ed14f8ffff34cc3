// The structures of a snapshot file as they lie on disk; drawn in snapshot_file.h.
#pragma once

#include <xxhash.h>

#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "engine/snapshot_file.h"

namespace stet::engine {

static_assert(std::endian::native == std::endian::little, "structures are written as they lie");

inline constexpr uint64_t kSnapshotMagic = 0x50414E5354455453;  // "STETSNAP"
inline constexpr uint32_t kChunkMagic = 0x4B434E53;             // "SNCK"
inline constexpr uint16_t kSnapshotMajor = 1;
inline constexpr uint16_t kEndChunk = 0xFFFF;
inline constexpr size_t kChunkAlign = 16;

struct RawHead {
  uint64_t magic = kSnapshotMagic;
  uint16_t major = kSnapshotMajor;
  uint16_t minor = 0;
  uint32_t bytes = 96;
  uint64_t seq = 0;
  uint64_t lsn = 0;
  uint64_t batch_low = 0;
  uint64_t batch_high = 0;
  uint64_t state_digest = 0;
  int64_t created_ns = 0;
  std::array<uint8_t, 16> zeros = {};
  SnapshotDigest digest = {};
};
static_assert(sizeof(RawHead) == 96 && std::has_unique_object_representations_v<RawHead>);

struct RawChunk {
  uint32_t magic = kChunkMagic;
  uint16_t kind = 0;
  uint16_t zero = 0;
  uint32_t bytes = 0;
  uint32_t index = 0;
  SnapshotDigest digest = {};
};
static_assert(sizeof(RawChunk) == 32 && std::has_unique_object_representations_v<RawChunk>);

inline SnapshotDigest FromXxh(XXH128_hash_t hash) {
  return {.low = hash.low64, .high = hash.high64};
}

inline SnapshotDigest DigestOf(const RawHead& head) {
  return FromXxh(XXH3_128bits(&head, sizeof(head) - sizeof(head.digest)));
}

inline SnapshotDigest DigestOf(const SnapshotDigest& before, const RawChunk& chunk,
                               wal::Bytes payload) {
  struct {
    SnapshotDigest before;
    RawChunk chunk;
  } all = {.before = before, .chunk = chunk};
  all.chunk.digest = FromXxh(XXH3_128bits(payload.data(), payload.size()));
  return FromXxh(XXH3_128bits(&all, sizeof(all)));
}

constexpr size_t PaddingOf(size_t bytes) {
  return (kChunkAlign - bytes % kChunkAlign) % kChunkAlign;
}

}  // namespace stet::engine
