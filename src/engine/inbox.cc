// The queue in front of the loop.
#include "engine/inbox.h"

#include <iterator>
#include <utility>

namespace stet::engine {

bool Inbox::Post(Call call) {
  {
    MutexLock lock(mutex_);
    if (closed_) return false;
    calls_.push_back(std::move(call));
  }
  WakeIfAsleep();
  return true;
}

void Inbox::Push(std::unique_ptr<Attempt> ended) {
  // It leads back here: an attempt that nobody takes any more would keep the inbox, and the inbox it.
  ended->port = nullptr;
  MutexLock lock(mutex_);
  ended_.push_back(std::move(ended));
}

void Inbox::Notify() { WakeIfAsleep(); }

void Inbox::WakeIfAsleep() {
  // The wake is called under the lock: SetWake(nullptr) must not return while one is under way.
  MutexLock lock(mutex_);
  if (!asleep_ || !wake_ || (calls_.empty() && ended_.empty())) return;
  asleep_ = false;
  wake_();
}

void Inbox::SetWake(std::function<void()> wake) {
  MutexLock lock(mutex_);
  wake_ = std::move(wake);
}

bool Inbox::Drain(std::vector<Call>& calls, std::vector<std::unique_ptr<Attempt>>& ended) {
  MutexLock lock(mutex_);
  asleep_ = false;
  if (calls_.empty() && ended_.empty()) return false;
  if (calls.empty()) {
    calls.swap(calls_);
  } else {
    std::move(calls_.begin(), calls_.end(), std::back_inserter(calls));
    calls_.clear();
  }
  if (ended.empty()) {
    ended.swap(ended_);
  } else {
    std::move(ended_.begin(), ended_.end(), std::back_inserter(ended));
    ended_.clear();
  }
  return true;
}

bool Inbox::empty() {
  MutexLock lock(mutex_);
  return calls_.empty() && ended_.empty();
}

bool Inbox::PrepareSleep() {
  MutexLock lock(mutex_);
  if (!calls_.empty() || !ended_.empty()) return false;
  asleep_ = true;
  return true;
}

void Inbox::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
}

}  // namespace stet::engine
