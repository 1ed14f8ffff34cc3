// Sequential scans read a mebibyte at a time; a place that fails is read alone once more.
#include "wal/segment_bytes.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/status_macros.h"
#include "wal/format.h"

namespace stet::wal {
namespace {

constexpr uint64_t kWindowBytes = 1 << 20;

}  // namespace

absl::StatusOr<SegmentBytes> SegmentBytes::Open(Storage* storage, const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, storage->Open(path, OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t bytes, file->Size());
  return SegmentBytes(storage, std::move(file), bytes);
}

absl::Status SegmentBytes::Fill(uint64_t begin, uint64_t length) {
  window_bytes_ = 0;
  if (window_.size() < length) window_ = AlignedBuffer(length, kCommitAlignMax);
  ASSIGN_OR_RETURN(const size_t got, file_->Read(begin, window_.span().first(length)));
  std::memset(window_.data() + got, 0, length - got);
  window_begin_ = begin;
  window_bytes_ = length;
  return absl::OkStatus();
}

absl::StatusOr<Bytes> SegmentBytes::At(uint64_t offset, uint64_t length) {
  if (offset < window_begin_ || offset + length > window_begin_ + window_bytes_) {
    const uint64_t align = std::max<uint64_t>(file_->alignment(), kCommitAlignMin);
    const uint64_t begin = offset / align * align;
    const uint64_t need = AlignUp(offset + length - begin, align);
    const uint64_t end = std::min(file_bytes_, ahead_end_);
    const uint64_t left = begin < end ? AlignUp(end - begin, align) : 0;
    const uint64_t window = std::max(need, std::min(left, kWindowBytes));
    absl::Status read = Fill(begin, window);
    if (!read.ok() && need < window) read = Fill(begin, need);
    RETURN_IF_ERROR(read);
  }
  return Bytes(window_.span().subspan(offset - window_begin_, length));
}

}  // namespace stet::wal
