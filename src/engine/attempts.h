// The attempts of this process: which run gets the next free worker, and what its report means.
//
// A slot is taken when the start of an attempt is decided, and free again when its activity has
// returned: an activity that ignores its timeout keeps its slot.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "core/effect.h"
#include "core/start_limits.h"
#include "core/why.h"
#include "engine/bindings.h"
#include "engine/ledger.h"
#include "engine/timers.h"
#include "engine/workers.h"

namespace stet::engine {

// Attempts that bring many recorded steps take the loop tens of microseconds each: so much of that in a turn, and the
// first ones are on their way, and their results in the log, before the last ones are looked at.
inline constexpr size_t kAttemptWorkPerTurn = 1024;
// A step is one.
inline size_t WorkOf(const Attempt& attempt) {
  return 1 + attempt.steps.size() + attempt.steps_recorded.load();
}

// The loop's thread owns it.
class Attempts {
 public:
  struct Options {
    uint32_t slots = 1;
    uint64_t output_bytes_max = 1 << 20;
    Clock* clock = SystemClock();  // what attempts sleep by
    core::StartLimits::Limits limits = {};
    core::BreakerPolicies breakers = {};
    absl::Duration cancel_grace = absl::InfiniteDuration();  // EngineOptions::cancel_grace
    absl::Duration ageing = absl::InfiniteDuration();        // EngineOptions::priority_ageing
    std::shared_ptr<ReportPort> port = {};
    std::shared_ptr<PayloadCodec> codec = {};  // EngineOptions::codec
  };

  // All but the options is kept.
  Attempts(Options options, Ledger* ledger, Timers* timers, Workers* workers,
           const Activities* activities);

  // Whether there is an activity of that number in the state.
  bool Knows(uint32_t activity);
  // Whether a run behind that gate may be given to a worker elsewhere now; it was given.
  bool MayLease(const core::StartGate& gate);
  core::Ageing ageing() const;
  void CountStart(uint32_t activity);
  // Whether a circuit breaker lets a run behind that gate start now.
  bool BreakerAllows(const core::StartGate& gate);
  // Starts ready runs whose activity is known while slots are free, and what waits and needs none.
  // True when it has left some of the latter for the next turn.
  bool StartReady();

  // When a run that a rate held up may start; InfiniteFuture if there is none.
  absl::Time next_start() const { return next_start_; }
  // What the limits say of the activity now; for explanations.
  core::RunnerFacts::Limited Limited(uint32_t activity);

  // A start was released: the activity may run.
  void Dispatch(const core::Effect& effect) { released_.push_back(effect); }
  // Hands to the workers what was dispatched, the first of it, and arms its timeouts.  False if there was nothing.
  bool HandOver();
  // Whether it has left something for the next turn.
  bool must_hand_over() const { return !released_.empty(); }

  // Tells the attempt to stop, if it still runs here.
  void Stop(const core::Token& token, StopReason reason);
  // Likewise, for a kStopAttempt; it is armed as a timer for when its grace is over.
  void Cancel(const core::Effect& effect);
  // The grace of that kStopAttempt is over.  False if it was refused, or the log has no room.
  bool GiveUpCancelled(const core::Effect& stop);

  // A kHeartbeatTimer is due: whether its activity was silent for too long.  If not, the next one is armed.
  bool MissesHeartbeat(const core::Effect& timer);

  // A worker has given back an attempt.  False if the log has no room for its result: then it is
  // kept, and Retry() tries again.
  void Finish(std::unique_ptr<Attempt> attempt);
  void Retry();

  // No start any more; all that runs is told to stop.
  void BeginClosing();
  // The log has failed: starts that it had not released will never be dispatched, and results can
  // not be recorded.  Only what really runs holds a slot from now on.
  void AfterFailure();
  // Records as interrupted what does not return.
  void GiveUp();

  // Whether the attempt is out, or its end waits to be recorded.
  bool Holds(const core::Token& token) const {
    return running_.contains(token.seq) ||
           std::any_of(released_.begin(), released_.end(),
                       [&](const core::Effect& effect) { return effect.token == token; }) ||
           std::any_of(unrecorded_.begin(), unrecorded_.end(),
                       [&](const auto& attempt) { return attempt->token == token; });
  }
  bool idle() const { return slots_taken_ == 0; }
  bool has_unrecorded() const { return !unrecorded_.empty(); }
  // At once.
  uint32_t slots() const { return std::min(options_.slots, workers_->threads_max()); }
  uint32_t slots_taken() const { return slots_taken_; }
  uint32_t zombies() const;
  uint64_t late_reports() const { return late_reports_; }

 private:
  std::unique_ptr<Attempt> Prepare(const core::Effect& effect, const core::Execution& execution);
  size_t Give(const core::Effect& effect);
  void GiveNotes(const core::RunNotes& notes, Attempt& attempt) const;
  bool Record(const Attempt& attempt);
  void Return(std::unique_ptr<Attempt> attempt, StopReason reason);

  bool BeginWaits();
  void ListenTo(Attempt& attempt, int64_t since_ns);
  bool MayStart(const core::StartGate& gate);
  int64_t SteadyNs() const;
  int64_t NowNs() const;

  const Options options_;
  Ledger* ledger_;
  Timers* timers_;
  Workers* workers_;
  Bindings bindings_;
  core::StartLimits limits_;
  absl::Time next_start_ = absl::InfiniteFuture();

  // By seq of the start; looked up only.
  absl::flat_hash_map<uint64_t, Attempt*> running_;
  std::deque<core::Effect> released_;  // dispatched, and not yet prepared
  std::vector<std::unique_ptr<Attempt>> dispatched_;
  std::vector<std::unique_ptr<Attempt>> unrecorded_;  // ended, and the log had no room
  std::vector<std::unique_ptr<Attempt>> spare_;       // to be used again
  uint32_t slots_taken_ = 0;
  uint64_t late_reports_ = 0;
  bool closing_ = false;
};

}  // namespace stet::engine
