// The threads that run activities.
//
// There are as many threads as attempts may run at once: the first is made at the start, the others
// when they are first needed.  Where the system gives no more, those that there are do the work.  Attempts
// and results travel in bulk: a burst wakes one thread, which wakes the next only while there is
// more to take, so that attempts shorter than a wake-up run on threads that are awake already.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "engine/attempt.h"
#include "engine/bindings.h"
#include "engine/inbox.h"

namespace stet::engine {

// The error of one who could not make a thread: says what to do.
absl::Status NoThread(std::string_view whose, const std::system_error& error);

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

  // Makes the first thread.  `note` is told, from any thread, when a later one cannot be made.
  // Errors: ResourceExhausted when there is no thread to be had: nothing would ever run.
  absl::Status Start(std::function<void(std::string_view)> note);

  // How many attempts can run at once: fewer than asked for once a thread could not be made.
  uint32_t threads_max() const;

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
