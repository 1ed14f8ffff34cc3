// Built logs on the real disk, for the real walinspect to look at.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "tests/wal/recovery_fixture.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal {

// A log on the real disk, and all its bytes, to see that they stay.
struct Directory {
  TempDirectory temp = {};
  std::string path = temp.path() + "/data";

  explicit Directory(const LogBuilder& log) {
    std::filesystem::create_directories(path + "/wal");
    MemoryStorage disk;
    log.Store(&disk);
    for (const auto& [file, content] : disk.files) {
      Write(file.substr(log.directory.size() + 1), content);
    }
  }
  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(path + "/wal/" + name, std::ios::binary) << content;
  }
  std::map<std::string, std::string> Content() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      all[entry.path()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return all;
  }
};

// One bit of a payload in a batch of ThreeBatches is flipped.
inline LogBuilder Damaged(uint64_t batch) {
  LogBuilder log = ThreeBatches();
  log.segments[0].bytes[log.batches[batch].offset + 140] ^= 1;
  return log;
}

}  // namespace stet::wal
