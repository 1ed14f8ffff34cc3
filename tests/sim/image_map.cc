// Walks over segments by offsets alone.
#include "tests/sim/image_map.h"

#include <xxhash.h>

#include <cstdlib>
#include <cstring>

namespace stet::wal {
namespace {

constexpr uint64_t kAlign = 4096;

using Image = std::vector<std::byte>;

template <typename T>
T At(const Image& image, uint64_t offset) {
  T value = {};
  if (offset + sizeof(T) <= image.size()) std::memcpy(&value, image.data() + offset, sizeof(T));
  return value;
}

// XXH3-128 of [from, to) stands at `place`.
bool Digested(const Image& image, uint64_t from, uint64_t to, uint64_t place) {
  if (to > image.size() || place + 16 > image.size()) return false;
  const XXH128_hash_t hash = XXH3_128bits(image.data() + from, to - from);
  return At<uint64_t>(image, place) == hash.low64 && At<uint64_t>(image, place + 8) == hash.high64;
}

bool Is(const Image& image, uint64_t offset, const char* magic) {
  const size_t length = std::strlen(magic);
  return offset + length <= image.size() && std::memcmp(image.data() + offset, magic, length) == 0;
}

BatchId IdAt(const Image& image, uint64_t offset) {
  return {.low = At<uint64_t>(image, offset), .high = At<uint64_t>(image, offset + 8)};
}

// How many copies of the header say that the segment is in use, and where one of them is.
int ActiveCopies(const Image& image, uint64_t* copy) {
  int active = 0;
  for (const uint64_t at : {uint64_t{0}, kAlign}) {
    if (!Is(image, at, "WFLOGSEG") || !Digested(image, at, at + 240, at + 240)) continue;
    if (At<uint8_t>(image, at + 52) != 2) continue;
    ++active;
    *copy = at;
  }
  return active;
}

struct Walk {
  uint64_t next_seq = 1;
  uint64_t id_low = 0;  // of the batch before
  uint64_t id_high = 0;
};

// The batch at `offset`, if it is whole and continues the walk.
bool Continues(const Image& image, const MappedSegment& segment, uint64_t offset, Walk* walk,
               MappedBatch* batch) {
  if (!Is(image, offset, "WBAT") || !Digested(image, offset, offset + 112, offset + 112))
    return false;
  const uint64_t content = 128 + uint64_t{At<uint32_t>(image, offset + 8)};
  const uint64_t bytes = (content + kAlign - 1) / kAlign * kAlign;
  const bool mine = At<uint64_t>(image, offset + 16) == segment.salt &&
                    At<uint64_t>(image, offset + 24) == (segment.segno << 32 | offset) &&
                    At<uint64_t>(image, offset + 32) == walk->next_seq &&
                    At<uint64_t>(image, offset + 80) == walk->id_low &&
                    At<uint64_t>(image, offset + 88) == walk->id_high;
  if (!mine || !Digested(image, offset + 128, offset + bytes, offset + 64)) return false;
  const uint64_t count = At<uint32_t>(image, offset + 40);
  *batch = {.offset = offset,
            .bytes = bytes,
            .first_seq = walk->next_seq,
            .last_seq = walk->next_seq + count - 1,
            .ends_segment = At<uint8_t>(image, offset + 5) == 2,
            .id = IdAt(image, offset + 112)};
  *walk = {.next_seq = walk->next_seq + count,
           .id_low = At<uint64_t>(image, offset + 112),
           .id_high = At<uint64_t>(image, offset + 120)};
  return true;
}

}  // namespace

const MappedSegment* ImageMap::last_active() const {
  const MappedSegment* last = nullptr;
  for (const auto& [segno, segment] : segments) {
    if (segment.active) last = &segment;
  }
  return last;
}

const MappedSegment* ImageMap::At(const std::string& path) const {
  for (const auto& [segno, segment] : segments) {
    if (segment.path == path) return &segment;
  }
  return nullptr;
}

Anchor AnchorOf(uint64_t segno, const MappedBatch& batch) {
  return {.seq = batch.last_seq,
          .lsn = segno << 32 | (batch.offset + batch.bytes),
          .batch_id = batch.id};
}

ImageMap MapImage(const SimDisk& disk, const std::string& directory) {
  ImageMap map;
  std::map<uint64_t, Image> images;
  std::map<uint64_t, uint64_t> limits;  // where the next segment says that one ends
  for (const std::string& name : disk.List(directory)) {
    if (name.size() != 20 || !name.ends_with(".wal")) continue;
    const uint64_t segno = std::strtoull(name.c_str(), nullptr, 16);
    Image& image = images[segno] = disk.Find(directory + "/" + name)->All();
    MappedSegment& segment = map.segments[segno];
    segment = {.path = directory + "/" + name, .segno = segno, .end = 4 * kAlign};
    uint64_t copy = 0;
    const int copies = ActiveCopies(image, &copy);
    segment.active = copies > 0;
    segment.one_copy = copies == 1;
    segment.salt = At<uint64_t>(image, copy + 40);
    segment.first_seq = At<uint64_t>(image, copy + 88);
    segment.before = IdAt(image, copy + 120);
    if (segment.active) limits[segno - 1] = At<uint64_t>(image, copy + 104) & 0xffff'ffff;
  }
  Walk walk;
  uint64_t expected = 0;
  for (auto& [segno, segment] : map.segments) {
    if (!segment.active) continue;
    if (segno != expected) {
      walk = {.next_seq = segment.first_seq,
              .id_low = segment.before.low,
              .id_high = segment.before.high};
      map.first_seq = segment.first_seq;
    }
    expected = segno + 1;
    const uint64_t limit = limits.contains(segno) ? limits[segno] : images[segno].size();
    MappedBatch batch;
    while (segment.end + kAlign <= limit && !segment.sealed() &&
           Continues(images[segno], segment, segment.end, &walk, &batch)) {
      segment.batches.push_back(batch);
      segment.end += batch.bytes;
    }
  }
  map.last_seq = walk.next_seq - 1;
  return map;
}

}  // namespace stet::wal
