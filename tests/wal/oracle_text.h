// The structures of a log as the oracle reads them, straight from the drawings in wal/format.h.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace stet::oracle {

using Text = std::string;

uint64_t Number(const Text& bytes, size_t at, size_t width);  // little-endian
Text Hash(const char* data, size_t size);                     // XXH3-128, low half first
bool Zero(const char* data, size_t size);
uint64_t Up(uint64_t value, uint64_t unit);

// A file, with zeros behind its end.
struct File {
  const Text* text = nullptr;
  const std::set<uint64_t>* bad = nullptr;  // offsets of unreadable blocks of 4 KiB

  uint64_t size() const { return text->size(); }
  bool Readable(uint64_t at, uint64_t bytes) const;
  Text Part(uint64_t at, uint64_t bytes) const;
};

enum class Mark { kBad, kNewer, kActive, kPrepared };

struct Header {
  Mark mark = Mark::kBad;
  Text bytes = {};
  uint64_t Get(size_t at, size_t width) const { return Number(bytes, at, width); }
  uint64_t align() const { return uint64_t{1} << Get(53, 1); }
  bool good() const { return mark == Mark::kActive || mark == Mark::kPrepared; }
};
Header ReadHeader(const File& file, uint64_t at);

// What 128 bytes are as the header of a batch.
struct Batch {
  enum Kind { kNothing, kNewer, kIntact } kind = kNothing;
  Text bytes = {};
  uint64_t Get(size_t at, size_t width) const { return Number(bytes, at, width); }
  uint64_t body() const { return Get(8, 4); }
  uint64_t salt() const { return Get(16, 8); }
  uint64_t lsn() const { return Get(24, 8); }
  uint64_t first_seq() const { return Get(32, 8); }
  uint64_t count() const { return Get(40, 4); }
  uint64_t durable() const { return Get(48, 8); }
  Text id() const { return bytes.substr(112, 16); }
  bool data() const { return Get(5, 1) == 1; }
};

Batch ReadBatch(const Text& bytes);

struct Segment {
  uint64_t number = 0;
  File file = {};
  Header copy[2] = {};
  int best = -1;  // the copy that counts
  bool has_batch = false;
  const Header& header() const { return copy[best]; }
  bool active() const { return best >= 0 && header().mark == Mark::kActive; }
  uint64_t Get(size_t at, size_t width) const { return header().Get(at, width); }
  uint64_t align() const { return header().align(); }
  uint64_t salt() const { return Get(40, 8); }
  uint64_t bytes() const { return Get(56, 8); }
  uint64_t first_seq() const { return Get(88, 8); }
  uint64_t prev_end() const { return Get(104, 8); }
  Text prev_id() const { return header().bytes.substr(120, 16); }
  uint64_t Lsn(uint64_t at) const { return number << 32 | at; }
};

struct Slot {
  bool good = false;
  uint64_t flags = 0, no = 0, durable = 0, seq = 0;
  Text id = {};
};

Slot ReadSlot(const Segment& segment, uint64_t position);

// Sets `copy` and `best`.
void ReadHeaders(Segment& segment);

// Sets `has_batch`: of a file without a header anywhere in it, else at the first place.
void FindBatch(Segment& segment);

// What is at a place that should hold the next batch.
enum class Place { kValid, kZeros, kTorn, kBad, kStale, kElsewhere, kOther, kNewer, kUnreadable };

// All that does not depend on the batches before: kValid for a batch that is whole, in its place.
Place Look(const Segment& segment, uint64_t at);

}  // namespace stet::oracle
