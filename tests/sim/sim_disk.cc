// A disk in memory that knows what would survive.
#include "tests/sim/sim_disk.h"

#include <algorithm>
#include <cstring>

namespace stet::wal {
namespace {

void CopySector(const std::vector<std::byte>& from, uint64_t sector, std::vector<std::byte>* to) {
  const uint64_t begin = sector * kSimSector;
  const uint64_t end = std::min<uint64_t>({begin + kSimSector, from.size(), to->size()});
  if (begin < end) std::memcpy(to->data() + begin, from.data() + begin, end - begin);
}

bool Holds(const std::vector<std::string>& paths, const std::string& path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

}  // namespace

void SimContent::Write(uint64_t offset, Bytes data, uint64_t number) {
  if (data.empty()) return;
  if (bytes.size() < offset + data.size()) bytes.resize(offset + data.size());
  std::memcpy(bytes.data() + offset, data.data(), data.size());
  for (uint64_t s = offset / kSimSector; s * kSimSector < offset + data.size(); ++s) {
    dirty[s] = number;
  }
}

void SimContent::Complete(uint64_t offset, uint64_t length, uint64_t number) {
  for (uint64_t s = offset / kSimSector; s * kSimSector < offset + length; ++s) dirty[s] = number;
}

void SimContent::Flush(uint64_t number) {
  durable.resize(std::max(durable.size(), bytes.size()));
  for (auto sector = dirty.begin(); sector != dirty.end();) {
    if (sector->second > number) {
      ++sector;
      continue;
    }
    CopySector(bytes, sector->first, &durable);
    sector = dirty.erase(sector);
  }
}

void SimContent::FlushRange(uint64_t offset, uint64_t length) {
  durable.resize(std::max(durable.size(), bytes.size()));
  for (uint64_t s = offset / kSimSector; s * kSimSector < offset + length; ++s) {
    CopySector(bytes, s, &durable);
    dirty.erase(s);
  }
}

std::string SimParent(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

void SimDisk::SyncNames(const std::string& directory) {
  std::erase_if(durable_names,
                [&](const auto& entry) { return SimParent(entry.first) == directory; });
  for (const auto& [path, content] : names) {
    if (SimParent(path) == directory) durable_names[path] = content;
  }
  for (const std::string& path : directories) {
    if (SimParent(path) == directory && !Holds(durable_directories, path)) {
      durable_directories.push_back(path);
    }
  }
}

SimDisk SimDisk::Crash(CrashPolicy policy, std::mt19937_64& random) const {
  const auto keep = [&] {
    return policy == CrashPolicy::kKeepAll || (policy == CrashPolicy::kRandom && random() % 2 == 0);
  };
  SimDisk after;
  // A journal keeps the order of names: all of what was not flushed, or none of it.
  const bool all_names = keep();
  after.directories = all_names ? directories : durable_directories;
  if (!Holds(after.directories, "/")) after.directories.push_back("/");
  after.durable_directories = after.directories;
  const Names& survivors = all_names ? names : durable_names;
  for (const auto& [path, content] : survivors) {
    if (!Holds(after.directories, SimParent(path))) continue;
    auto copy = std::make_shared<SimContent>();
    copy->durable = content->durable;
    if (keep()) copy->durable.resize(std::max(content->durable.size(), content->bytes.size()));
    for (const auto& [sector, number] : content->dirty) {
      if (keep()) CopySector(content->bytes, sector, &copy->durable);
    }
    copy->bytes = copy->durable;
    after.names[path] = copy;
  }
  after.durable_names = after.names;
  return after;
}

uint64_t SimDisk::UsedBytes() const {
  uint64_t used = 0;
  for (const auto& [path, content] : names) used += content->bytes.size();
  return used;
}

}  // namespace stet::wal
