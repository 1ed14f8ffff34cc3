// Builds logs byte by byte from the drawings in wal/format.h, without the code that is tested: an
// independent witness of the format.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tests/wal/memory_storage.h"

namespace stet::wal {

// Bytes with a cursor-less "put this there".
struct Image {
  std::string bytes = {};

  template <typename T>
  void Put(size_t offset, T value) {
    static_assert(std::is_integral_v<T>);
    if (bytes.size() < offset + sizeof(T)) bytes.resize(offset + sizeof(T));
    std::memcpy(bytes.data() + offset, &value, sizeof(T));
  }
  void PutText(size_t offset, std::string_view text) {
    if (bytes.size() < offset + text.size()) bytes.resize(offset + text.size());
    bytes.replace(offset, text.size(), text);
  }
  // XXH3-128 of [from, to), low half first, at `offset`.
  void PutDigest(size_t offset, size_t from, size_t to) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data() + from, to - from);
    Put(offset, static_cast<uint64_t>(hash.low64));
    Put(offset + 8, static_cast<uint64_t>(hash.high64));
  }
};

inline constexpr uint64_t kA = 4096;

// What the builder remembers of a batch.
struct BuiltBatch {
  uint64_t lsn = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t content = 0;  // header and body
  uint64_t first_seq = 0;
  uint64_t count = 0;
  std::string id = {};  // 16 bytes
};

struct LogBuilder {
  std::string directory = "log";
  uint64_t segment_bytes = 128 << 10;
  uint32_t inflight_max = 64 << 10;
  std::string uuid = "0123456789abcdef";
  uint8_t fill = 1;
  uint16_t event_level = 1;
  uint32_t epoch = 1;
  uint64_t snapshot_seq = 0;
  uint64_t opened_segno = 0;  // in LOG_ID, of minor version 1 then

  // State of the log under construction.
  std::vector<Image> segments = {};
  std::vector<BuiltBatch> batches = {};
  uint64_t next_seq = 1;
  uint64_t offset = 0;
  uint64_t durable_lsn = 0;
  uint64_t slot_no = 0;
  std::string last_id = std::string(16, '\0');
  uint64_t last_lsn = 0;

  uint64_t segno() const { return segments.size(); }
  uint64_t salt() const { return 0x5a17'0000'0000'0000 + segno(); }
  uint64_t Lsn(uint64_t at) const { return segno() << 32 | at; }
  std::string Path(uint64_t segment) const {
    char name[64];
    std::snprintf(name, sizeof(name), "/%016lx.wal", static_cast<unsigned long>(segment));
    return directory + name;
  }
  std::string Path() const { return Path(segno()); }

  Image Header(uint8_t state, uint32_t reason) const {
    Image h;
    h.PutText(0, "WFLOGSEG");
    h.Put<uint16_t>(8, 1);
    h.Put<uint32_t>(12, 256);
    h.PutText(16, uuid);
    h.Put<uint64_t>(32, segno());
    h.Put<uint64_t>(40, salt());
    h.Put<uint32_t>(48, epoch);
    h.Put<uint8_t>(52, state);
    h.Put<uint8_t>(53, 12);
    h.Put<uint8_t>(54, 4);
    h.Put<uint8_t>(55, fill);
    h.Put<uint64_t>(56, segment_bytes);
    h.Put<uint32_t>(64, 1);
    h.Put<uint32_t>(68, inflight_max);
    h.Put<uint32_t>(84, reason);
    if (state == 2) {
      h.Put<uint64_t>(88, next_seq);
      h.Put<uint64_t>(96, segno() - 1);
      if (segno() > 1) h.Put<uint64_t>(104, (segno() - 1) << 32 | offset);
      h.Put<uint64_t>(112, next_seq - 1);
      h.PutText(120, last_id);
      h.Put<uint64_t>(136, durable_lsn);
    }
    h.Put<uint64_t>(152, 1'700'000'000'000'000'000);
    h.Put<uint64_t>(160, snapshot_seq);
    h.Put<uint16_t>(188, event_level);
    h.Put<uint64_t>(232, 0);
    h.PutDigest(240, 0, 240);
    return h;
  }

  // Starts the next segment.
  void Segment(uint32_t reason = 1, uint8_t state = 2) {
    segments.emplace_back();
    const Image header = Header(state, segno() == 1 ? 0 : reason);
    Image& image = segments.back();
    image.bytes.assign(segment_bytes, '\0');
    image.PutText(0, header.bytes);
    image.PutText(kA, header.bytes);
    if (state == 2) {
      offset = 4 * kA;
      durable_lsn = Lsn(offset);
    }
  }

  // A record's bytes.
  std::string Record(uint64_t seq, std::string_view payload, uint64_t stream, uint16_t type) const {
    Image r;
    r.Put<uint32_t>(0, static_cast<uint32_t>(payload.size()));
    r.Put<uint64_t>(8, seq);
    r.Put<uint64_t>(16, stream);
    r.Put<uint16_t>(24, type);
    r.Put<uint32_t>(28, 7);
    Image hashed = r;
    hashed.Put<uint64_t>(32, XXH3_64bits(payload.data(), payload.size()));
    r.Put<uint32_t>(4, static_cast<uint32_t>(XXH3_64bits(hashed.bytes.data(), 40)));
    r.PutText(32, payload);
    r.bytes.resize((r.bytes.size() + 15) / 16 * 16);
    return r.bytes;
  }

  static uint32_t ZeroSectors(const std::string& bytes, uint64_t content) {
    uint32_t zero = 0;
    for (uint64_t at = 0; at < content; at += 512) {
      if (bytes.substr(at, 512) == std::string(512, '\0')) ++zero;
    }
    return zero;
  }

  // Appends a batch; what it names durable is `durable_lsn` as it is now.
  const BuiltBatch& Batch(const std::vector<std::string>& payloads, uint8_t kind = 1,
                          const std::string& raw_body = {}, uint64_t digest = 0) {
    std::string body = raw_body;
    uint64_t seq = next_seq;
    for (const std::string& payload : payloads) body += Record(seq++, payload, 9, 3);
    Image b;
    b.bytes.assign((128 + body.size() + kA - 1) / kA * kA, '\0');
    b.PutText(128, body);
    b.PutText(0, "WBAT");
    b.Put<uint8_t>(4, 1);
    b.Put<uint8_t>(5, kind);
    b.Put<uint32_t>(8, static_cast<uint32_t>(body.size()));
    b.Put<uint32_t>(12, ZeroSectors(b.bytes, 128 + body.size()));
    b.Put<uint64_t>(16, salt());
    b.Put<uint64_t>(24, Lsn(offset));
    b.Put<uint64_t>(32, next_seq);
    b.Put<uint32_t>(40, static_cast<uint32_t>(payloads.size()));
    b.Put<uint32_t>(44, epoch);
    b.Put<uint64_t>(48, durable_lsn);
    b.Put<uint64_t>(56, 1'700'000'000'000'000'000 + batches.size());
    b.PutDigest(64, 128, b.bytes.size());
    b.PutText(80, last_id);
    b.Put<uint64_t>(96, last_lsn);
    b.Put<uint64_t>(104, digest);
    b.PutDigest(112, 0, 112);
    batches.push_back({.lsn = Lsn(offset),
                       .offset = offset,
                       .bytes = b.bytes.size(),
                       .content = 128 + body.size(),
                       .first_seq = next_seq,
                       .count = payloads.size(),
                       .id = b.bytes.substr(112, 16)});
    segments.back().PutText(offset, b.bytes);
    last_id = batches.back().id;
    last_lsn = batches.back().lsn;
    offset += b.bytes.size();
    next_seq = seq;
    return batches.back();
  }

  // All so far is durable, and the next batch will say so.
  void Durable() { durable_lsn = Lsn(offset); }

  const BuiltBatch& End() {
    Image body;
    body.Put<uint64_t>(0, segno() + 1);
    body.Put<uint64_t>(8, salt() + 1);
    body.Put<uint64_t>(40, 0);
    const BuiltBatch& batch = Batch({}, 2, body.bytes);
    Durable();
    return batch;
  }

  // A watermark slot that names the end so far.
  void Slot(bool clean_close = false) {
    Durable();
    Image s;
    s.PutText(0, "WMRK");
    s.Put<uint32_t>(4, clean_close ? 1 : 0);
    s.Put<uint64_t>(8, salt());
    s.Put<uint64_t>(16, slot_no);
    s.Put<uint64_t>(24, durable_lsn);
    s.Put<uint64_t>(32, next_seq - 1);
    s.PutText(40, last_id);
    s.Put<uint64_t>(56, 1);
    s.Put<uint64_t>(104, 0);
    s.PutDigest(112, 0, 112);
    segments.back().PutText((2 + slot_no % 2) * kA, s.bytes);
    ++slot_no;
  }

  std::string LogIdBytes() const {
    Image id;
    id.PutText(0, std::string_view("WFLOGID\0", 8));
    id.Put<uint16_t>(8, 1);
    id.Put<uint32_t>(12, 0);
    id.PutText(16, uuid);
    id.Put<uint64_t>(32, 1'700'000'000'000'000'000);
    if (opened_segno != 0) id.Put<uint16_t>(10, 1);
    id.Put<uint64_t>(40, opened_segno);
    id.PutDigest(48, 0, 48);
    return id.bytes;
  }

  void Store(MemoryStorage* storage) const {
    storage->files[directory + "/LOG_ID"] = LogIdBytes();
    for (uint64_t i = 0; i < segments.size(); ++i) {
      storage->files[Path(i + 1)] = segments[i].bytes;
    }
  }
};

}  // namespace stet::wal
