// A Storage over a SimDisk: deterministic, counts every call, fails or dies when a test says so.
#pragma once

#include <errno.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "stet/wal/storage.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_faults.h"

namespace stet::wal {

// For one thread.  Time passes a microsecond a call, and by waiting.
class SimStorage final : public Storage {
 public:
  explicit SimStorage(SimDisk disk = {}, uint64_t seed = 1);

  SimFaults faults;
  SimOrder order = SimOrder::kFifo;
  // Which of those in flight completes next, by its place in the order of submission; then `order` again.
  std::vector<size_t> script = {};
  bool keep_history = true;

  uint64_t calls() const { return calls_; }
  bool dead() const { return dead_; }
  SimDisk& disk() { return disk_; }
  const std::vector<std::string>& history() const { return history_; }  // every call, for messages
  uint64_t errors() const { return errors_; }                           // that were injected
  uint64_t queued_writes() const { return queued_writes_; }
  uint64_t reaps() const { return reaps_; }
  // The one that `faults` damaged: "" if none did.
  const std::string& damaged() const { return damaged_; }
  // What the queue was asked to do that no disk promises; "" if nothing.
  const std::string& misuse() const { return misuse_; }
  void Advance(int64_t nanos) { now_ns_ += nanos; }

  // The disk as the power cut leaves it, at the moment of death or now.
  SimDisk Crash(CrashPolicy policy);

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status MakeDirectory(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& directory) override;
  absl::StatusOr<std::unique_ptr<Lock>> TakeLock(const std::string& path,
                                                 absl::Duration wait_max) override;
  absl::StatusOr<std::unique_ptr<Queue>> NewQueue() override;
  std::string name() const override { return "sim"; }
  std::string note() const override { return ""; }
  int64_t WallNanos() override { return 1'800'000'000'000'000'000 + skew_ns_ + now_ns_; }
  int64_t MonotonicNanos() override { return now_ns_; }
  uint64_t Random() override { return salts_(); }

 private:
  friend class SimFile;
  friend class SimQueue;
  friend class SimLock;

  // Counts a call that changes something; the errno that it fails with, 0 if it does not.
  template <typename What>
  int Count(double rate, const What& what);
  // Whether a name is to be changed: also when the power goes just then.
  bool Takes(int error) const { return error == 0 || dying_; }
  bool Chance(double rate);
  // Whether this flush of `content` has to say that the device lost its cache.
  bool TellsCacheLoss(SimContent* content);
  // A flush that covers what completed up to `number` fails.
  void FailFlush(SimContent* content, uint64_t number);
  void Say(const std::string& what);

  SimDisk disk_;
  std::mt19937_64 random_;  // faults and times
  std::mt19937_64 salts_;   // what the log draws
  int64_t now_ns_ = 1'000'000'000;
  int64_t skew_ns_ = 0;
  uint64_t calls_ = 0;
  uint64_t queued_writes_ = 0;
  uint64_t reaps_ = 0;
  uint64_t empty_reaps_ = 0;  // in a row, that did not wait either
  uint64_t errors_ = 0;
  bool dead_ = false;
  bool dying_ = false;  // the call under way is the one that the power cut meets
  std::vector<std::string> locked_;
  std::vector<std::string> history_;
  std::string damaged_;
  std::string misuse_;
};

template <typename What>
int SimStorage::Count(double rate, const What& what) {
  now_ns_ += 1000;
  dying_ = false;
  if (dead_) return EIO;
  ++calls_;
  if (Chance(faults.clock_jump)) {
    skew_ns_ += static_cast<int64_t>(random_() % 7'200'000'000'000) - 3'600'000'000'000;
  }
  if (keep_history) history_.push_back(what());
  if (calls_ == faults.die_at_call) {
    dead_ = dying_ = true;
    Say("-- the power goes");
    return EIO;
  }
  if (calls_ == faults.fail_call || Chance(rate)) {
    ++errors_;
    Say("-- fails");
    return calls_ == faults.fail_call ? faults.fail_errno : EIO;
  }
  return 0;
}

}  // namespace stet::wal
