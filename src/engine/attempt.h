// One attempt in the hands of a worker: all that the activity may ask, and how it ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "base/mutex.h"
#include "core/ref.h"
#include "stet/activity.h"
#include "stet/clock.h"
#include "stet/payload.h"

namespace stet::engine {

// Payloads are shared between the store, attempts and reports: whoever is last frees them.
using SharedPayload = std::shared_ptr<const Payload>;

struct Upstream {
  std::string_view task = {};  // its name; in the definition
  SharedPayload output = {};   // null: it has none
};

// Why an attempt was told to stop.
enum class StopReason : uint8_t { kNone, kCancelled, kTimedOut, kClosing };

// Made by the loop, run by one worker, given back to the loop.  While a worker has it the loop
// calls Stop() only.
class Attempt {
 public:
  // Who it is.
  core::RunRef run = {};
  core::Token token = {};
  uint64_t run_id = 0;
  uint32_t number = 0;   // 1 for the first
  int64_t timer_ns = 0;  // when its timeout is due, on the engine's clock; 0: never

  // What it is given.  The definition outlives it.
  const Activity* activity = nullptr;
  std::string execution_key = {};
  std::string_view task_name = {};
  std::string_view config = {};
  SharedPayload input = {};
  std::vector<Upstream> upstream = {};
  absl::Time deadline = absl::InfiniteFuture();  // on the wall clock
  Clock* clock = SystemClock();                  // SleepFor measures by it

  // How it ended; written by the worker before it gives the attempt back.
  absl::StatusOr<Payload> result = absl::StatusOr<Payload>();

  // Forgets the last attempt, keeping what memory it can.  For the loop, between two attempts.
  void Reset();

  // Makes cancelled() true and ends SleepFor.  The first reason stays.  Thread-safe.
  void Stop(StopReason reason);
  StopReason stopped() const { return stop_.load(std::memory_order_acquire); }

  // Waits for `duration` or for Stop(); true if it was not stopped.
  bool SleepFor(absl::Duration duration);

 private:
  std::atomic<StopReason> stop_ = StopReason::kNone;
  Mutex mutex_;
  Condition changed_;
};

}  // namespace stet::engine
