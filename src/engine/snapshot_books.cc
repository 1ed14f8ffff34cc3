// Parts of a state, then payloads, as chunks.
#include "engine/snapshot_books.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status_macros.h"
#include "core/payload_part.h"
#include "core/snapshot_decoder.h"
#include "engine/ahead.h"

namespace stet::engine {
namespace {

// Vectors of FlatBuffers are read where they lie.
constexpr size_t kPartMemoryAlign = 16;

absl::Status ReadBack(wal::Storage& storage, const std::string& path, const SnapshotHead& head,
                      const Pace& pace) {
  ASSIGN_OR_RETURN(SnapshotFileReader reader, SnapshotFileReader::Open(storage, path));
  if (reader.head() != head) {
    return absl::DataLossError(fmt::format("{}: another header was read back", path));
  }
  for (;;) {
    RETURN_IF_ERROR(pace.Go());
    ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) return absl::OkStatus();
  }
}

// A chunk, or why there is none.
struct Part {
  uint16_t kind = 0;
  AlignedBytes memory = {};
  size_t bytes = 0;
  absl::Status status = absl::OkStatus();
};

bool NextPart(SnapshotFileReader& reader, Part& part) {
  const absl::StatusOr<bool> more = reader.Next();
  part.status = more.status();
  if (!more.ok()) return true;
  if (!*more) return false;
  const wal::Bytes payload = reader.payload();
  // Payloads are kept as they were read, and nothing beside them.
  const bool exact = reader.kind() == kPayloadChunk;
  if (exact || part.memory.size() < payload.size()) {
    part.memory = AlignedBytes(payload.size(), kPartMemoryAlign);
  }
  part.kind = reader.kind();
  part.bytes = payload.size();
  std::copy(payload.begin(), payload.end(), part.memory.data());
  return true;
}

// A refusal of what stands in the file, with the file's name.
absl::Status In(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{}: {}", path, status.message()));
}

}  // namespace

absl::StatusOr<uint64_t> WriteBooks(const Books& books, const SnapshotHead& head,
                                    wal::Storage& storage, const std::string& path,
                                    const Pace& pace) {
  ASSIGN_OR_RETURN(SnapshotFileWriter file, SnapshotFileWriter::Create(storage, path, head));
  const auto add_part = [&](core::SnapshotPart part, core::Bytes bytes) -> absl::Status {
    RETURN_IF_ERROR(pace.Go());
    return file.Add(static_cast<uint16_t>(part), bytes);
  };
  RETURN_IF_ERROR(core::EncodeSnapshot(books.state, add_part));
  const auto add_payloads = [&](core::Bytes bytes) -> absl::Status {
    RETURN_IF_ERROR(pace.Go());
    return file.Add(kPayloadChunk, bytes);
  };
  core::PayloadPartWriter payloads(add_payloads, core::kSnapshotPartBytes);
  RETURN_IF_ERROR(books.payloads.ForEach(
      [&payloads](uint64_t seq, std::string_view bytes, std::string_view content_type) {
        return payloads.Add(seq, bytes, content_type);
      }));
  RETURN_IF_ERROR(payloads.Flush());
  RETURN_IF_ERROR(file.Finish());
  RETURN_IF_ERROR(ReadBack(storage, path, head, pace));
  return file.bytes();
}

absl::StatusOr<Books> ReadBooks(wal::Storage& storage, const std::string& path, const Pace& pace,
                                size_t ahead) {
  ASSIGN_OR_RETURN(SnapshotFileReader reader, SnapshotFileReader::Open(storage, path));
  core::SnapshotDecoder decoder;
  Books books;
  Ahead<Part> parts([&reader](Part& part) { return NextPart(reader, part); }, ahead);
  while (Part* const part = parts.Next()) {
    RETURN_IF_ERROR(pace.Go());
    RETURN_IF_ERROR(part->status);
    const absl::Status added =
        part->kind == kPayloadChunk
            ? books.payloads.Adopt(std::exchange(part->memory, AlignedBytes()))
            : decoder.Add(static_cast<core::SnapshotPart>(part->kind),
                          part->memory.first(part->bytes));
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
