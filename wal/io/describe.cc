// What the kernel tells about the file system and the device under a directory.
#include "wal/io/describe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "wal/io/unique_fd.h"

namespace stet::wal {
namespace {

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

uint32_t ReadNumber(const std::string& path) {
  const std::string text = ReadText(path);
  uint32_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() ? number : 0;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), ::free);
  return real == nullptr ? path : std::string(real.get());
}

bool IsOneOf(std::string_view type, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), type) != names.end();
}

// Where mountinfo does not tell.
std::string TypeOfMagic(int64_t magic) {
  switch (magic) {
    case 0xef53:
      return "ext4";
    case 0x58465342:
      return "xfs";
    case 0x9123683e:
      return "btrfs";
    case 0x01021994:
      return "tmpfs";
    case 0x794c7630:
      return "overlay";
    case 0x6969:
      return "nfs";
    case 0x65735546:
      return "fuse";
    default:
      return fmt::format("{:#x}", magic);
  }
}

bool IsUnder(std::string_view path, std::string_view folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string NumberOf(dev_t device) {
  return fmt::format("{}:{}", gnu_dev_major(device), gnu_dev_minor(device));
}

// The folder of the whole disk below /sys: a partition's is inside its disk's.
std::string DiskFolder(const std::string& sys, const std::string& number) {
  const std::string link = sys + "/dev/block/" + number;
  std::error_code error;
  std::filesystem::path folder = std::filesystem::canonical(link, error);
  if (error) return {};
  if (std::filesystem::exists(folder / "partition", error)) folder = folder.parent_path();
  return folder.string();
}

void ReadDisk(const std::string& folder, FileSystemFacts* facts) {
  facts->device = std::filesystem::path(folder).filename().string();
  facts->logical_block_bytes = ReadNumber(folder + "/queue/logical_block_size");
  facts->physical_block_bytes = ReadNumber(folder + "/queue/physical_block_size");
  facts->volatile_cache = ReadText(folder + "/queue/write_cache") == "write back";
  facts->fua = ReadNumber(folder + "/queue/fua") != 0;
  const std::string backing = ReadText(folder + "/loop/backing_file");
  if (!backing.empty()) {
    facts->stacked = true;
    facts->warnings.push_back(
        fmt::format("{} is a loop device over {}: what a flush means is decided there",
                    facts->device, backing));
  }
}

bool TakesDirectIo(const std::string& directory) {
  const UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_DIRECT | O_RDWR | O_CLOEXEC, 0600));
  return file.ok();
}

void ReadTraits(FileSystemFacts* facts) {
  const std::string& type = facts->type;
  facts->in_memory = IsOneOf(type, {"tmpfs", "ramfs"});
  facts->network = IsOneOf(type, {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs",
                                  "fuse.sshfs", "fuse.glusterfs", "lustre", "afs"});
  facts->stacked = facts->stacked || IsOneOf(type, {"overlay", "aufs", "ecryptfs", "virtiofs"}) ||
                   type.starts_with("fuse");
  facts->copy_on_write = IsOneOf(type, {"btrfs", "zfs", "bcachefs", "nilfs2", "f2fs"});
}

void Warn(FileSystemFacts* facts) {
  std::vector<std::string>& warnings = facts->warnings;
  if (facts->in_memory) {
    warnings.push_back(facts->type + " keeps files in memory: nothing survives a power cut");
  }
  if (facts->network) {
    warnings.push_back(facts->type +
                       " is on another machine: whether a flush reaches its disk, and whether one "
                       "log has one writer, is decided there");
  } else if (facts->stacked && !facts->device.starts_with("loop")) {
    warnings.push_back(facts->type +
                       " stands on another file system: what a flush means is decided there");
  }
  if (facts->copy_on_write) {
    warnings.push_back(facts->type +
                       " copies on write: room that was reserved promises nothing, so a write can "
                       "meet a full disk; each flush writes more than the log");
  }
  for (const std::string_view option : Split(facts->mount_options, ',')) {
    if (option == "nobarrier" || option == "barrier=0") {
      warnings.push_back(fmt::format(
          "mounted with {}: flushes do not reach the device, a power cut may take what was "
          "acknowledged",
          option));
    }
    if (option == "ro") warnings.push_back("mounted read-only");
  }
  if (!facts->direct_io && !facts->in_memory) {
    warnings.push_back("no direct I/O: writes go through the page cache");
  }
}

}  // namespace

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
Mount FindMount(std::string_view mountinfo, std::string_view device, std::string_view path) {
  Mount best;
  for (const std::string_view line : Split(mountinfo, '\n')) {
    const size_t middle = line.find(" - ");
    if (middle == line.npos) continue;
    const std::vector<std::string_view> left = Split(line.substr(0, middle), ' ');
    const std::vector<std::string_view> right = Split(line.substr(middle + 3), ' ');
    if (left.size() < 6 || right.size() < 3 || left[2] != device) continue;
    if (!IsUnder(path, left[4]) || left[4].size() < best.mount_point.size()) continue;
    best = {.device = std::string(left[2]),
            .mount_point = std::string(left[4]),
            .options = fmt::format("{},{}", left[5], right[2]),
            .type = std::string(right[0]),
            .source = std::string(right[1])};
  }
  return best;
}

FileSystemFacts DescribeDirectory(const std::string& directory, const KernelFolders& kernel) {
  FileSystemFacts facts{.directory = directory};
  if (utsname name{}; ::uname(&name) == 0) facts.kernel = name.release;
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) return facts;
  if (struct statfs about{}; ::statfs(directory.c_str(), &about) == 0) {
    facts.type = TypeOfMagic(static_cast<int64_t>(about.f_type));
    facts.block_bytes = static_cast<uint32_t>(about.f_bsize);
  }
  const Mount mount = FindMount(ReadText(kernel.proc + "/self/mountinfo"), NumberOf(info.st_dev),
                                RealPath(directory));
  if (!mount.type.empty()) facts.type = mount.type;
  facts.mount_point = mount.mount_point;
  facts.mount_options = mount.options;
  std::string disk = DiskFolder(kernel.sys, NumberOf(info.st_dev));
  // Some file systems (btrfs) have device numbers of their own, and name the disk as their source.
  if (struct stat source{}; disk.empty() && mount.source.starts_with("/dev/") &&
                            ::stat(mount.source.c_str(), &source) == 0 && S_ISBLK(source.st_mode)) {
    disk = DiskFolder(kernel.sys, NumberOf(source.st_rdev));
  }
  if (!disk.empty()) ReadDisk(disk, &facts);
  facts.direct_io = TakesDirectIo(directory);
  ReadTraits(&facts);
  Warn(&facts);
  return facts;
}

}  // namespace stet::wal
