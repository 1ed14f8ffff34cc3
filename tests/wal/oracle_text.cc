// Valid if and only if: each rule of wal/format.h once.
#include "tests/wal/oracle_text.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace stet::oracle {

uint64_t Number(const Text& bytes, size_t at, size_t width) {
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return value;
}

Text Hash(const char* data, size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  Text out(16, '\0');
  std::memcpy(out.data(), &hash.low64, 8);
  std::memcpy(out.data() + 8, &hash.high64, 8);
  return out;
}

bool Zero(const char* data, size_t size) {
  return size == 0 || (data[0] == 0 && std::memcmp(data, data + 1, size - 1) == 0);
}

uint64_t Up(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

bool File::Readable(uint64_t at, uint64_t bytes) const {
  return bad == nullptr || std::none_of(bad->begin(), bad->end(), [&](uint64_t block) {
           return block + 4096 > at && block < at + bytes;
         });
}

Text File::Part(uint64_t at, uint64_t bytes) const {
  Text part = at < size() ? text->substr(at, bytes) : Text();
  part.resize(bytes);
  return part;
}

Header ReadHeader(const File& file, uint64_t at) {
  Header header;
  if (!file.Readable(at, 256)) return header;
  header.bytes = file.Part(at, 256);
  const Text& b = header.bytes;
  if (b.compare(0, 8, "WFLOGSEG") != 0 || Hash(b.data(), 240) != b.substr(240)) return header;
  if (header.Get(8, 2) != 1 || header.Get(80, 4) != 0 || header.Get(64, 4) != 1) {
    header.mark = Mark::kNewer;
    return header;
  }
  if (header.Get(10, 2) == 0 && !Zero(b.data() + 190, 50)) return header;
  const uint64_t state = header.Get(52, 1);
  const uint64_t align = header.Get(53, 1);
  const uint64_t record_align = header.Get(54, 1);
  const uint64_t fill = header.Get(55, 1);
  const uint64_t size = header.Get(56, 8);
  const uint64_t segno = header.Get(32, 8);
  const bool sane = header.Get(12, 4) == 256 && (state == 1 || state == 2) && align >= 12 &&
                    align <= 16 && record_align >= 4 && record_align <= 6 &&
                    (fill == 1 || fill == 2) && segno > 0 && segno < uint64_t{1} << 32 &&
                    size >= 64 << 10 && size <= uint64_t{2} << 30 &&
                    size % (uint64_t{1} << align) == 0;
  if (sane) header.mark = state == 2 ? Mark::kActive : Mark::kPrepared;
  return header;
}

Batch ReadBatch(const Text& bytes) {
  Batch batch;
  batch.bytes = bytes.substr(0, 128);
  if (bytes.compare(0, 4, "WBAT") != 0 || Hash(bytes.data(), 112) != batch.id()) return batch;
  const uint64_t kind = batch.Get(5, 1);
  const bool known = kind == 1 || kind == 2 || kind >= 128;
  if (batch.Get(4, 1) != 1 || !known || (batch.Get(6, 2) & ~uint64_t{2}) != 0) {
    batch.kind = Batch::kNewer;
    return batch;
  }
  const bool sane =
      batch.data() == (batch.count() > 0) && batch.first_seq() > 0 && batch.body() <= 16 << 20;
  if (sane) batch.kind = Batch::kIntact;
  return batch;
}

Slot ReadSlot(const Segment& segment, uint64_t position) {
  Slot slot;
  const uint64_t at = (2 + position) * segment.align();
  if (!segment.file.Readable(at, 128)) return slot;
  const Text b = segment.file.Part(at, 128);
  if (b.compare(0, 4, "WMRK") != 0 || Hash(b.data(), 112) != b.substr(112)) return slot;
  slot = {.flags = Number(b, 4, 4),
          .no = Number(b, 16, 8),
          .durable = Number(b, 24, 8),
          .seq = Number(b, 32, 8),
          .id = b.substr(40, 16)};
  const uint64_t offset = slot.durable & 0xffffffff;
  slot.good = slot.flags <= 1 && Zero(b.data() + 64, 48) && Number(b, 8, 8) == segment.salt() &&
              slot.no % 2 == position && slot.durable >> 32 == segment.number &&
              offset % segment.align() == 0 && offset >= 4 * segment.align() &&
              offset <= segment.bytes();
  return slot;
}

namespace {

Header ReadCopyB(const Segment& segment) {
  if (segment.copy[0].good()) return ReadHeader(segment.file, segment.copy[0].align());
  for (uint64_t align = 4096; align <= 65536; align *= 2) {
    const Header header = ReadHeader(segment.file, align);
    if (header.good() && header.align() == align) return header;
  }
  return ReadHeader(segment.file, 4096);
}

bool RecordsFit(const Segment& segment, const Batch& batch, const Text& whole) {
  uint64_t at = 128;
  const uint64_t end = 128 + batch.body();
  for (uint64_t i = 0; i < batch.count(); ++i) {
    if (at + 32 > end) return false;
    const uint64_t payload = Number(whole, at, 4);
    const uint64_t bytes = Up(32 + payload, uint64_t{1} << segment.Get(54, 1));
    if (at + bytes > end) return false;
    char hashed[40];
    std::memcpy(hashed, whole.data() + at, 32);
    std::memset(hashed + 4, 0, 4);
    const uint64_t payload_hash = XXH3_64bits(whole.data() + at + 32, payload);
    std::memcpy(hashed + 32, &payload_hash, 8);
    const bool fits = (XXH3_64bits(hashed, 40) & 0xffffffff) == Number(whole, at + 4, 4) &&
                      Number(whole, at + 8, 8) == batch.first_seq() + i &&
                      Number(whole, at + 26, 2) == 0 &&
                      Zero(whole.data() + at + 32 + payload, bytes - 32 - payload);
    if (!fits) return false;
    at += bytes;
  }
  return at == end;
}

}  // namespace

void ReadHeaders(Segment& segment) {
  segment.copy[0] = ReadHeader(segment.file, 0);
  segment.copy[1] = ReadCopyB(segment);
  for (const Mark mark : {Mark::kActive, Mark::kPrepared}) {
    for (int i = 0; i < 2; ++i) {
      if (segment.best < 0 && segment.copy[i].mark == mark) segment.best = i;
    }
  }
}

void FindBatch(Segment& segment) {
  const uint64_t step = segment.best >= 0 ? segment.align() : 4096;
  const uint64_t first = segment.best >= 0 ? 4 * step : 0;
  const uint64_t end = segment.best >= 0 ? first + 1 : segment.file.size();
  for (uint64_t at = first; at < end && !segment.has_batch; at += step) {
    if (!segment.file.Readable(at, segment.best >= 0 ? 512 : 4096)) continue;
    const Batch batch = ReadBatch(segment.file.Part(at, 512));
    segment.has_batch = batch.kind == Batch::kIntact && batch.lsn() == segment.Lsn(at) &&
                        (segment.best < 0 || batch.salt() == segment.salt());
  }
}

Place Look(const Segment& segment, uint64_t at) {
  const File& file = segment.file;
  if (!file.Readable(at, 512)) return Place::kUnreadable;
  const Text sector = file.Part(at, 512);
  if (Zero(sector.data(), sector.size())) return Place::kZeros;
  const Batch batch = ReadBatch(sector);
  if (batch.kind != Batch::kIntact && at + 128 > file.size()) return Place::kTorn;
  if (batch.kind == Batch::kNewer) return Place::kNewer;
  if (batch.kind == Batch::kNothing) return Place::kBad;
  if (batch.salt() != segment.salt()) return Place::kStale;
  if (batch.lsn() != segment.Lsn(at)) return Place::kElsewhere;
  const uint64_t bytes = Up(128 + batch.body(), segment.align());
  if (at + bytes > segment.bytes()) return Place::kOther;
  if (!file.Readable(at, bytes)) return Place::kUnreadable;
  const Text whole = file.Part(at, bytes);
  if (Hash(whole.data() + 128, bytes - 128) != batch.bytes.substr(64, 16)) {
    if (at + 128 + batch.body() > file.size()) return Place::kTorn;
    uint64_t zero = 0;
    for (uint64_t s = 0; s < 128 + batch.body(); s += 512) zero += Zero(whole.data() + s, 512);
    return zero > batch.Get(12, 4) ? Place::kTorn : Place::kBad;
  }
  if (!Zero(whole.data() + 128 + batch.body(), bytes - 128 - batch.body())) return Place::kOther;
  if (batch.data() && !RecordsFit(segment, batch, whole)) return Place::kOther;
  return Place::kValid;
}

}  // namespace stet::oracle
