// Reads snapshot files through a window of whole blocks.
#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "engine/snapshot_format.h"

namespace stet::engine {
namespace {

constexpr size_t kWindowBytes = 1 << 20;

template <class T>
T FromBytes(wal::Bytes bytes) {
  T object;
  std::memcpy(&object, bytes.data(), sizeof(object));
  return object;
}

std::string ToString(const SnapshotDigest& digest) {
  return fmt::format("{:016x}{:016x}", digest.high, digest.low);
}

}  // namespace

SnapshotFileReader::SnapshotFileReader(std::unique_ptr<wal::File> file) : file_(std::move(file)) {}

absl::StatusOr<SnapshotFileReader> SnapshotFileReader::Open(wal::Storage& storage,
                                                            const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<wal::File> file, storage.Open(path, wal::OpenMode::kRead));
  SnapshotFileReader reader(std::move(file));
  RETURN_IF_ERROR(reader.ReadHead());
  return reader;
}

absl::Status SnapshotFileReader::Bad(uint64_t offset, const std::string& what) const {
  return absl::DataLossError(fmt::format("{}, offset {}: {}", file_->path(), offset, what));
}

absl::Status SnapshotFileReader::ReadHead() {
  ASSIGN_OR_RETURN(const wal::Bytes bytes, Get(0, sizeof(RawHead)));
  const auto raw = FromBytes<RawHead>(bytes);
  if (raw.magic != kSnapshotMagic) {
    return Bad(0, fmt::format("expected the magic of a snapshot, found {:016x}", raw.magic));
  }
  if (const SnapshotDigest found = DigestOf(raw); found != raw.digest) {
    return Bad(0, fmt::format("the header says digest {}, its bytes have {}", ToString(raw.digest),
                              ToString(found)));
  }
  if (raw.major != kSnapshotMajor) {
    return absl::UnimplementedError(
        fmt::format("{}: a snapshot of version {}.{}; this build reads {}", file_->path(),
                    raw.major, raw.minor, kSnapshotMajor));
  }
  if (raw.bytes != sizeof(RawHead)) {
    return Bad(12,
               fmt::format("expected a header of {} bytes, found {}", sizeof(RawHead), raw.bytes));
  }
  head_ = {.anchor = {.seq = raw.seq,
                      .lsn = raw.lsn,
                      .batch_id = {.low = raw.batch_low, .high = raw.batch_high}},
           .state_digest = raw.state_digest,
           .created_ns = raw.created_ns};
  digest_ = raw.digest;
  offset_ = sizeof(RawHead);
  return absl::OkStatus();
}

absl::StatusOr<wal::Bytes> SnapshotFileReader::Get(uint64_t offset, size_t bytes) {
  const size_t block = file_->alignment();
  if (offset < window_begin_ || offset + bytes > window_begin_ + window_bytes_) {
    const uint64_t begin = offset / block * block;
    const size_t needed = (static_cast<size_t>(offset - begin) + bytes + block - 1) / block * block;
    if (window_.size() < needed) window_ = AlignedBytes(std::max(needed, kWindowBytes), block);
    ASSIGN_OR_RETURN(window_bytes_, file_->Read(begin, window_.first(window_.size())));
    window_begin_ = begin;
    if (offset + bytes > begin + window_bytes_) {
      return Bad(offset, fmt::format("expected {} bytes, the file ends at {}", bytes,
                                     begin + window_bytes_));
    }
  }
  return wal::Bytes(window_.data() + (offset - window_begin_), bytes);
}

absl::StatusOr<bool> SnapshotFileReader::Next() {
  ASSIGN_OR_RETURN(wal::Bytes bytes, Get(offset_, sizeof(RawChunk)));
  const auto raw = FromBytes<RawChunk>(bytes);
  if (raw.magic != kChunkMagic || raw.zero != 0 || raw.index != index_ ||
      raw.bytes > kSnapshotChunkBytesMax || (raw.kind == kEndChunk && raw.bytes != 0)) {
    return Bad(offset_,
               fmt::format("expected chunk {}, found magic {:08x}, kind {}, index {} and {} "
                           "bytes",
                           index_, raw.magic, raw.kind, raw.index, raw.bytes));
  }
  ASSIGN_OR_RETURN(bytes, Get(offset_ + sizeof(RawChunk), raw.bytes + PaddingOf(raw.bytes)));
  payload_ = bytes.first(raw.bytes);
  if (const SnapshotDigest found = DigestOf(digest_, raw, payload_); found != raw.digest) {
    return Bad(offset_, fmt::format("chunk {} says digest {}, its bytes have {}", index_,
                                    ToString(raw.digest), ToString(found)));
  }
  const wal::Bytes padding = bytes.subspan(raw.bytes);
  if (std::any_of(padding.begin(), padding.end(), [](std::byte b) { return b != std::byte{0}; })) {
    return Bad(offset_, fmt::format("chunk {} is not followed by zeros", index_));
  }
  digest_ = raw.digest;
  kind_ = raw.kind;
  offset_ += sizeof(RawChunk) + bytes.size();
  ++index_;
  if (raw.kind != kEndChunk) return true;
  RETURN_IF_ERROR(CheckEnd());
  return false;
}

absl::Status SnapshotFileReader::CheckEnd() {
  ASSIGN_OR_RETURN(const uint64_t size, file_->Size());
  if (size < offset_ || size - offset_ >= file_->alignment()) {
    return Bad(offset_,
               fmt::format("expected the end of the file within a block, it has {} bytes", size));
  }
  ASSIGN_OR_RETURN(const wal::Bytes rest, Get(offset_, static_cast<size_t>(size - offset_)));
  if (std::any_of(rest.begin(), rest.end(), [](std::byte b) { return b != std::byte{0}; })) {
    return Bad(offset_, "expected zeros up to the end of the file");
  }
  return absl::OkStatus();
}

}  // namespace stet::engine
