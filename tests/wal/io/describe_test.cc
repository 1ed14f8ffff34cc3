// Tests of what is told about a disk, on this machine and in folders that play one.
#include "wal/io/describe.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/wal/storage.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal::describe_test {
namespace {

constexpr std::string_view kMounts =
    "22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw,barrier=0\n"
    "23 22 0:21 / /proc rw - proc proc rw\n"
    "24 22 254:1 /sub /data rw,noatime shared:1 - ext4 /dev/vda1 rw\n"
    "25 22 0:44 / /pool rw - btrfs /dev/vdb rw,ssd\n";

void Put(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text << "\n";
}

// Folders of a kernel that says this of the disk under `directory`, mounted as `type`.
KernelFolders Play(const TempDirectory& folders, const std::string& directory,
                   std::string_view type, std::string_view cache) {
  struct stat info {};
  REQUIRE_EQ(::stat(directory.c_str(), &info), 0);
  const std::string number =
      fmt::format("{}:{}", gnu_dev_major(info.st_dev), gnu_dev_minor(info.st_dev));
  const std::filesystem::path root(folders.path());
  Put(root / "proc/self/mountinfo",
      fmt::format("1 0 {} / / rw,relatime - {} /dev/sdz1 rw,nobarrier\n", number, type));
  const auto disk = root / "sys/devices/sdz";
  Put(disk / "queue/write_cache", cache);
  Put(disk / "queue/fua", "1");
  Put(disk / "queue/logical_block_size", "512");
  Put(disk / "queue/physical_block_size", "4096");
  Put(disk / "sdz1/partition", "1");
  std::filesystem::create_directories(root / "sys/dev/block");
  std::filesystem::create_directory_symlink(disk / "sdz1", root / "sys/dev/block" / number);
  return {.proc = root / "proc", .sys = root / "sys"};
}

bool Warns(const FileSystemFacts& facts, std::string_view text) {
  for (const std::string& warning : facts.warnings) {
    if (warning.find(text) != std::string::npos) return true;
  }
  return false;
}

TEST_SUITE("wal::Storage::Describe") {
  TEST_CASE("the mount is the deepest one of the device above the path") {
    CHECK_EQ(FindMount(kMounts, "254:1", "/home").mount_point, "/");
    CHECK_EQ(FindMount(kMounts, "254:1", "/data/log").mount_point, "/data");
    CHECK_EQ(FindMount(kMounts, "254:1", "/database").mount_point, "/");
    CHECK_EQ(FindMount(kMounts, "254:1", "/").options, "rw,relatime,rw,barrier=0");
    CHECK_EQ(FindMount(kMounts, "0:44", "/pool").source, "/dev/vdb");
    CHECK_EQ(FindMount(kMounts, "9:9", "/pool").type, "");
    CHECK_EQ(FindMount("nonsense\n\n- -", "254:1", "/").type, "");
  }

  TEST_CASE("a partition's disk is described, and a mount that ignores flushes is warned of") {
    const TempDirectory directory;
    const TempDirectory folders;
    const FileSystemFacts facts =
        DescribeDirectory(directory.path(), Play(folders, directory.path(), "ext4", "write back"));
    CHECK_EQ(facts.type, "ext4");
    CHECK_EQ(facts.device, "sdz");
    CHECK_EQ(facts.logical_block_bytes, 512);
    CHECK_EQ(facts.physical_block_bytes, 4096);
    CHECK(facts.volatile_cache);
    CHECK(facts.fua);
    CHECK(Warns(facts, "nobarrier"));
    CHECK(!Warns(facts, "copies on write"));
  }

  TEST_CASE("copy on write, a network and a stack of file systems are warned of") {
    const TempDirectory directory;
    for (const auto& [type, warning] :
         {std::pair<std::string_view, std::string_view>{"btrfs", "copies on write"},
          {"nfs4", "another machine"},
          {"overlay", "stands on another file system"},
          {"fuse.thing", "stands on another file system"},
          {"tmpfs", "in memory"}}) {
      const TempDirectory folders;
      const FileSystemFacts facts = DescribeDirectory(
          directory.path(), Play(folders, directory.path(), type, "write through"));
      CHECK(!facts.volatile_cache);
      CHECK_MESSAGE(Warns(facts, warning), facts.ToString());
    }
  }

  TEST_CASE("the machine's storages describe a directory, and one that is not there") {
    for (const Backend backend : {Backend::kPosix, Backend::kAuto}) {
      auto storage = OpenStorage(backend);
      REQUIRE(storage.ok());
      const TempDirectory directory;
      const FileSystemFacts facts = (*storage)->Describe(directory.path());
      CHECK(!facts.type.empty());
      CHECK(!facts.kernel.empty());
      CHECK(facts.block_bytes > 0);
      CHECK(facts.ToString().find(facts.type) != std::string::npos);
      const FileSystemFacts none = (*storage)->Describe(directory.path() + "/none");
      CHECK_EQ(none.type, "");
    }
  }
}

}  // namespace
}  // namespace stet::wal::describe_test
