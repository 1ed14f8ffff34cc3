// The threads that run activities.
//
// There are as many threads as attempts may run at once: the first is made at the start, the others
// when they are first needed.  Where the system gives no more, those that there are do the work.  Attempts
// and results travel in bulk: a burst wakes one thread, which wakes the next only while there is
// more to take, so that attempts shorter than a wake-up run on threads that are awake already.
#pragma once

#include <system_error>

#include "engine/bindings.h"
#include "engine/workers.h"

namespace stet::engine {

// The error of one who could not make a thread: says what to do.
absl::Status NoThread(std::string_view whose, const std::system_error& error);

class WorkerPool final : public Workers {
 public:
  // Results are pushed to `inbox`.  It is shared, as the activities and the state of the pool are: a
  // thread whose activity does not return outlives the engine, and must find them when it does.
  WorkerPool(uint32_t threads_max, std::shared_ptr<Inbox> inbox,
             std::shared_ptr<const Activities> activities);
  ~WorkerPool() override;

  // Makes the first thread.  `note` is told when a later one cannot be made.
  absl::Status Start(std::function<void(std::string_view)> note) override;
  // Fewer than asked for once a thread could not be made.
  uint32_t threads_max() const override;
  void Dispatch(std::vector<std::unique_ptr<Attempt>>& attempts) override;
  std::vector<std::unique_ptr<Attempt>> Withdraw() override;
  uint32_t Shutdown(absl::Duration grace) override;
  void KeepAlive(std::shared_ptr<const void> what) override;

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace stet::engine
