// A Storage over a SimDisk: deterministic, counts every call, fails or dies at the one that a test chooses.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "stet/wal/storage.h"
#include "tests/sim/sim_disk.h"

namespace stet::wal {

// In which order operations in flight complete.
enum class SimOrder : uint8_t { kFifo, kLifo, kRandom };

// What a SimStorage does wrong, and when.  Calls are counted from 1; 0: never.
struct SimFaults {
  uint64_t fail_call = 0;  // this call fails with `fail_errno`, once; reads do not count
  int fail_errno = 0;
  uint64_t die_at_call =
      0;  // the power goes while this call is under way: it and all later ones fail
  uint64_t short_write = 0;        // this queued write completes after its first block
  uint64_t capacity = UINT64_MAX;  // bytes of all files: ENOSPC beyond
};

// For one thread.  Time passes a microsecond a call, and by waiting.
class SimStorage final : public Storage {
 public:
  explicit SimStorage(SimDisk disk = {}, uint64_t seed = 1);

  SimFaults faults;
  SimOrder order = SimOrder::kFifo;

  uint64_t calls() const { return calls_; }
  bool dead() const { return dead_; }
  SimDisk& disk() { return disk_; }
  const std::vector<std::string>& history() const { return history_; }  // every call, for messages

  // The disk as the power cut leaves it, at the moment of death or now.
  SimDisk Crash(CrashPolicy policy);

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status MakeDirectory(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& directory) override;
  absl::StatusOr<std::unique_ptr<Lock>> TakeLock(const std::string& path,
                                                 absl::Duration wait_max) override;
  absl::StatusOr<std::unique_ptr<Queue>> NewQueue() override;
  std::string name() const override { return "sim"; }
  std::string note() const override { return ""; }
  int64_t WallNanos() override { return 1'800'000'000'000'000'000 + now_ns_; }
  int64_t MonotonicNanos() override { return now_ns_; }
  uint64_t Random() override { return random_(); }

 private:
  friend class SimFile;
  friend class SimQueue;
  friend class SimLock;

  // Counts a call that changes something; the errno that it fails with, 0 if it does not.
  int Count(const std::string& what);
  uint64_t NextWrite() { return ++writes_; }

  SimDisk disk_;
  std::mt19937_64 random_;
  int64_t now_ns_ = 1'000'000'000;
  uint64_t calls_ = 0;
  uint64_t writes_ = 0;
  uint64_t queued_writes_ = 0;
  bool dead_ = false;
  std::vector<std::string> locked_;
  std::vector<std::string> history_;
};

}  // namespace stet::wal
