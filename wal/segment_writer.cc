// Makes segment files.
#include "wal/segment_writer.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

#include "base/status_macros.h"
#include "wal/io/aligned_buffer.h"
#include "wal/segments.h"

namespace stet::wal {
namespace {

constexpr uint64_t kZeroChunkBytes = 256 << 10;

// Zeros for every maker; never written.
Bytes Zeros() {
  static const AlignedBuffer* const zeros = [] {
    auto* buffer = new AlignedBuffer(kZeroChunkBytes, kCommitAlignMax);
    std::memset(buffer->data(), 0, buffer->size());
    return buffer;
  }();
  return zeros->span();
}

}  // namespace

SegmentMaker::SegmentMaker(const SegmentIdentity& identity, uint64_t segno, uint64_t bytes,
                           std::optional<std::string> spare)
    : identity_(identity), spare_(std::move(spare)) {
  segment_.header.log_uuid = identity.log_uuid;
  segment_.header.segno = segno;
  segment_.header.salt = identity.storage->Random();
  segment_.header.epoch = identity.epoch;
  segment_.header.segment_bytes = bytes;
  segment_.header.inflight_bytes_max = identity.inflight_bytes_max;
  segment_.header.state_digest_version = identity.state_digest_version;
  segment_.header.event_level = identity.event_level;
  path_ = PathIn(identity.directory, SegmentName(segno));
  temporary_ = path_ + std::string(kUnfinished);
}

SegmentMaker::~SegmentMaker() {
  // What cannot be removed now is removed by the next open.
  if (segment_.file != nullptr && !named_) identity_.storage->Remove(temporary_).IgnoreError();
}

absl::StatusOr<bool> SegmentMaker::Step(uint64_t bytes_max) {
  if (named_) return true;
  if (segment_.file == nullptr) RETURN_IF_ERROR(Begin());
  RETURN_IF_ERROR(WriteZeros(bytes_max));
  if (zeroed_ < bytes()) return false;
  RETURN_IF_ERROR(Finish());
  return true;
}

absl::Status SegmentMaker::Run() {
  absl::StatusOr<bool> done = false;
  while (done.ok() && !*done) done = Step(bytes());
  return done.status();
}

SegmentFile SegmentMaker::Take() {
  assert(named_);
  return std::move(segment_);
}

absl::Status SegmentMaker::Begin() {
  const bool recycled = OpenSpare();
  if (!recycled) RETURN_IF_ERROR(OpenFresh());
  segment_.align = std::max<uint64_t>(segment_.file->alignment(), kCommitAlignMin);
  segment_.header.commit_align_log2 = static_cast<uint8_t>(std::countr_zero(segment_.align));
  segment_.header.created_ns = identity_.storage->WallNanos();
  recycled_ = recycled;
  // A full disk shows here, before the time is spent on zeros.
  return recycled ? absl::OkStatus() : segment_.file->Allocate(bytes());
}

// Whatever is wrong with it, a new file serves as well.
bool SegmentMaker::OpenSpare() {
  if (!spare_) return false;
  absl::StatusOr<std::unique_ptr<File>> file =
      identity_.storage->Open(*spare_, OpenMode::kReadWrite);
  if (!file.ok()) return false;
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok() || *size != bytes()) {
    identity_.storage->Remove(*spare_).IgnoreError();
    return false;
  }
  // Who read the segment through the cache left pages that make asynchronous writes slow.
  (*file)->DropCached().status().IgnoreError();
  temporary_ = *spare_;
  segment_.file = *std::move(file);
  return true;
}

absl::Status SegmentMaker::OpenFresh() {
  absl::StatusOr<std::unique_ptr<File>> file =
      identity_.storage->Open(temporary_, OpenMode::kCreate);
  if (absl::IsAlreadyExists(file.status())) {
    RETURN_IF_ERROR(identity_.storage->Remove(temporary_));
    file = identity_.storage->Open(temporary_, OpenMode::kCreate);
  }
  RETURN_IF_ERROR(file.status());
  segment_.file = *std::move(file);
  return absl::OkStatus();
}

absl::Status SegmentMaker::WriteZeros(uint64_t bytes_max) {
  const uint64_t end = std::min(bytes(), zeroed_ + std::max(bytes_max, kZeroChunkBytes));
  while (zeroed_ < end) {
    const uint64_t length = std::min(kZeroChunkBytes, bytes() - zeroed_);
    RETURN_IF_ERROR(segment_.file->Write(zeroed_, Zeros().first(length)));
    zeroed_ += length;
  }
  return absl::OkStatus();
}

absl::Status SegmentMaker::Finish() {
  RETURN_IF_ERROR(WriteHeader(&segment_));
  RETURN_IF_ERROR(identity_.storage->Rename(temporary_, path_));
  named_ = true;
  return identity_.storage->SyncDirectory(identity_.directory);
}

absl::Status WriteHeader(SegmentFile* segment) {
  Seal(&segment->header);
  assert(Check(segment->header) == Flaw::kNone);
  const uint64_t align = segment->align;
  AlignedBuffer blocks(2 * align, align);
  std::memset(blocks.data(), 0, blocks.size());
  std::memcpy(blocks.data(), &segment->header, sizeof(SegmentHeader));
  std::memcpy(blocks.data() + align, &segment->header, sizeof(SegmentHeader));
  RETURN_IF_ERROR(segment->file->Write(0, blocks.span()));
  return segment->file->Flush();
}

}  // namespace stet::wal
