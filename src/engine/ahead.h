// Items that are made on a thread of their own, ahead of their use.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace stet::engine {

// Used by one thread.  Whoever waits for whom sleeps.
template <class Item>
class Ahead {
 public:
  // Makes the next item in `item`, in place of whatever it holds; false behind the last one.
  using Make = std::function<bool(Item& item)>;

  // At most `items_max` wait for their use; 0, or no thread to be had: each is made when it is asked for,
  // by who asks.
  Ahead(Make make, size_t items_max) : make_(std::move(make)), items_max_(items_max) {
    if (items_max_ == 0) return;
    try {
      thread_ = std::thread([this] { Run(); });
    } catch (const std::system_error&) {
      items_max_ = 0;
    }
  }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  // Waits for the item that is being made.
  ~Ahead() {
    if (!thread_.joinable()) return;
    {
      const MutexLock lock(mutex_);
      stop_ = true;
    }
    changed_.NotifyAll();
    thread_.join();
  }

  // Stays until the next call, which gives what it holds back to the maker: memory is used again.  Null
  // behind the last one.
  Item* Next() {
    if (items_max_ == 0) return make_(current_) ? &current_ : nullptr;
    {
      const MutexLock lock(mutex_);
      used_.push_back(std::move(current_));
      while (items_.empty() && !ended_) changed_.Wait(mutex_);
      if (items_.empty()) return nullptr;
      current_ = std::move(items_.front());
      items_.pop_front();
    }
    changed_.NotifyAll();
    return &current_;
  }

 private:
  void Run() {
    for (Item item;;) {
      const bool made = make_(item);
      const MutexLock lock(mutex_);
      while (items_.size() >= items_max_ && !stop_) changed_.Wait(mutex_);
      if (made) items_.push_back(std::move(item));
      ended_ = !made;
      changed_.NotifyAll();
      if (ended_ || stop_) return;
      item = Item();
      if (used_.empty()) continue;
      item = std::move(used_.back());
      used_.pop_back();
    }
  }

  const Make make_;
  size_t items_max_;
  Item current_ = {};
  Mutex mutex_;
  Condition changed_;
  std::deque<Item> items_ ABSL_GUARDED_BY(mutex_);
  std::vector<Item> used_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // reads all above
};

}  // namespace stet::engine
