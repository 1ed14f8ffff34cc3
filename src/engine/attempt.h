// One attempt in the hands of a worker: all that the activity may ask, and how it ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "base/mutex.h"
#include "core/ref.h"
#include "core/run_notes.h"
#include "core/task_extra.h"
#include "engine/report_port.h"
#include "stet/activity.h"
#include "stet/clock.h"
#include "stet/codec.h"
#include "stet/payload.h"

namespace stet::engine {

// Payloads are shared between the store, attempts and reports: whoever is last frees them.
using SharedPayload = std::shared_ptr<const Payload>;

struct Upstream {
  std::string_view task = {};  // its name; in the definition
  SharedPayload output = {};   // null: it has none
};

// Why an attempt was told to stop.
enum class StopReason : uint8_t {
  kNone,
  kCancelled,
  kDisowned,  // it timed out, or ignored a cancellation: it does not own its run any more
  kClosing
};

// Made by the loop, run by one worker, given back to the loop.  While a worker has it the loop
// calls Stop() only.
class Attempt {
 public:
  // Who it is.
  core::RunRef run = {};
  core::Token token = {};
  uint64_t run_id = 0;
  uint32_t nth_run = 1;        // which run of its task it is
  uint32_t number = 0;         // 1 for the first
  int64_t timer_ns = 0;        // when its timeout is due, on the engine's clock; 0: never
  int64_t grace_ns = 0;        // cancelled: when it is given up, likewise
  int64_t silence_ns = 0;      // when it is looked whether its activity was heard of, likewise
  int64_t heartbeat_ns = 0;    // for so long its activity may be silent; 0: for ever
  int64_t handed_over_ns = 0;  // on the steady clock
  CodeSet non_retryable = {};  // of its task

  // What it is given.  The definition outlives it.
  const Activity* activity = nullptr;
  std::string execution_key = {};
  std::string_view task_name = {};
  std::string_view config = {};
  const core::TaskExtra* extra = nullptr;  // null for most
  SharedPayload input = {};
  SharedPayload signal = {};  // that an event task waited for; null: it is none
  std::vector<Upstream> upstream = {};
  absl::Time deadline = absl::InfiniteFuture();  // on the wall clock
  Clock* clock = SystemClock();                  // SleepFor measures by it
  std::shared_ptr<ReportPort> port = {};         // null: nothing can be recorded
  // What the attempts before it recorded.
  core::StepMap<SharedPayload> steps = {};
  SharedPayload checkpoint = {};             // null: there is none
  SharedPayload state = {};                  // of a stateful task; null: there is none
  std::atomic<uint32_t> steps_recorded = 0;  // by this one

  // Of the host's payloads; null: there is none.  Shared: an attempt may outlive its engine.
  std::shared_ptr<PayloadCodec> codec = {};

  // How it ended; written by the worker before it gives the attempt back.
  absl::StatusOr<Payload> result = absl::StatusOr<Payload>();
  std::optional<Payload> stored =
      std::nullopt;  // what is recorded of its output, unless that itself

  // Forgets the last attempt, keeping what memory it can.  For the loop, between two attempts.
  void Reset();

  // Makes cancelled() true and ends SleepFor.  The first reason stays, unless it is disowned.  Thread-safe.
  void Stop(StopReason reason);
  StopReason stopped() const { return stop_.load(std::memory_order_acquire); }

  // Waits for `duration` or for Stop(); true if it was not stopped.
  bool SleepFor(absl::Duration duration);

  // It is alive, says its activity.
  void Beat() { beat_ns_.store(absl::ToInt64Nanoseconds(clock->Monotonic())); }
  // When it said so last, on the steady clock; 0: never.
  int64_t beat_ns() const { return beat_ns_.load(); }

  // The number that the next step of this name gets; one that was not recorded gives it back.  Thread-safe.
  uint32_t TakeOccurrence(std::string_view name);
  void GiveBackOccurrence(std::string_view name, uint32_t occurrence);

  // The state that its success is to leave; the last one counts.  Thread-safe.
  void SaveState(Payload next);
  std::optional<Payload> saved_state() const;

 private:
  std::atomic<StopReason> stop_ = StopReason::kNone;
  std::atomic<int64_t> beat_ns_ = 0;
  std::atomic<bool> has_steps_ = false;  // occurrences_ may hold something
  mutable Mutex mutex_;
  Condition changed_;
  std::map<std::string, uint32_t, std::less<>> occurrences_ ABSL_GUARDED_BY(mutex_);  // taken
  std::atomic<bool> saves_state_ = false;  // saved_ is set
  Payload saved_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stet::engine
