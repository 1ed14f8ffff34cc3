// Parts of a state, then payloads, as chunks.
#include "engine/snapshot_books.h"

#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status_macros.h"
#include "core/payload_part.h"
#include "core/snapshot_decoder.h"

namespace stet::engine {
namespace {

absl::Status ReadBack(wal::Storage& storage, const std::string& path, const SnapshotHead& head,
                      const GiveUp& give_up) {
  ASSIGN_OR_RETURN(SnapshotFileReader reader, SnapshotFileReader::Open(storage, path));
  if (reader.head() != head) {
    return absl::DataLossError(fmt::format("{}: another header was read back", path));
  }
  for (;;) {
    RETURN_IF_ERROR(GivenUp(give_up));
    ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) return absl::OkStatus();
  }
}

// A refusal of what stands in the file, with the file's name.
absl::Status In(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{}: {}", path, status.message()));
}

}  // namespace

absl::Status GivenUp(const GiveUp& give_up) {
  return give_up.load(std::memory_order_relaxed) ? absl::CancelledError("snapshot: given up")
                                                 : absl::OkStatus();
}

absl::StatusOr<uint64_t> WriteBooks(const Books& books, const SnapshotHead& head,
                                    wal::Storage& storage, const std::string& path,
                                    const GiveUp& give_up) {
  ASSIGN_OR_RETURN(SnapshotFileWriter file, SnapshotFileWriter::Create(storage, path, head));
  const auto add_part = [&](core::SnapshotPart part, core::Bytes bytes) -> absl::Status {
    RETURN_IF_ERROR(GivenUp(give_up));
    return file.Add(static_cast<uint16_t>(part), bytes);
  };
  RETURN_IF_ERROR(core::EncodeSnapshot(books.state, add_part));
  const auto add_payloads = [&](core::Bytes bytes) -> absl::Status {
    RETURN_IF_ERROR(GivenUp(give_up));
    return file.Add(kPayloadChunk, bytes);
  };
  core::PayloadPartWriter payloads(add_payloads, core::kSnapshotPartBytes);
  RETURN_IF_ERROR(books.payloads.ForEach(
      [&payloads](uint64_t seq, std::string_view bytes, std::string_view content_type) {
        return payloads.Add(seq, bytes, content_type);
      }));
  RETURN_IF_ERROR(payloads.Flush());
  RETURN_IF_ERROR(file.Finish());
  RETURN_IF_ERROR(ReadBack(storage, path, head, give_up));
  return file.bytes();
}

absl::StatusOr<Books> ReadBooks(wal::Storage& storage, const std::string& path,
                                const GiveUp& give_up) {
  ASSIGN_OR_RETURN(SnapshotFileReader reader, SnapshotFileReader::Open(storage, path));
  core::SnapshotDecoder decoder;
  Books books;
  for (;;) {
    RETURN_IF_ERROR(GivenUp(give_up));
    ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) break;
    const absl::Status added =
        reader.kind() == kPayloadChunk
            ? books.payloads.Adopt(reader.payload())
            : decoder.Add(static_cast<core::SnapshotPart>(reader.kind()), reader.payload());
    if (!added.ok()) return In(path, added);
  }
  absl::StatusOr<core::State> state = decoder.Finish();
  if (!state.ok()) return In(path, state.status());
  const SnapshotHead& head = reader.head();
  if (state->seq() != head.anchor.seq || state->digest() != head.state_digest) {
    return absl::DataLossError(
        fmt::format("{}: the header says seq {} and digest {:016x}, the state in it has seq {} and "
                    "digest {:016x}",
                    path, head.anchor.seq, head.state_digest, state->seq(), state->digest()));
  }
  books.state = *std::move(state);
  return books;
}

}  // namespace stet::engine
