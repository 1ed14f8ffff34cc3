// Speaks the kernel's FUSE protocol for a file system that is one file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/crash/served_disk.h"

namespace stet::wal {

// Opens /dev/fuse and mounts it over the file `path`.  -1 with errno.
int MountFuseFile(const char* path);

// Answers requests of one such mount until the kernel ends it.  Several threads, each with its own:
// so many requests are worked on at a time.
class FuseFile {
 public:
  FuseFile(int fuse_fd, ServedDisk* disk);

  void Serve();

 private:
  void Answer(std::span<const std::byte> request);
  void AnswerRead(uint64_t unique, std::span<const std::byte> body);
  void AnswerWrite(uint64_t unique, std::span<const std::byte> body);
  void AnswerInit(uint64_t unique, std::span<const std::byte> body);
  void AnswerAttributes(uint64_t unique);
  // `error`: 0 or -errno.
  void Reply(uint64_t unique, int error, std::span<const std::byte> body);

  const int fd_;
  ServedDisk* const disk_;
  std::vector<std::byte> request_;
  std::vector<std::byte> data_;
};

}  // namespace stet::wal
