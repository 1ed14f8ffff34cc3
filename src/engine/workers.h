// What runs activities: threads of ours, the host's, or the one that calls Poll.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "engine/attempt.h"
#include "engine/inbox.h"

namespace stet::engine {

// The loop's thread calls it.  What has been run is pushed to the inbox, from any thread.
class Workers {
 public:
  Workers() = default;
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  virtual ~Workers() = default;

  // Makes what has to be there before the first attempt.  `note` may be told of trouble later, from
  // any thread.
  // Errors: ResourceExhausted when nothing would ever run.
  virtual absl::Status Start(std::function<void(std::string_view)> note) = 0;

  // How many attempts can run at once.
  virtual uint32_t threads_max() const = 0;

  // Queues the attempts; empties the vector.
  virtual void Dispatch(std::vector<std::unique_ptr<Attempt>>& attempts) = 0;

  // Takes back what has not begun, as far as that can be told.
  virtual std::vector<std::unique_ptr<Attempt>> Withdraw() = 0;

  // Nothing will be dispatched any more.  Waits at most `grace` for threads of ours.  Returns how many
  // attempts are still out: they are left to themselves.
  virtual uint32_t Shutdown(absl::Duration grace) = 0;

  // Keeps `what` as long as anything that is still out.
  virtual void KeepAlive(std::shared_ptr<const void> what) = 0;

  // Runs the next attempt on the calling thread, if that is how they are run.  False if there is none.
  virtual bool RunNext() { return false; }
  virtual bool HasNext() const { return false; }
};

// Calls the activity.  The one place where exceptions of user code are caught.
absl::StatusOr<Payload> RunActivity(Attempt& attempt);

}  // namespace stet::engine
