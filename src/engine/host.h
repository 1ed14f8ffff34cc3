// The engine and its thread, from open to close; or the host's thread, which polls.
#pragma once

#include <memory>
#include <thread>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "base/mutex.h"
#include "engine/calls.h"
#include "engine/inbox.h"
#include "engine/machine.h"
#include "stet/engine.h"

namespace stet::engine {

// Validates the workflows, which it takes out of the options, and what else can be checked without the directory.
// Errors: InvalidArgument, with a Reason where a workflow is wrong.
absl::StatusOr<Catalog> MakeCatalog(EngineOptions& options);

// Thread-safe after Open, but for what says that it is for the polling thread: with Threads::kNone the
// one that called Open.
class Host {
 public:
  // `watch` sees every event of this opening; may be null.
  Host(EngineOptions options, Catalog catalog, Ledger::Observer watch = nullptr);
  ~Host();

  // Starts the thread, if there is to be one; returns when the new epoch is released.
  absl::Status Open();

  // Ends the loop and its thread.  Later calls return what the first one returned.
  absl::Status Close();

  // As if the process had died here: nothing is flushed or recorded.  Only without a thread of ours, on
  // the polling thread.
  void Abandon();

  // Runs `call` on the loop's thread.  False when the engine is closed.
  bool Post(Call call) { return inbox_->Post(std::move(call)); }

  // Waits for the answer.  On the polling thread it turns the loop meanwhile; inside an activity that
  // runs there, it starts no other.  Errors: those that were set; DeadlineExceeded.
  template <typename T>
  absl::StatusOr<T> Await(const ReplyPtr<T>& reply,
                          absl::Duration timeout = absl::InfiniteDuration()) {
    if (!OnPollingThread()) return reply->Take(timeout, options_.clock);
    const absl::Duration end = options_.clock->Monotonic() + timeout;
    while (!reply->ready()) {
      const absl::Duration left = end - options_.clock->Monotonic();
      if (left <= absl::ZeroDuration()) break;
      TurnOrWait(left);
    }
    return reply->Take(absl::ZeroDuration(), options_.clock);
  }

  // Behind those of Engine; for the polling thread.
  absl::Status Poll(absl::Duration max_wait);
  absl::StatusOr<absl::Duration> NextDeadline();
  absl::Status Maintain(absl::Duration budget);
  // OK where a call may wait for the loop: not in what the loop calls on the polling thread.
  absl::Status CheckMayAsk() const;
  // OK where it may wait for an execution to go on: nor inside an activity that runs there.
  absl::Status CheckMayWait() const;

  const EngineOptions& options() const { return options_; }
  Catalog& catalog() { return catalog_; }
  const EngineRecovery& recovery() const { return recovery_; }
  Machine* machine() { return machine_.get(); }  // for the polling thread

 private:
  void RunThread(const ReplyPtr<EngineRecovery>& opened);
  Machine::Parts MachineParts();
  absl::Status OpenHere();
  absl::Status CloseHere();
  bool OnPollingThread() const {
    return options_.threads == Threads::kNone && std::this_thread::get_id() == poller_;
  }
  absl::Status CheckPolling() const;
  void TurnOrWait(absl::Duration wait_max);
  void RunActivities();

  const EngineOptions options_;
  Catalog catalog_;
  const Ledger::Observer watch_;
  // Shared with worker threads: one whose activity does not return outlives us.
  const std::shared_ptr<const Activities> activities_;
  const std::shared_ptr<Inbox> inbox_;
  EngineRecovery recovery_;  // constant once open
  absl::Status ended_;       // how the loop ended; for whoever has joined the thread

  Mutex mutex_;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);

  // Threads::kNone.
  std::thread::id poller_;  // constant once open
  std::unique_ptr<Machine> machine_;
  bool turning_ = false;      // a turn is under way: what it calls back may not turn the loop
  bool in_activity_ = false;  // an activity runs on the polling thread
};

}  // namespace stet::engine
