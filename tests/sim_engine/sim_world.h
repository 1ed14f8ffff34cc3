// What surrounds a simulated engine: a clock that follows the disk's, and workers that are late or never come back.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "stet/clock.h"
#include "stet/engine.h"
#include "tests/sim/sim_storage.h"
#include "tests/sim_engine/plan.h"

namespace stet::sim {

// Time passes with the calls and waits of the storage of the life under way, and goes on in the next.
class SimClock final : public Clock {
 public:
  absl::Time Wall() override { return absl::FromUnixNanos(storage_->WallNanos()) + skew_; }
  absl::Duration Monotonic() override { return absl::Nanoseconds(storage_->MonotonicNanos()); }

  // `storage` goes on where the last one stood, and `pause` later.
  void Use(wal::SimStorage* storage, absl::Duration pause) {
    const int64_t now = storage_ == nullptr ? 0 : storage_->MonotonicNanos();
    storage_ = storage;
    storage->Advance(now + absl::ToInt64Nanoseconds(pause));
  }
  void Jump(absl::Duration by) { skew_ += by; }

 private:
  wal::SimStorage* storage_ = nullptr;
  absl::Duration skew_ = absl::ZeroDuration();
};

// The executor: holds closures, and runs them when the story says so.
class SimWorkers {
 public:
  explicit SimWorkers(uint64_t seed) : random_(seed ^ 0x77) {}

  // What is handed out is stamped with `now`, and with how far the log was durable then.
  Executor executor(std::function<int64_t()> now, std::function<uint64_t()> durable);

  // Runs one that is due at `now`, the first of them; false if there is none.
  bool RunDue(int64_t now);
  // Likewise one that would never report.
  bool RunLost();
  // When the next one is due; INT64_MAX if there is none.
  int64_t next() const;
  // The process has died: what it had handed out may still run, and matters to nobody.
  void Strand();
  bool RunStranded();

  // Of the closure that runs now.
  uint64_t durable() const { return current_durable_; }
  bool stranded() const { return current_stranded_; }

 private:
  struct Errand {
    std::function<void()> run = nullptr;
    int64_t due = 0;
    uint64_t durable = 0;
  };
  int64_t DrawDue(int64_t now);
  void Run(std::vector<Errand>& from, size_t index, bool stranded);

  Random random_;
  std::vector<Errand> errands_;
  std::vector<Errand> stranded_;
  uint64_t current_durable_ = 0;
  bool current_stranded_ = false;
};

}  // namespace stet::sim
