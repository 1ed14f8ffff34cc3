// Applies logged events, and compares digests.
#include "engine/replay.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/apply.h"

namespace stet::engine {

absl::Status ReplayEvent(Books& books, const core::EventRef& event) {
  if (event.seq != books.state.seq() + 1) {
    return absl::DataLossError(
        fmt::format("event {} follows event {}", event.seq, books.state.seq()));
  }
  books.payloads.ForgetBefore(event, books.state);
  RETURN_IF_ERROR(core::ApplyUnsettled(event, books.state, nullptr));
  books.payloads.Keep(event);
  return absl::OkStatus();
}

absl::Status CheckDigest(const wal::BatchInfo& batch, core::State& state) {
  const uint64_t last = batch.first_seq + batch.record_count - 1;
  if (state.seq() != last) return absl::OkStatus();
  core::Settle(state);
  if (batch.state_digest == 0 || batch.state_digest == state.digest()) return absl::OkStatus();
  return absl::DataLossError(fmt::format(
      "batch at LSN {:016x} (events {}..{}): the log says that the state behind it has digest "
      "{:016x}, replay gives {:016x}",
      batch.lsn, batch.first_seq, last, batch.state_digest, state.digest()));
}

namespace {

absl::Status ReplayRecord(Books& books, const wal::Record& record) {
  return ReplayEvent(
      books,
      {.seq = record.seq, .stream = record.stream, .type = record.type, .payload = record.payload});
}

}  // namespace

absl::Status ReplayNext(Books& books, const wal::Reader& reader) {
  RETURN_IF_ERROR(ReplayRecord(books, reader.record()));
  return CheckDigest(reader.batch(), books.state);
}

bool EndsBatch(const wal::Reader& reader) {
  const wal::BatchInfo& batch = reader.batch();
  return reader.record().seq + 1 == batch.first_seq + batch.record_count;
}

absl::Status ReplayAll(Books& books, wal::Reader& reader) {
  while (reader.Next()) RETURN_IF_ERROR(ReplayNext(books, reader));
  return reader.status();
}

absl::Status ReplayBatch(Books& books, const wal::BatchInfo& batch,
                         std::span<const wal::Record> records, uint64_t seq_max) {
  for (const wal::Record& record : records) {
    if (record.seq > seq_max) break;
    RETURN_IF_ERROR(ReplayRecord(books, record));
  }
  core::Settle(books.state);
  return CheckDigest(batch, books.state);
}

}  // namespace stet::engine
