// The bytes of a segment file through a window of aligned reads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <absl/status/statusor.h>

#include "stet/wal/storage.h"
#include "wal/io/aligned_buffer.h"

namespace stet::wal {

// What lies behind the end of the file reads as zeros: a file that was cut looks like one whose last
// part was never written.  Reading on from where the last window ended makes the windows larger, so
// that a scan reads in large pieces and a look at a header does not.  Not thread-safe.
class SegmentBytes {
 public:
  static absl::StatusOr<SegmentBytes> Open(Storage* storage, const std::string& path);

  // The same file with a window of its own.
  absl::StatusOr<SegmentBytes> Reopen() const { return Open(storage_, path()); }

  const std::string& path() const { return path_; }
  uint64_t file_bytes() const { return file_bytes_; }

  // Bytes [offset, offset + length), valid until the next call.
  // Errors: those of File::Read, if one of just these bytes cannot be read.
  absl::StatusOr<Bytes> At(uint64_t offset, uint64_t length);

  // As File::Read: what the file holds now, whatever is in the window.
  absl::StatusOr<size_t> ReadNow(uint64_t offset, std::span<std::byte> out);

  // Reads from the file again from here on, whatever is in the window.
  void Forget() { window_bytes_ = 0; }

  // Closes the file and frees the window; the next At opens it again.  A log may have more segments
  // than a process may have open files.
  void Release();

  // Reads nothing behind `end` that was not asked for: of a file that is being written the rest would
  // be out of date at once.
  void ReadAheadTo(uint64_t end) { ahead_end_ = end; }

 private:
  SegmentBytes(Storage* storage, std::string path) : storage_(storage), path_(std::move(path)) {}
  absl::Status OpenFile();
  absl::Status Fill(uint64_t begin, uint64_t length);

  Storage* storage_;
  std::string path_;
  std::unique_ptr<File> file_;  // null if released
  uint64_t file_bytes_ = 0;
  uint64_t ahead_end_ = UINT64_MAX;
  AlignedBuffer window_;
  uint64_t window_begin_ = 0;
  uint64_t window_bytes_ = 0;
};

}  // namespace stet::wal
