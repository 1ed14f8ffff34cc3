// A file of the operating system, past the page cache where that is possible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "stet/wal/storage.h"
#include "wal/io/unique_fd.h"

namespace stet::wal {

class PosixFile final : public File {
 public:
  static absl::StatusOr<std::unique_ptr<PosixFile>> Open(const std::string& path, OpenMode mode);

  absl::StatusOr<size_t> Read(uint64_t offset, std::span<std::byte> out) override;
  absl::Status Write(uint64_t offset, Bytes data) override;
  absl::Status Flush() override;
  absl::Status Allocate(uint64_t bytes) override;
  absl::StatusOr<uint64_t> Size() override;
  absl::StatusOr<uint64_t> Links() override;
  absl::StatusOr<uint64_t> DropCached() override;
  const std::string& path() const override { return path_; }
  uint32_t alignment() const override { return alignment_; }

  // One pwrite, durable when it returns if `durable`.  Returns the bytes written or -errno.
  int64_t WriteOnce(uint64_t offset, Bytes data, bool durable);

  // One fdatasync.  Returns 0 or -errno.
  int64_t FlushOnce();

  // The descriptor for an aligned operation.
  int direct_fd() const { return direct_.ok() ? direct_.get() : buffered_.get(); }
  bool direct() const { return direct_.ok(); }

  // No other file of this process ever has it: unlike an address or a descriptor it is not used
  // again.
  uint64_t serial() const { return serial_; }

 private:
  PosixFile(std::string path, UniqueFd buffered, UniqueFd direct, uint32_t alignment);

  bool Aligned(uint64_t offset, Bytes data) const;
  absl::Status CheckRoom(uint64_t bytes);
  int FdFor(uint64_t offset, Bytes data) const;
  absl::StatusOr<size_t> ReadThroughBuffer(uint64_t offset, std::span<std::byte> out);

  const std::string path_;
  const UniqueFd buffered_;
  const UniqueFd direct_;  // O_DIRECT; not ok where the file system refuses it
  const uint32_t alignment_;
  const uint64_t serial_;
};

}  // namespace stet::wal
