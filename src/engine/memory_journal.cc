// The journal of an engine without a directory.
#include <algorithm>
#include <chrono>

#include "base/mutex.h"
#include "engine/journal.h"

namespace stet::engine {
namespace {

class MemoryJournal final : public Journal {
 public:
  absl::Status Admit(std::span<const wal::NewRecord>) override { return absl::OkStatus(); }

  absl::Status Append(std::span<const wal::NewRecord> group, uint64_t) override {
    next_seq_ += group.size();
    return absl::OkStatus();
  }

  absl::Status Poll(absl::Duration wait_max) override {
    if (wait_max <= absl::ZeroDuration()) return absl::OkStatus();
    const absl::Duration wait = std::min(wait_max, absl::Hours(1));
    MutexLock lock(mutex_);
    if (!woken_) wake_.WaitFor(mutex_, absl::ToChronoNanoseconds(wait));
    woken_ = false;
    return absl::OkStatus();
  }

  void Wake() override {
    MutexLock lock(mutex_);
    woken_ = true;
    wake_.NotifyOne();
  }

  uint64_t released() const override { return next_seq_ - 1; }
  uint64_t next_seq() const override { return next_seq_; }
  uint32_t epoch() const override { return 1; }
  absl::Status Close() override { return absl::OkStatus(); }

 private:
  uint64_t next_seq_ = 1;
  Mutex mutex_;
  Condition wake_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<Journal> NewMemoryJournal() {
  return std::make_unique<MemoryJournal>();
}

}  // namespace stet::engine
