// The loop: the one thread that changes State, drives the log and starts attempts.
//
//   calls, results, timers  ->  commands  ->  log  ->  (released)  ->  replies, attempts, timers
//
// Each turn takes in all that has arrived, as far as that is done quickly, so that a busy loop makes large
// batches by itself, and blocks in the log when no progress is possible.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/attempts.h"
#include "engine/children.h"
#include "engine/doorbell.h"
#include "engine/inbox.h"
#include "engine/ledger.h"
#include "engine/logger.h"
#include "engine/retention.h"
#include "engine/schedules.h"
#include "engine/timers.h"
#include "engine/waiters.h"
#include "stet/clock.h"
#include "stet/why.h"

namespace stet::engine {

class Snapshotter;

// All of it is for one thread; others post calls to its inbox.
class Sequencer {
 public:
  struct Parts {
    Ledger* ledger = nullptr;
    Inbox* inbox = nullptr;
    Workers* workers = nullptr;
    const Activities* activities = nullptr;
    Clock* clock = SystemClock();
    Attempts::Options attempts = {};
    Retention retention = {};
    Catalog* catalog = nullptr;
    Limits limits = {};
    bool execute = true;
    Snapshotter* snapshotter = nullptr;  // null: there is no log
    bool snapshots_in_turns = true;      // false: only when somebody asks
    OnLog on_log = nullptr;
    std::function<void()> on_wake = nullptr;  // told with every wake-up, once the log has failed
  };
  explicit Sequencer(const Parts& parts);

  // Queues what the replayed state asks for.
  void Resume();

  // Turns until Close has been called and all that runs has ended, or its grace has passed; then
  // ends the log.  Every caller has been answered when it returns.
  absl::Status Run();

  // One turn: takes in what has arrived, fires timers, starts what may start, drives the log and does
  // what it has released.  False if there was nothing to do.
  bool Turn();
  // Waits for the log, a timer or the inbox, at most `wait_max`.
  void Block(absl::Duration wait_max);
  // How long nothing is to be done unless something arrives.  Zero while the log owes an answer.
  absl::Duration UntilDue();

  // Calls of the API (through the inbox).
  void Close(absl::Duration grace);
  Ledger& ledger() { return ledger_; }
  Waiters& waiters() { return waiters_; }
  Attempts& attempts() { return attempts_; }
  const Attempts& attempts() const { return attempts_; }
  const Timers& timers() const { return timers_; }
  const Children& children() const { return children_; }
  // Whether the next part of cut work of the execution comes with the next turn.
  bool WillContinue(uint64_t execution) const {
    return std::find(backlog_.begin(), backlog_.end(), execution) != backlog_.end();
  }
  Snapshotter* snapshotter() { return snapshotter_; }  // null for a memory engine
  // Why the execution is not further.
  WhyReport Explain(const core::Execution& execution, size_t tasks_max);

 private:
  bool TakeIn();
  bool FinishEnded();
  void FireTimers();
  bool FireTimer(const core::Effect& timer);
  bool RunReleased();
  void RunEffect(uint64_t seq, const core::Effect& effect);
  void AnswerEnded(uint64_t seq, uint64_t execution);
  void ActOnFailure();
  void TellRoom();
  absl::Duration UntilTimer() const;
  bool Done() const;
  absl::Status Finish();

  Ledger& ledger_;
  Inbox& inbox_;
  Timers timers_;
  Attempts attempts_;
  Waiters waiters_;
  RetentionRules retention_;
  Children children_;
  ScheduleRules schedules_;
  Clock* clock_;
  bool execute_;
  Snapshotter* snapshotter_;
  const bool snapshots_in_turns_;
  const std::function<void()> on_wake_;
  const Logger log_;
  bool room_told_ = false;  // that there is none

  bool closing_ = false;
  absl::Duration close_by_ = absl::InfiniteDuration();  // on the steady clock
  bool failed_ = false;                                 // the log's failure has been acted upon
  Doorbell bell_;                                       // for waiting without a log
  // Work that was cut, one entry per execution; continued a part per turn.
  std::vector<uint64_t> backlog_;

  // Reused from turn to turn.
  std::vector<Call> calls_;
  std::vector<std::unique_ptr<Attempt>> ended_;  // those that a turn leaves are the next one's
};

}  // namespace stet::engine
