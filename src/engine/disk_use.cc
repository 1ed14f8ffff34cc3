// Adds up the blocks of files.
#include "engine/disk_use.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace stet::engine {
namespace {

constexpr uint64_t kBlockBytes = 512;  // of st_blocks, whatever those of the file system are

uint64_t BytesIn(const std::string& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  std::filesystem::directory_iterator files(folder, error);
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) {
    struct stat file = {};
    if (stat(files->path().c_str(), &file) != 0 || !S_ISREG(file.st_mode)) continue;
    bytes += static_cast<uint64_t>(file.st_blocks) * kBlockBytes;
  }
  return bytes;
}

}  // namespace

std::optional<DiskUse> DiskUseOf(const EngineOptions& options) {
  if (options.directory.empty() || options.log.storage != nullptr) return std::nullopt;
  const bool archives = options.log.retired == wal::Retired::kArchive;
  return DiskUse{.log = BytesIn(options.directory + "/wal"),
                 .snapshots = BytesIn(options.directory + "/snapshots"),
                 .archive = archives ? BytesIn(options.log.archive_directory) : 0};
}

}  // namespace stet::engine
