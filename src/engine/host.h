// The loop's thread, from open to close.
#pragma once

#include <memory>
#include <optional>
#include <thread>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "base/mutex.h"
#include "engine/calls.h"
#include "engine/inbox.h"
#include "engine/opening.h"
#include "engine/snapshotter.h"
#include "stet/engine.h"

namespace stet::engine {

// Validates the workflows and what else can be checked without the directory.
// Errors: InvalidArgument, with a Reason where a workflow is wrong.
absl::StatusOr<Catalog> MakeCatalog(const EngineOptions& options);

// Thread-safe after Open.
class Host {
 public:
  Host(EngineOptions options, Catalog catalog);
  ~Host();

  // Starts the thread; returns when the new epoch is released.
  absl::Status Open();

  // Ends the loop and its thread.  Later calls return what the first one returned.
  absl::Status Close();

  // Runs `call` on the loop's thread.  False when the engine is closed.
  bool Post(Call call) { return inbox_->Post(std::move(call)); }

  const EngineOptions& options() const { return options_; }
  const Catalog& catalog() const { return catalog_; }
  const EngineRecovery& recovery() const { return recovery_; }

 private:
  void RunThread(const ReplyPtr<EngineRecovery>& opened);
  std::optional<Snapshotter> NewSnapshotter(Opening& opening) const;

  const EngineOptions options_;
  const Catalog catalog_;
  // Shared with worker threads: one whose activity does not return outlives us.
  const std::shared_ptr<const Activities> activities_;
  const std::shared_ptr<Inbox> inbox_;
  EngineRecovery recovery_;  // constant once open
  absl::Status ended_;       // how the loop ended; for whoever has joined the thread

  Mutex mutex_;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stet::engine
