// Disks that are full, or turn out to be smaller than they said: appends wait or the log stops, and
// what was acknowledged is there.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/crash/judge.h"
#include "tests/crash/modes.h"
#include "tests/crash/mounts.h"
#include "tests/crash/writer_process.h"
#include "tests/wal/temp_directory.h"
#include "wal/io/unique_fd.h"

namespace stet::wal {
namespace {

std::string MakeDirectory(const std::string& path) {
  REQUIRE_EQ(::mkdir(path.c_str(), 0700), 0);
  return path;
}

// A file that takes `bytes` of real space.
void TakeSpace(const std::string& path, uint64_t bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(fd.ok());
  REQUIRE_EQ(::posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes)), 0);
}

void Check(const WriterProcess& writer, const std::string& directory) {
  const Promises& promises = writer.promises();
  const LogJudgement judgement = Judge(
      directory, Backend::kAuto, {.at_least = promises.released, .at_most = promises.appending});
  REQUIRE_MESSAGE(judgement.complaint.empty(), judgement.complaint, "\n", writer.Describe());
}

// The disk fills up while a log is written on `base`; then `ballast` is removed.
void FillUp(Backend backend, const std::string& base, const std::string& ballast) {
  WriterProcess writer;
  WriterPlan& plan = writer.plan();
  writer.SetDirectory(base + "/log");
  plan.backend = backend;
  plan.segment_bytes = 256 << 10;
  plan.outlast_full_disk = true;
  writer.Start();
  for (int waits = 0; writer.promises().refused_full < 3 && writer.Running(); ++waits) {
    REQUIRE(waits < 20'000);
    ::usleep(1000);
  }
  const uint64_t full_at = writer.promises().released;
  // Nothing that was taken hangs: the reserve holds it.
  writer.WaitReleased(writer.promises().appending - plan.group_max, absl::Seconds(5));
  std::filesystem::remove(ballast);
  writer.WaitReleased(full_at + 200, absl::Seconds(20));
  CHECK_MESSAGE(writer.promises().released >= full_at + 200, "it goes on when there is space");
  const Ending ending = writer.Kill();
  CHECK_MESSAGE(ending.killed, ending.error);
  Check(writer, base + "/log");
  MESSAGE(fmt::format("full at {}, then {}", full_at, writer.Describe()));
}

TEST_SUITE("full disks") {
  TEST_CASE("a small tmpfs is full: appends are refused, and go on when there is space") {
    for (const Backend backend : Backends()) {
      const TempDirectory directory;
      const std::string base = MakeDirectory(directory.path() + "/small");
      const SmallTmpfs tmpfs(base, 6 << 20);
      TakeSpace(base + "/ballast", 4 << 20);
      FillUp(backend, base, base + "/ballast");
    }
  }

  TEST_CASE("a small ext4 is full: appends are refused, and go on when there is space") {
    const TempDirectory directory;
    const std::string base = MakeDirectory(directory.path() + "/small");
    const std::string disk = directory.path() + "/disk";
    TakeSpace(disk, 24 << 20);
    MakeFileSystem(FileSystem::kExt4, disk);
    const MountedDisk mount(FileSystem::kExt4, disk, base, true);
    TakeSpace(base + "/ballast", 12 << 20);
    FillUp(Backend::kAuto, base, base + "/ballast");
  }

  TEST_CASE(
      "a thin disk has less space than it said: the log stops, nothing acknowledged is lost") {
    const TempDirectory directory;
    const std::string base = MakeDirectory(directory.path() + "/thin");
    const SmallTmpfs tmpfs(base, 12 << 20);
    const std::string disk = base + "/disk";
    { std::ofstream file(disk); }
    std::filesystem::resize_file(disk, DiskBytes(FileSystem::kExt4));
    MakeFileSystem(FileSystem::kExt4, disk);
    const std::string mounted = MakeDirectory(directory.path() + "/mounted");
    WriterProcess writer;
    WriterPlan& plan = writer.plan();
    writer.SetDirectory(mounted + "/log");
    plan.segment_bytes = 1 << 20;
    plan.outlast_full_disk = true;
    plan.records_max = 100'000;
    {
      const MountedDisk mount(FileSystem::kExt4, disk, mounted, false);
      writer.Start();
      const Ending ending = writer.Wait();
      CHECK_MESSAGE(ending.code == WriterExit::kFailed, ending.error);
      MESSAGE(ending.error);
    }
    // More space: the journal can be replayed.
    REQUIRE_EQ(::mount("stet-crash", base.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
    const MountedDisk mount(FileSystem::kExt4, disk, mounted, false);
    Check(writer, mounted + "/log");
    MESSAGE(writer.Describe());
  }
}

}  // namespace
}  // namespace stet::wal
