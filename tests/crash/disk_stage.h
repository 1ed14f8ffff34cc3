// A crash disk with a file system and a writer on it: what the tests of lost power and of failing
// disks share.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "tests/crash/crash_disk.h"
#include "tests/crash/judge.h"
#include "tests/crash/mounts.h"
#include "tests/crash/writer_process.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal {

class DiskStage {
 public:
  explicit DiskStage(FileSystem type)
      : type_(type),
        file_(MakeFile(directory_.path() + "/disk")),
        mount_point_(directory_.path() + "/mounted"),
        disk(file_, DiskBytes(type), writer.memory_fd()) {
    REQUIRE_EQ(::mkdir(mount_point_.c_str(), 0700), 0);
    MakeFileSystem(type, file_);
    writer.SetDirectory(LogDirectory());
  }

  std::unique_ptr<MountedDisk> NewMount() const {
    return std::make_unique<MountedDisk>(type_, file_, mount_point_, true);
  }
  // The log, where it is mounted.
  std::string LogDirectory() const { return mount_point_ + "/log"; }

  // Runs the writer until it ends.
  Ending RunWriter() {
    writer.Start();
    return writer.Wait();
  }

 private:
  static std::string MakeFile(const std::string& path) {
    REQUIRE(std::ofstream(path).good());
    return path;
  }

  const FileSystem type_;
  const TempDirectory directory_;
  const std::string file_;
  const std::string mount_point_;

 public:
  WriterProcess writer;
  CrashDisk disk;
};

// Without what a mode releases before it is flushed, a loss of power leaves all that was released.
inline Allowed AfterPowerCut(const PromisesThen& then, Durability durability) {
  const bool flushed = durability == Durability::kCommit || durability == Durability::kWitness;
  return {.at_least = flushed ? std::max(then.released, then.durable) : then.durable,
          .at_most = then.appending};
}

}  // namespace stet::wal
