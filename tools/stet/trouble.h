// What keeps stet from running commands at all: a full disk, no process or descriptor to be had.
//
// It is no task's failure.  The attempts that meet it are held until stet closes, which records them as interrupted: no budget is
// used up, and the same command goes on when there are means again.
#pragma once

#include <mutex>
#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <stet/activity.h>

namespace stet::cli {

// `failure` as one of stet's own.
absl::Status OwnFailure(const absl::Status& failure);
bool IsOwnFailure(const absl::Status& failure);

template <typename T>
absl::StatusOr<T> OrOwnFailure(absl::StatusOr<T> value) {
  if (value.ok()) return value;
  return OwnFailure(value.status());
}

// The first failure of stet's own.  Thread-safe.
class Trouble {
 public:
  // Remembers `failure`, and returns when the attempt is told to stop.
  absl::StatusOr<Payload> Hold(const absl::Status& failure, ActivityContext& context);

  // OK while there is none.  The error ends stet with exit status 4 and says what to do.
  absl::Status Check() const;

 private:
  mutable std::mutex mutex_;
  absl::Status first_;
};

}  // namespace stet::cli
