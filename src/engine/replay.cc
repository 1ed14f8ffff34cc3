// Applies logged events, and compares digests.
#include "engine/replay.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/apply.h"

namespace stet::engine {
namespace {

absl::Status ReplayRecord(Books& books, const wal::Record& record) {
  if (record.seq != books.state.seq() + 1) {
    return absl::DataLossError(
        fmt::format("event {} follows event {}", record.seq, books.state.seq()));
  }
  const core::EventRef event = {
      .seq = record.seq, .stream = record.stream, .type = record.type, .payload = record.payload};
  books.payloads.ForgetBefore(event, books.state);
  RETURN_IF_ERROR(core::Apply(event, books.state, nullptr));
  books.payloads.Keep(event);
  return absl::OkStatus();
}

// To be called behind each event: checks the digest where the batch ends.
absl::Status CheckDigest(const wal::BatchInfo& batch, const core::State& state) {
  const uint64_t last = batch.first_seq + batch.record_count - 1;
  if (state.seq() != last) return absl::OkStatus();
  if (batch.state_digest == 0 || batch.state_digest == state.digest()) return absl::OkStatus();
  return absl::DataLossError(fmt::format(
      "batch at LSN {:016x} (events {}..{}): the log says that the state behind it has digest "
      "{:016x}, replay gives {:016x}",
      batch.lsn, batch.first_seq, last, batch.state_digest, state.digest()));
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
    if (record.seq > seq_max) return absl::OkStatus();
    RETURN_IF_ERROR(ReplayRecord(books, record));
  }
  return CheckDigest(batch, books.state);
}

}  // namespace stet::engine
