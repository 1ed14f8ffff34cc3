// Blocking calls on a file.
#include "tests/sim/sim_file.h"

#include <errno.h>

#include <algorithm>

#include <fmt/format.h>

#include "wal/io/io_error.h"

namespace stet::wal {

absl::StatusOr<size_t> SimFile::Read(uint64_t offset, std::span<std::byte> out) {
  if (storage_.dead_) return IoErrorAt(EIO, "read", path_, offset, out.size());
  if (offset >= content_->size()) return 0;
  const size_t size = std::min<uint64_t>(out.size(), content_->size() - offset);
  if (content_->Unreadable(offset, size) || storage_.Chance(storage_.faults.read_error)) {
    ++storage_.errors_;
    return IoErrorAt(EIO, "read", path_, offset, out.size());
  }
  const auto address = reinterpret_cast<uintptr_t>(out.data());
  const bool direct = (offset | out.size() | address) % kSimBlock == 0;
  content_->Read(offset, out.first(size), !direct);
  return size;
}

absl::Status SimFile::Write(uint64_t offset, Bytes data) {
  if (storage_.dead_) return IoErrorAt(EIO, "write", path_, offset, data.size());
  const int error = storage_.Count(storage_.faults.write_error, [&] {
    return fmt::format("write {} at {}, {} bytes", path_, offset, data.size());
  });
  // Also of a write that fails, or that the power cut meets, any part may reach the disk.
  const uint64_t write = storage_.disk_.NextNumber();
  if (error != ENOSPC) content_->Start(write, offset, data);
  if (error != 0) return IoErrorAt(error, "write", path_, offset, data.size());
  content_->Complete(write, UINT64_MAX, storage_.disk_.NextNumber());
  return absl::OkStatus();
}

absl::Status SimFile::Flush() {
  const int error = storage_.Count(storage_.faults.flush_error, [&] { return "flush " + path_; });
  if (error != 0) {
    storage_.FailFlush(content_.get(), storage_.disk_.last_number());
    return IoError(error, "flush", path_);
  }
  if (storage_.TellsCacheLoss(content_.get())) return IoError(EIO, "flush", path_);
  content_->Flush(storage_.disk_.last_number());
  return absl::OkStatus();
}

absl::Status SimFile::Allocate(uint64_t bytes) {
  int error = storage_.Count(storage_.faults.name_error, [&] { return "allocate " + path_; });
  const uint64_t more = bytes - std::min<uint64_t>(bytes, content_->size());
  if (storage_.Takes(error) && storage_.disk_.UsedBytes() + more > storage_.faults.capacity)
    error = ENOSPC;
  if (storage_.Takes(error) && content_->size() < bytes) content_->Resize(bytes);
  if (error != 0) return IoErrorAt(error, "allocate", path_, 0, bytes);
  return absl::OkStatus();
}

}  // namespace stet::wal
