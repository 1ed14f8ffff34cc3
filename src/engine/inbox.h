// What other threads hand to the loop: calls of the API and attempts that have ended.
//
// One lock, drained in bulk.  Pushing and waking are apart, so that a worker that runs a thousand
// short attempts wakes the loop once.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/any_invocable.h>

#include "base/mutex.h"
#include "engine/attempt.h"

namespace stet::engine {

class Sequencer;

// Runs on the loop's thread.
using Call = absl::AnyInvocable<void(Sequencer&)>;

// Thread-safe.
class Inbox {
 public:
  // Queues `call` and wakes the loop.  False once the inbox is closed: the call is dropped.
  bool Post(Call call);

  // Queues an attempt that has ended; Notify() must follow, from any thread.
  void Push(std::unique_ptr<Attempt> ended);

  // Wakes the loop if something is queued and it sleeps.
  void Notify();

  // The loop's side.  `wake` is called from any thread; null: nobody sleeps any more.
  void SetWake(std::function<void()> wake);

  // Moves all that is queued to the ends of the two vectors.  False if there was nothing.
  bool Drain(std::vector<Call>& calls, std::vector<std::unique_ptr<Attempt>>& ended);

  bool empty();

  // To be called before the loop blocks.  False if something is queued: it must not block.  Then
  // every push is followed by a wake, until the next Drain.
  bool PrepareSleep();

  // No call is accepted any more.  Ended attempts still are: a zombie may return at any time.
  void Close();

 private:
  void WakeIfAsleep() ABSL_LOCKS_EXCLUDED(mutex_);

  Mutex mutex_;
  std::vector<Call> calls_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Attempt>> ended_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> wake_ ABSL_GUARDED_BY(mutex_);
  bool asleep_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace stet::engine
