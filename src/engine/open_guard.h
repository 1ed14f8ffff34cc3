// DIRECTORY/OPEN_FAILURES: how often in a row opening has failed at one event, or before any was replayed.
//
// Whoever starts the process again at once, for ever, would read the whole log each time and fail at the same
// place.  So those that follow wait, longer each time, and say what they wait for.  Only an opening that came to
// its end with an error counts: a process that was killed has written nothing.  The first that succeeds removes
// the file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "stet/wal/storage.h"

namespace stet::engine {

// Puts the event at which replay failed into `status`, and finds it again; 0: none is named.
absl::Status FailedAt(uint64_t seq, absl::Status status);
uint64_t FailedSeq(const absl::Status& status);

class OpenGuard {
 public:
  // What the directory tells; nothing if it tells nothing.  `storage` must outlive it.
  OpenGuard(wal::Storage& storage, std::string directory);

  // So many opens in a row have failed at one event.
  uint32_t count() const { return count_; }
  uint64_t seq() const { return seq_; }

  // How long the next one has to wait: nothing for the first few, then twice as long each time, up to a
  // minute, from the last failure on.
  absl::Duration Delay(absl::Time now) const;

  // Waits that long, but at most `pause_max`, and says so before.
  void SlowDown(absl::Time now, absl::Duration pause_max,
                const std::function<void(std::string_view)>& note) const;

  // Notes how it went.  Never fails: what cannot be written is not worth more than the failure itself.
  // Returns `status`, and with it how often it has failed, if that was more than once.
  absl::Status Took(absl::Status status, absl::Time now);

 private:
  wal::Storage& storage_;
  const std::string directory_;
  bool there_ = false;  // the file is
  uint64_t seq_ = 0;
  uint32_t count_ = 0;
  int64_t last_ns_ = 0;  // wall time
};

}  // namespace stet::engine
