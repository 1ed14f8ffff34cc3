// Versions of sectors, and which of them survive.
#include "tests/sim/sim_content.h"

#include <algorithm>
#include <cstring>

namespace stet::wal {
namespace {

// Calls `does(sector, offset in the sector, part of the data)` for every sector that a write touches.
template <typename Does>
void ForSectors(uint64_t offset, Bytes data, const Does& does) {
  while (!data.empty()) {
    const uint64_t at = offset % kSimSector;
    const uint64_t length = std::min<uint64_t>(kSimSector - at, data.size());
    does(offset / kSimSector, at, data.first(length));
    data = data.subspan(length);
    offset += length;
  }
}

}  // namespace

void SimContent::Resize(uint64_t bytes) { size_ = bytes; }

SimContent::Sector SimContent::DurableSector(uint64_t sector) const {
  Sector bytes = {};
  const uint64_t block = sector * kSimSector / kSimBlock;
  if (block < durable_.size() && durable_[block] != nullptr) {
    std::memcpy(bytes.data(), durable_[block]->bytes.data() + sector * kSimSector % kSimBlock,
                kSimSector);
  }
  return bytes;
}

void SimContent::SetDurable(uint64_t sector, const Sector& bytes) {
  const uint64_t block = sector * kSimSector / kSimBlock;
  if (block >= durable_.size()) durable_.resize(block + 1);
  std::shared_ptr<Block>& held = durable_[block];
  if (held == nullptr) {
    if (bytes == Sector{}) return;
    held = std::make_shared<Block>();
  } else if (held.use_count() > 1) {
    held = std::make_shared<Block>(*held);
  }
  std::memcpy(held->bytes.data() + sector * kSimSector % kSimBlock, bytes.data(), kSimSector);
}

SimContent::Sector SimContent::Seen(uint64_t sector) const {
  const auto found = pending_.find(sector);
  return found == pending_.end() ? DurableSector(sector) : found->second.back().bytes;
}

void SimContent::Read(uint64_t offset, std::span<std::byte> out, bool cached) const {
  const uint64_t end = offset + out.size();
  const auto copy = [&](uint64_t begin, std::span<const std::byte> bytes) {
    const uint64_t from = std::max(begin, offset);
    const uint64_t to = std::min(begin + bytes.size(), end);
    if (from < to)
      std::memcpy(out.data() + (from - offset), bytes.data() + (from - begin), to - from);
  };
  if (!out.empty()) std::memset(out.data(), 0, out.size());
  for (uint64_t block = offset / kSimBlock; block * kSimBlock < end && block < durable_.size();
       ++block) {
    if (durable_[block] != nullptr) copy(block * kSimBlock, durable_[block]->bytes);
  }
  for (auto it = pending_.lower_bound(offset / kSimSector);
       it != pending_.end() && it->first * kSimSector < end; ++it) {
    copy(it->first * kSimSector, it->second.back().bytes);
  }
  if (!cached) return;
  for (auto it = orphans_.lower_bound(offset / kSimSector);
       it != orphans_.end() && it->first * kSimSector < end; ++it) {
    copy(it->first * kSimSector, it->second);
  }
}

std::vector<std::byte> SimContent::All() const {
  std::vector<std::byte> all(size_);
  Read(0, all, false);
  return all;
}

void SimContent::Start(uint64_t write, uint64_t offset, Bytes data) {
  size_ = std::max(size_, offset + data.size());
  ForSectors(offset, data, [&](uint64_t sector, uint64_t at, Bytes part) {
    orphans_.erase(sector);
    unreadable.erase(sector);
    Version version{.write = write, .bytes = Seen(sector)};
    const bool same =
        std::equal(part.begin(), part.end(), version.bytes.begin() + static_cast<ptrdiff_t>(at));
    // What is durable already no power cut takes away.
    if (same && !pending_.contains(sector)) return;
    std::memcpy(version.bytes.data() + at, part.data(), part.size());
    pending_[sector].push_back(version);
  });
}

template <typename Does>
void SimContent::ForVersionsOf(uint64_t write, const Does& does) {
  for (auto it = pending_.begin(); it != pending_.end();) {
    std::vector<Version>& versions = it->second;
    const auto found = std::find_if(versions.begin(), versions.end(),
                                    [&](const Version& version) { return version.write == write; });
    if (found != versions.end()) does(it->first, &versions, found);
    it = versions.empty() ? pending_.erase(it) : std::next(it);
  }
}

void SimContent::Complete(uint64_t write, uint64_t end, uint64_t number) {
  ForVersionsOf(write, [&](uint64_t sector, auto* /*versions*/, auto found) {
    if (sector * kSimSector < end) found->completed = number;
  });
}

void SimContent::MakeDurable(uint64_t write, uint64_t end) {
  ForVersionsOf(write, [&](uint64_t sector, auto* versions, auto found) {
    if (sector * kSimSector >= end) return;
    SetDurable(sector, found->bytes);
    versions->erase(versions->begin(), found + 1);
  });
  durable_size_ = std::max(durable_size_, std::min(size_, end));
}

void SimContent::Forget(uint64_t write) {
  ForVersionsOf(write, [&](uint64_t, auto* versions, auto found) { versions->erase(found); });
}

// How many of the oldest versions go when a flush covers what completed up to `number`: the device keeps the order of writes to one
// sector.
size_t SimContent::Covered(const std::vector<Version>& versions, uint64_t number) {
  size_t covered = versions.size();
  while (covered > 0 && versions[covered - 1].completed > number) --covered;
  return covered;
}

void SimContent::Flush(uint64_t number) {
  durable_size_ = size_;
  for (auto it = pending_.begin(); it != pending_.end();) {
    std::vector<Version>& versions = it->second;
    if (const size_t covered = Covered(versions, number); covered > 0) {
      SetDurable(it->first, versions[covered - 1].bytes);
      versions.erase(versions.begin(), versions.begin() + static_cast<ptrdiff_t>(covered));
    }
    it = versions.empty() ? pending_.erase(it) : std::next(it);
  }
}

void SimContent::FailFlush(uint64_t number, FlushFailure failure, std::mt19937_64& random) {
  for (auto it = pending_.begin(); it != pending_.end();) {
    std::vector<Version>& versions = it->second;
    if (const size_t covered = Covered(versions, number); covered > 0) {
      const Version& last = versions[covered - 1];
      const bool reached = random() % 2 == 0;
      if (reached) SetDurable(it->first, last.bytes);
      if (!reached && failure == FlushFailure::kKeptInCache) orphans_[it->first] = last.bytes;
      if (reached || failure != FlushFailure::kStillDirty) {
        versions.erase(versions.begin(), versions.begin() + static_cast<ptrdiff_t>(covered));
      }
    }
    it = versions.empty() ? pending_.erase(it) : std::next(it);
  }
}

void SimContent::LoseCache() {
  for (auto it = pending_.begin(); it != pending_.end();) {
    cache_lost_ |= std::erase_if(it->second, [](const Version& version) {
                     return version.completed != UINT64_MAX;
                   }) != 0;
    it = it->second.empty() ? pending_.erase(it) : std::next(it);
  }
}

void SimContent::Kill(std::mt19937_64& random) {
  for (auto it = pending_.begin(); it != pending_.end();) {
    std::vector<Version>& versions = it->second;
    std::erase_if(versions, [&](const Version& version) {
      return version.completed == UINT64_MAX && random() % 2 == 0;
    });
    for (Version& version : versions) {
      if (version.completed == UINT64_MAX) version.completed = 0;
    }
    it = versions.empty() ? pending_.erase(it) : std::next(it);
  }
}

SimContent SimContent::Crash(CrashChooser& chooser) const {
  SimContent after;
  after.durable_ = durable_;
  after.unreadable = unreadable;
  after.size_ = durable_size_;
  if (size_ > durable_size_ && chooser.Choose(2, 0) == 1) after.size_ = size_;
  after.durable_size_ = after.size_;
  for (const auto& [sector, versions] : pending_) {
    if (sector * kSimSector >= after.size_) continue;
    // Only what differs is a choice.
    std::vector<const Version*> options;
    Sector last = DurableSector(sector);
    for (const Version& version : versions) {
      if (version.bytes != last) options.push_back(&version);
      last = version.bytes;
    }
    if (options.empty()) continue;
    const uint32_t chosen =
        chooser.Choose(static_cast<uint32_t>(options.size()) + 1, options.back()->write);
    if (chosen > 0) after.SetDurable(sector, options[chosen - 1]->bytes);
  }
  return after;
}

void SimContent::Overwrite(uint64_t offset, Bytes data) {
  if (offset >= size_) return;
  data = data.first(std::min<uint64_t>(data.size(), size_ - offset));
  ForSectors(offset, data, [&](uint64_t sector, uint64_t at, Bytes part) {
    Sector bytes = Seen(sector);
    std::memcpy(bytes.data() + at, part.data(), part.size());
    SetDurable(sector, bytes);
    pending_.erase(sector);
  });
}

void SimContent::FlipBit(uint64_t offset, int bit) {
  std::byte byte = {};
  Read(offset, {&byte, 1}, false);
  byte ^= std::byte{static_cast<uint8_t>(1U << bit)};
  Overwrite(offset, {&byte, 1});
}

bool SimContent::Unreadable(uint64_t offset, uint64_t length) const {
  const auto first = unreadable.lower_bound(offset / kSimSector);
  return first != unreadable.end() && *first * kSimSector < offset + length;
}

}  // namespace stet::wal
