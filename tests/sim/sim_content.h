// One file of a SimDisk, sector by sector: what is durable, what was written since, what a power cut may leave of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "stet/wal/record.h"

namespace stet::wal {

inline constexpr uint64_t kSimSector = 512;  // written whole or not at all
inline constexpr uint64_t kSimBlock = 4096;

// Picks one of `options` (at least 2) for what the write `write` did to a sector.  0: what was durable before; the last: what was
// written last.
class CrashChooser {
 public:
  CrashChooser() = default;
  CrashChooser(const CrashChooser&) = delete;
  CrashChooser& operator=(const CrashChooser&) = delete;
  virtual ~CrashChooser() = default;

  virtual uint32_t Choose(uint32_t options, uint64_t write) = 0;
};

// What becomes of the pages that a failed flush could not write.
enum class FlushFailure : uint8_t {
  kStillDirty,  // the next flush tries them again
  kKeptInCache,  // as on ext4: buffered reads show them, the disk never gets them, the next flush succeeds
  kReverted,  // as on btrfs: reads show what was there before
  // The device has lost its cache: of no file is there what no flush covered, and each such file's
  // next flush says so.
  kCacheLost,
};

// Copies share what is durable, so that they cost little.
class SimContent {
 public:
  uint64_t size() const { return size_; }
  void Resize(uint64_t bytes);

  // What a program sees; with `cached` through the page cache, else from the device.
  void Read(uint64_t offset, std::span<std::byte> out, bool cached) const;
  std::vector<std::byte> All() const;

  // A write begins; from here on any of its sectors may be on the disk.
  void Start(uint64_t write, uint64_t offset, Bytes data);
  // Its sectors before `end` are written: the flush with number `number` or a later one covers them.
  void Complete(uint64_t write, uint64_t end, uint64_t number);
  // Its sectors before `end` are durable.
  void MakeDurable(uint64_t write, uint64_t end);
  // The device said that it wrote them, and did not.
  void Forget(uint64_t write);

  // Makes durable what completed up to `number`.
  void Flush(uint64_t number);
  // Of what completed up to `number` any part is durable, and the rest as `failure` says.
  void FailFlush(uint64_t number, FlushFailure failure, std::mt19937_64& random);

  // The device lost its cache: what completed and was not flushed is gone.
  void LoseCache();
  // Whether something was lost that no flush has reported; from now on it is reported.
  bool TakeCacheLoss() { return std::exchange(cache_lost_, false); }

  // The process is killed: of writes under way any sector is written, none is under way any more.
  void Kill(std::mt19937_64& random);
  // What a power cut leaves.
  SimContent Crash(CrashChooser& chooser) const;

  // Damage to the medium: at once, and as durable as anything.
  void Overwrite(uint64_t offset, Bytes data);
  void FlipBit(uint64_t offset, int bit);
  std::set<uint64_t> unreadable = {};  // sectors that give EIO until they are written

  bool Unreadable(uint64_t offset, uint64_t length) const;
  size_t pending_sectors() const { return pending_.size(); }

 private:
  using Sector = std::array<std::byte, kSimSector>;
  struct Version {
    uint64_t write = 0;
    uint64_t completed = UINT64_MAX;  // number
    Sector bytes;
  };
  struct Block {
    std::array<std::byte, kSimBlock> bytes = {};
  };

  static size_t Covered(const std::vector<Version>& versions, uint64_t number);
  Sector DurableSector(uint64_t sector) const;
  Sector Seen(uint64_t sector) const;
  void SetDurable(uint64_t sector, const Sector& bytes);
  template <typename Does>
  void ForVersionsOf(uint64_t write, const Does& does);

  std::vector<std::shared_ptr<Block>> durable_;       // null: zeros
  std::map<uint64_t, std::vector<Version>> pending_;  // by sector, oldest first
  std::map<uint64_t, Sector> orphans_;  // in the page cache alone, after a flush that failed
  uint64_t size_ = 0;
  uint64_t durable_size_ = 0;
  bool cache_lost_ = false;
};

}  // namespace stet::wal
