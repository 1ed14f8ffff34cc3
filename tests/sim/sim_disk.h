// A disk in memory that knows what would survive: sectors that were flushed, names whose directory was flushed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "stet/wal/record.h"

namespace stet::wal {

inline constexpr uint64_t kSimSector = 512;
inline constexpr uint64_t kSimInFlight =
    UINT64_MAX;  // number of a write that has not completed: no flush covers it

// One file: what reads see, and what a power cut leaves for certain.
struct SimContent {
  std::vector<std::byte> bytes;
  std::vector<std::byte> durable;
  std::map<uint64_t, uint64_t> dirty;  // sector -> number of the write that dirtied it last

  void Write(uint64_t offset, Bytes data, uint64_t number);
  // Gives the sectors of a write that was in flight the number under which it completed.
  void Complete(uint64_t offset, uint64_t length, uint64_t number);
  // Makes durable what writes up to `number` did.
  void Flush(uint64_t number);
  // Makes durable what stands in a range now.
  void FlushRange(uint64_t offset, uint64_t length);
};

// What becomes of the sectors and names that were not flushed when the power goes.
enum class CrashPolicy : uint8_t { kLoseAll, kKeepAll, kRandom };

// Files by path.  Names are separate from contents, as on a real disk.
class SimDisk {
 public:
  using Names = std::map<std::string, std::shared_ptr<SimContent>>;

  Names names;          // what programs see
  Names durable_names;  // what a power cut leaves for certain
  std::vector<std::string> directories;
  std::vector<std::string> durable_directories;

  // Makes durable the names of files and directories in `directory`.
  void SyncNames(const std::string& directory);

  // The disk after a power cut; this one stays as it is.
  SimDisk Crash(CrashPolicy policy, std::mt19937_64& random) const;

  uint64_t UsedBytes() const;
};

std::string SimParent(const std::string& path);

}  // namespace stet::wal
