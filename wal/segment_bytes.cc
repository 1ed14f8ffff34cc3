// Sequential scans read some mebibytes at a time; a place that fails is read alone once more.
#include "wal/segment_bytes.h"

#include <algorithm>
#include <cstring>

#include "base/status_macros.h"
#include "wal/format.h"

namespace stet::wal {
namespace {

constexpr uint64_t kFirstWindowBytes = 32 << 10;  // both headers and both slots of most segments
constexpr uint64_t kWindowBytesMax = 1 << 20;
constexpr uint64_t kWindowGrowth = 4;

}  // namespace

absl::StatusOr<SegmentBytes> SegmentBytes::Open(Storage* storage, const std::string& path) {
  SegmentBytes bytes(storage, path);
  RETURN_IF_ERROR(bytes.OpenFile());
  ASSIGN_OR_RETURN(bytes.file_bytes_, bytes.file_->Size());
  return bytes;
}

absl::Status SegmentBytes::OpenFile() {
  ASSIGN_OR_RETURN(file_, storage_->Open(path_, OpenMode::kRead));
  return absl::OkStatus();
}

void SegmentBytes::Release() {
  file_.reset();
  window_ = AlignedBuffer();
  window_bytes_ = 0;
}

absl::StatusOr<size_t> SegmentBytes::ReadNow(uint64_t offset, std::span<std::byte> out) {
  if (file_ == nullptr) RETURN_IF_ERROR(OpenFile());
  return file_->Read(offset, out);
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
  const uint64_t window_end = window_begin_ + window_bytes_;
  if (offset < window_begin_ || offset + length > window_end) {
    if (file_ == nullptr) RETURN_IF_ERROR(OpenFile());
    const bool goes_on = window_bytes_ > 0 && offset >= window_begin_ && offset <= window_end;
    const uint64_t wish =
        goes_on ? std::min(window_bytes_ * kWindowGrowth, kWindowBytesMax) : kFirstWindowBytes;
    const uint64_t align = std::max<uint64_t>(file_->alignment(), kCommitAlignMin);
    const uint64_t begin = offset / align * align;
    const uint64_t need = AlignUp(offset + length - begin, align);
    const uint64_t end = std::min(file_bytes_, ahead_end_);
    const uint64_t left = begin < end ? AlignUp(end - begin, align) : 0;
    const uint64_t window = std::max(need, std::min(left, wish));
    absl::Status read = Fill(begin, window);
    if (!read.ok() && need < window) read = Fill(begin, need);
    RETURN_IF_ERROR(read);
  }
  return Bytes(window_.span().subspan(offset - window_begin_, length));
}

}  // namespace stet::wal
