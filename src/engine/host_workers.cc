// Attempts as closures.
#include "engine/host_workers.h"

#include <atomic>
#include <utility>

namespace stet::engine {

struct HostWorkers::Shared {
  std::shared_ptr<Inbox> inbox = nullptr;
  std::shared_ptr<const Activities> activities = nullptr;  // what Attempt::activity points into
  std::atomic<uint32_t> out = 0;                           // closures that have not ended
  Mutex mutex = {};
  std::shared_ptr<const void> kept ABSL_GUARDED_BY(mutex) = nullptr;
};

namespace {

// What a closure holds: comes back when it has run, or when the host lets go of it.
class Errand {
 public:
  Errand(std::shared_ptr<HostWorkers::Shared> shared, std::unique_ptr<Attempt> attempt)
      : shared_(std::move(shared)), attempt_(std::move(attempt)) {}
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;
  ~Errand() {
    if (attempt_ == nullptr) return;
    attempt_->result = absl::UnavailableError("the host's executor let go of the attempt");
    Return();
  }

  void Run() {
    if (attempt_ == nullptr) return;
    attempt_->result = attempt_->stopped() == StopReason::kNone
                           ? RunActivity(*attempt_)
                           : absl::CancelledError("stopped before it began");
    Return();
  }

 private:
  void Return() {
    shared_->inbox->Push(std::move(attempt_));
    --shared_->out;
    shared_->inbox->Notify();
  }

  const std::shared_ptr<HostWorkers::Shared> shared_;
  std::unique_ptr<Attempt> attempt_;
};

}  // namespace

HostWorkers::HostWorkers(uint32_t at_once, Executor executor, std::shared_ptr<Inbox> inbox,
                         std::shared_ptr<const Activities> activities)
    : at_once_(at_once), executor_(std::move(executor)), shared_(std::make_shared<Shared>()) {
  shared_->inbox = std::move(inbox);
  shared_->activities = std::move(activities);
}

void HostWorkers::Dispatch(std::vector<std::unique_ptr<Attempt>>& attempts) {
  for (std::unique_ptr<Attempt>& attempt : attempts) {
    ++shared_->out;
    auto errand = std::make_shared<Errand>(shared_, std::move(attempt));
    try {
      executor_([errand = std::move(errand)] { errand->Run(); });
    } catch (...) {
      // It has let go of the closure: the attempt has come back by itself.
    }
  }
  attempts.clear();
}

uint32_t HostWorkers::Shutdown(absl::Duration /*grace*/) { return shared_->out; }

void HostWorkers::KeepAlive(std::shared_ptr<const void> what) {
  MutexLock lock(shared_->mutex);
  shared_->kept = std::move(what);
}

}  // namespace stet::engine
