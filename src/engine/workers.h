// The threads that run activities.
//
// There are as many threads as attempts may run at once, made when they are first needed.  Attempts
// and results travel in bulk: a burst wakes one thread, which wakes the next only while there is
// more to take, so that attempts shorter than a wake-up run on threads that are awake already.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <absl/time/time.h>

#include "engine/attempt.h"
#include "engine/bindings.h"
#include "engine/inbox.h"

namespace stet::engine {

// One thread calls it.
class Workers {
 public:
  // Results are pushed to `inbox`.  It is shared, as the activities and the state of the pool are: a
  // thread whose activity does not return outlives the engine, and must find them when it does.
  Workers(uint32_t threads_max, std::shared_ptr<Inbox> inbox,
          std::shared_ptr<const Activities> activities);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Queues the attempts; empties the vector.
  void Dispatch(std::vector<std::unique_ptr<Attempt>>& attempts);

  // Takes back what no thread has begun.
  std::vector<std::unique_ptr<Attempt>> Withdraw();

  // Waits at most `grace` for the threads to end.  Returns how many are still in an activity: they
  // are left to themselves.
  uint32_t Shutdown(absl::Duration grace);

  // Keeps `what` as long as any of the threads.
  void KeepAlive(std::shared_ptr<const void> what);

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace stet::engine
