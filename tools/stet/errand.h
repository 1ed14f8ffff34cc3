// An operation that takes long, on a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <absl/status/statusor.h>

namespace stet::cli {

// Made, asked and destroyed by one thread.
class Errand {
 public:
  // Begins `work`; calls `done` on the other thread when it has ended.  Errors: ResourceExhausted for no
  // thread.
  static absl::StatusOr<std::unique_ptr<Errand>> Start(std::function<std::string()> work,
                                                       std::function<void()> done);
  // Waits for the end of it.
  ~Errand();

  bool ended() const { return ended_.load(std::memory_order_acquire); }

  // What the work returned; waits for it.
  std::string Take();

 private:
  Errand() = default;

  std::atomic<bool> ended_ = false;
  std::string answer_;
  std::thread thread_;
};

}  // namespace stet::cli
