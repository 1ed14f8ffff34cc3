// Blocks of records.
#include "engine/record_blocks.h"

#include "base/status_macros.h"
#include "engine/open_guard.h"
#include "engine/replay.h"
#include "schema/parse.h"

namespace stet::engine {
namespace {

constexpr size_t kBlockBytes = 256 << 10;
constexpr size_t kBlockEvents = 4096;
constexpr size_t kPayloadAlign = 8;

// So many events before their turn they are told to the state.
constexpr size_t kPlaceAhead = 16;
constexpr size_t kExecutionAhead = 8;
constexpr size_t kCacheLine = 64;

void TellAhead(const std::vector<core::EventRef>& events, size_t at, const core::State& state) {
  if (at + kPlaceAhead < events.size()) state.PrefetchPlace(events[at + kPlaceAhead].stream);
  if (at + kExecutionAhead >= events.size()) return;
  const core::EventRef& later = events[at + kExecutionAhead];
  state.PrefetchExecution(later.stream);
  // It was written by another processor, and most are no longer than that.
  __builtin_prefetch(later.payload.data());
  __builtin_prefetch(later.payload.data() + kCacheLine);
}

size_t Padded(size_t bytes) { return (bytes + kPayloadAlign - 1) / kPayloadAlign * kPayloadAlign; }

// Where the payloads are is known once all bytes are there.
void SetPayloads(RecordBlock& block) {
  size_t at = 0;
  for (core::EventRef& event : block.events) {
    event.payload = {block.bytes.data() + at, event.payload.size()};
    event.checked = schema::Check(event.type, event.payload).ok();
    at += Padded(event.payload.size());
  }
}

}  // namespace

bool NextBlock(wal::Reader& reader, RecordBlock& block) {
  block.bytes.clear();
  block.events.clear();
  block.batches.clear();
  block.bytes.reserve(kBlockBytes + kBlockBytes / 4);
  block.events.reserve(kBlockEvents);
  while (block.bytes.size() < kBlockBytes && block.events.size() < kBlockEvents && reader.Next()) {
    const wal::Record& record = reader.record();
    if (block.batches.empty() || block.batches.back().lsn != reader.batch().lsn) {
      block.batches.push_back(reader.batch());
    }
    block.events.push_back({.seq = record.seq,
                            .stream = record.stream,
                            .type = record.type,
                            .payload = record.payload});
    block.bytes.insert(block.bytes.end(), record.payload.begin(), record.payload.end());
    block.bytes.resize(Padded(block.bytes.size()));
  }
  block.status = reader.status();
  if (block.events.empty() && block.status.ok()) return false;
  SetPayloads(block);
  return true;
}

absl::Status ReplayBlock(Books& books, const RecordBlock& block) {
  size_t at = 0;
  for (const wal::BatchInfo& batch : block.batches) {
    const uint64_t end = batch.first_seq + batch.record_count;
    for (; at < block.events.size() && block.events[at].seq < end; ++at) {
      const core::EventRef& event = block.events[at];
      TellAhead(block.events, at, books.state);
      if (absl::Status applied = ReplayEvent(books, event); !applied.ok()) {
        return FailedAt(event.seq, std::move(applied));
      }
    }
    if (absl::Status same = CheckDigest(batch, books.state); !same.ok()) {
      return FailedAt(books.state.seq(), std::move(same));
    }
  }
  return block.status;
}

}  // namespace stet::engine
