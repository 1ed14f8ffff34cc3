// Writes snapshot files: chunks into a buffer, whole blocks out of it.
#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "engine/snapshot_format.h"

namespace stet::engine {
namespace {

// While one is on its way the log waits for the disk behind it.
constexpr size_t kBufferBytes = 256 << 10;

template <class T>
wal::Bytes BytesOf(const T& object) {
  return std::as_bytes(std::span(&object, 1));
}

}  // namespace

SnapshotFileWriter::SnapshotFileWriter(std::unique_ptr<wal::File> file)
    : file_(std::move(file)), buffer_(kBufferBytes, file_->alignment()) {}

absl::StatusOr<SnapshotFileWriter> SnapshotFileWriter::Create(wal::Storage& storage,
                                                              const std::string& path,
                                                              const SnapshotHead& head) {
  ASSIGN_OR_RETURN(std::unique_ptr<wal::File> file, storage.Open(path, wal::OpenMode::kCreate));
  SnapshotFileWriter writer(std::move(file));
  RawHead raw = {.seq = head.anchor.seq,
                 .lsn = head.anchor.lsn,
                 .batch_low = head.anchor.batch_id.low,
                 .batch_high = head.anchor.batch_id.high,
                 .state_digest = head.state_digest,
                 .created_ns = head.created_ns};
  raw.digest = DigestOf(raw);
  writer.digest_ = raw.digest;
  RETURN_IF_ERROR(writer.Put(BytesOf(raw)));
  return writer;
}

absl::Status SnapshotFileWriter::Add(uint16_t kind, wal::Bytes payload) {
  if (payload.size() > kSnapshotChunkBytesMax) {
    return absl::OutOfRangeError(fmt::format("{}: a chunk of {} bytes, {} are allowed",
                                             file_->path(), payload.size(),
                                             kSnapshotChunkBytesMax));
  }
  return PutChunk(kind, payload);
}

absl::Status SnapshotFileWriter::Finish() {
  RETURN_IF_ERROR(PutChunk(kEndChunk, {}));
  const size_t block = file_->alignment();
  const size_t whole = (filled_ + block - 1) / block * block;
  std::memset(buffer_.data() + filled_, 0, whole - filled_);
  RETURN_IF_ERROR(WriteOut(whole));
  return file_->Flush();
}

absl::Status SnapshotFileWriter::PutChunk(uint16_t kind, wal::Bytes payload) {
  static constexpr std::array<std::byte, kChunkAlign> kZeros = {};
  RawChunk raw = {.kind = kind, .bytes = static_cast<uint32_t>(payload.size()), .index = index_++};
  raw.digest = DigestOf(digest_, raw, payload);
  digest_ = raw.digest;
  RETURN_IF_ERROR(Put(BytesOf(raw)));
  RETURN_IF_ERROR(Put(payload));
  return Put(wal::Bytes(kZeros).first(PaddingOf(payload.size())));
}

absl::Status SnapshotFileWriter::Put(wal::Bytes bytes) {
  while (!bytes.empty()) {
    const size_t part = std::min(bytes.size(), buffer_.size() - filled_);
    std::memcpy(buffer_.data() + filled_, bytes.data(), part);
    filled_ += part;
    bytes = bytes.subspan(part);
    if (filled_ == buffer_.size()) RETURN_IF_ERROR(WriteOut(filled_));
  }
  return absl::OkStatus();
}

absl::Status SnapshotFileWriter::WriteOut(size_t bytes) {
  RETURN_IF_ERROR(file_->Write(written_, buffer_.first(bytes)));
  written_ += bytes;
  filled_ = 0;
  return absl::OkStatus();
}

}  // namespace stet::engine
