// One turn after another.
#include "engine/sequencer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/outstanding.h"
#include "core/refusal.h"
#include "core/why.h"
#include "engine/reports.h"
#include "engine/snapshotter.h"

namespace stet::engine {
namespace {

// How long to wait before the log is asked again for room.
constexpr absl::Duration kRoomPause = absl::Milliseconds(100);
constexpr absl::Duration kBlockMax = absl::Minutes(10);
constexpr int kFiresPerTurn = 1024;
// Deciding so many takes about as long as the disk takes for a batch.
constexpr size_t kFinishedPerTurn = 32;

// The timer that a kWaitEnded is about.
core::Effect ForgottenTimer(core::Effect ended) {
  ended.kind = core::Effect::Kind::kWaitTimer;
  return ended;
}

// Whether a worker elsewhere has that attempt.
bool IsLeased(const core::State& state, const core::Effect& effect) {
  const core::Execution* execution = state.FindExecution(effect.execution);
  return execution != nullptr && execution->notes.LeaseOf(effect.task) != nullptr &&
         execution->tasks[effect.task].token() == effect.token;
}

}  // namespace

Sequencer::Sequencer(const Parts& parts)
    : ledger_(*parts.ledger),
      inbox_(*parts.inbox),
      attempts_(parts.attempts, parts.ledger, &timers_, parts.workers, parts.activities),
      retention_(parts.retention, parts.ledger),
      children_(parts.ledger, parts.catalog, parts.limits, parts.attempts.codec),
      schedules_(parts.ledger, parts.limits, parts.attempts.codec),
      clock_(parts.clock),
      execute_(parts.execute),
      snapshotter_(parts.snapshotter),
      snapshots_in_turns_(parts.snapshots_in_turns),
      on_wake_(parts.on_wake),
      log_(parts.on_log) {}

void Sequencer::Resume() {
  for (const core::Effect& effect : core::Outstanding(ledger_.state())) {
    ledger_.outbox().Add(ledger_.state().seq(), effect);
  }
}

absl::Status Sequencer::Run() {
  while (!Done()) {
    if (!Turn()) Block(kBlockMax);
  }
  return Finish();
}

bool Sequencer::Turn() {
  bool progress = TakeIn();
  if (!ledger_.out_of_room()) FireTimers();
  if (execute_ && !ledger_.out_of_room()) progress |= attempts_.StartReady();
  if (!ledger_.Poll(absl::ZeroDuration())) ActOnFailure();
  progress |= RunReleased();
  TellRoom();
  if (snapshots_in_turns_ && snapshotter_ != nullptr && !failed_) snapshotter_->Consider();
  if (execute_ && !closing_ && !failed_) {
    progress |= retention_.Run();
    progress |= schedules_.Run();
  }
  return progress;
}

// Calls, results, and the next part of cut work.  False if there was nothing.
bool Sequencer::TakeIn() {
  bool progress = inbox_.Drain(calls_, ended_);
  ledger_.Tick();
  if (ledger_.out_of_room()) ledger_.TryAgain();
  for (Call& call : calls_) call(*this);
  calls_.clear();
  if (attempts_.has_unrecorded()) attempts_.Retry();
  if (!closing_ && !failed_) progress |= children_.Retry();
  progress |= FinishEnded();

  std::vector<uint64_t> backlog;
  backlog.swap(backlog_);
  for (const uint64_t execution : backlog) {
    if (!core::HasBacklog(ledger_.state(), execution)) continue;
    progress |= ledger_.Execute(core::Continue{.execution = execution}).ok();
    backlog_.push_back(execution);
  }
  return progress;
}

// Of many a part: the disk gets what is decided so far while the rest is.  False if there was none.
bool Sequencer::FinishEnded() {
  const size_t part = std::min(ended_.size(), std::max(kFinishedPerTurn, ended_.size() / 4));
  size_t done = 0;
  for (size_t work = 0; done < part && work < kAttemptWorkPerTurn; ++done) {
    work += WorkOf(*ended_[done]);
    attempts_.Finish(std::move(ended_[done]));
  }
  ended_.erase(ended_.begin(), ended_.begin() + static_cast<std::ptrdiff_t>(done));
  return done > 0;
}

void Sequencer::FireTimers() {
  if (!execute_ || closing_ || failed_) return;
  // Many may be due at once: others have their turn in between.
  for (int fired = 0; fired < kFiresPerTurn; ++fired) {
    const core::Effect* due = timers_.Due(ledger_.now());
    if (due == nullptr) return;
    const core::Effect timer = *due;
    if (!FireTimer(timer)) return;
    timers_.Disarm(timer);
  }
}

// False if the log has no room.  Other refusals mean that the timer's time has passed in another
// way: the attempt ended, the execution was cancelled.
bool Sequencer::FireTimer(const core::Effect& timer) {
  using Kind = core::Effect::Kind;
  const core::RunRef run = {.execution = timer.execution, .task = timer.task};
  const auto settled = [this](const absl::Status& status) {
    return status.ok() || !ledger_.out_of_room();
  };
  if (timer.kind == Kind::kWaitTimer) {
    return settled(ledger_.Execute(core::EndWait{.run = run, .token = timer.token}).status());
  }
  if (timer.kind == Kind::kStartTimer) {
    return settled(ledger_.Execute(core::Begin{.execution = timer.execution}).status());
  }
  if (timer.kind == Kind::kRetryTimer) {
    return settled(ledger_.Execute(core::WakeRetry{.run = run}).status());
  }
  if (timer.kind == Kind::kLeaseTimer) {
    return settled(ledger_.Execute(core::ExpireLease{.run = run, .token = timer.token}).status());
  }
  if (timer.kind == Kind::kRunTimer) {
    return settled(ledger_.Execute(core::TimeoutRun{.run = run}).status());
  }
  const bool heartbeat = timer.kind == Kind::kHeartbeatTimer;
  if (heartbeat && !attempts_.MissesHeartbeat(timer)) return true;
  const core::TimeoutAttempt timeout = {.run = run, .token = timer.token, .heartbeat = heartbeat};
  const bool given_up = timer.kind == Kind::kStopAttempt ? attempts_.GiveUpCancelled(timer)
                                                         : ledger_.Execute(timeout).ok();
  if (!given_up) return !ledger_.out_of_room();
  ledger_.AnswerWhenReleased([this, token = timer.token](const absl::Status&) {
    attempts_.Stop(token, StopReason::kDisowned);
  });
  return true;
}

void Sequencer::ActOnFailure() {
  if (failed_) return;
  failed_ = true;
  log_.Say(LogLevel::kError, "the log has failed", {{"status", ledger_.failure().ToString()}});
  // From now on nobody waits in the log.
  inbox_.SetWake([this] {
    bell_.Ring();
    if (on_wake_) on_wake_();
  });
  waiters_.FailAll(ledger_.failure());
  attempts_.AfterFailure();
}

// Once when the disk is full, once when it is not any more.
void Sequencer::TellRoom() {
  if (ledger_.room().ok() == !room_told_) return;
  room_told_ = !room_told_;
  if (room_told_) {
    log_.Say(LogLevel::kWarning, "the log has no room", {{"status", ledger_.room().ToString()}});
  } else {
    log_.Say(LogLevel::kInfo, "the log has room again");
  }
}

// Effects and replies whose events are released.  False if there were none.
bool Sequencer::RunReleased() {
  bool progress = false;
  Outbox& outbox = ledger_.outbox();
  ledger_.meter().Released(ledger_.journal().released(), ledger_.time().monotonic());
  while (outbox.HasReleased(ledger_.journal().released())) {
    auto [seq, item] = outbox.Take();
    if (const core::Effect* effect = std::get_if<core::Effect>(&item)) {
      RunEffect(seq, *effect);
    } else {
      std::get<Answer>(item)(absl::OkStatus());
    }
    progress = true;
  }
  return attempts_.HandOver() || progress;
}

void Sequencer::RunEffect(uint64_t seq, const core::Effect& effect) {
  switch (effect.kind) {
    case core::Effect::Kind::kDispatchAttempt:
      return attempts_.Dispatch(effect);
    case core::Effect::Kind::kStopAttempt:
      return attempts_.Cancel(effect);
    case core::Effect::Kind::kAttemptTimer:
      // That of a thread here is armed with the dispatch.
      if (IsLeased(ledger_.state(), effect)) timers_.Arm(effect);
      return;
    case core::Effect::Kind::kHeartbeatTimer:
      return;  // Armed with the dispatch; no event asks for one.
    case core::Effect::Kind::kRetryTimer:
      return timers_.Arm(effect);
    case core::Effect::Kind::kLeaseTimer:
    case core::Effect::Kind::kRunTimer:
    case core::Effect::Kind::kWaitTimer:
    case core::Effect::Kind::kStartTimer:
      return timers_.Arm(effect);
    case core::Effect::Kind::kWaitEnded:
      return timers_.Disarm(ForgottenTimer(effect));
    case core::Effect::Kind::kStartChild:
    case core::Effect::Kind::kReadChild:
    case core::Effect::Kind::kCancelChild:
      if (execute_ && !closing_) children_.Run(effect);
      return;
    case core::Effect::Kind::kContinue:
      if (std::find(backlog_.begin(), backlog_.end(), effect.execution) == backlog_.end()) {
        backlog_.push_back(effect.execution);
      }
      return;
    case core::Effect::Kind::kExecutionEnded:
      if (waiters_.HasAny(effect.execution)) AnswerEnded(seq, effect.execution);
      return;
  }
}

// State is ahead of what is released: someone may have begun the execution anew, then its callers go on
// waiting, or purged it.
void Sequencer::AnswerEnded(uint64_t seq, uint64_t id) {
  const core::Execution* execution = ledger_.state().FindExecution(id);
  if (execution == nullptr) {
    waiters_.Answer(id, core::Refuse(absl::StatusCode::kNotFound, Reason::kUnknownExecution,
                                     "the execution has ended and was purged",
                                     {{"execution", core::IdText(id)}}));
  } else if (IsTerminal(execution->state)) {
    ExecutionReport report = ReportOf(ledger_.state(), ledger_.payloads(), *execution);
    report.seq = seq;
    waiters_.Answer(id, report);
  }
}

WhyReport Sequencer::Explain(const core::Execution& execution, size_t tasks_max) {
  const core::RunnerFacts facts = {
      .executes = execute_,
      .slots = attempts_.slots(),
      .slots_taken = attempts_.slots_taken(),
      .limited = [this](uint32_t activity) { return attempts_.Limited(activity); },
      .knows_workflow = [this](std::string_view workflow) { return children_.Knows(workflow); },
      .breaker_allows =
          [this](const core::StartGate& gate) { return attempts_.BreakerAllows(gate); }};
  return core::Explain(
      ledger_.state(), execution, facts,
      [this](uint32_t activity) { return attempts_.Knows(activity); }, tasks_max);
}

void Sequencer::Close(absl::Duration grace) {
  closing_ = true;
  close_by_ = clock_->Monotonic() + grace;
  attempts_.BeginClosing();
}

bool Sequencer::Done() const {
  if (!closing_) return false;
  return (attempts_.idle() && ledger_.outbox().empty()) || clock_->Monotonic() >= close_by_;
}

// From the last reading of the clocks.
absl::Duration Sequencer::UntilTimer() const {
  absl::Duration wait = kBlockMax;
  if (ledger_.out_of_room()) {
    wait = kRoomPause;
  } else if (execute_ && !closing_ && !failed_) {
    const absl::Time next = std::min({timers_.next(), retention_.next(), attempts_.next_start()});
    wait = std::min({wait, next - ledger_.now(), schedules_.wait()});
  }
  if (closing_) wait = std::min(wait, close_by_ - clock_->Monotonic());
  // Whole ones: a part of a nanosecond is no wait, and the loop would turn in vain.
  return absl::Ceil(std::max(wait, absl::ZeroDuration()), absl::Nanoseconds(1));
}

absl::Duration Sequencer::UntilDue() {
  const bool owed = !failed_ && ledger_.journal().released() < ledger_.state().seq();
  if (owed || !ended_.empty() || !inbox_.empty() || attempts_.must_hand_over()) {
    return absl::ZeroDuration();
  }
  ledger_.Tick();
  return UntilTimer();
}

void Sequencer::Block(absl::Duration wait_max) {
  if (!inbox_.PrepareSleep()) return;
  const absl::Duration wait = std::min(wait_max, UntilTimer());
  if (failed_) {
    bell_.Wait(wait);
  } else {
    ledger_.Poll(wait);
  }
}

absl::Status Sequencer::Finish() {
  while (FinishEnded()) {
  }
  if (!attempts_.idle()) attempts_.GiveUp();
  if (snapshotter_ != nullptr) snapshotter_->AtClose();
  const absl::Status closed = ledger_.Close();
  inbox_.Close();
  inbox_.Drain(calls_, ended_);
  for (Call& call : calls_) call(*this);
  // What closing has released is answered; effects have nobody left to act for.
  Outbox& outbox = ledger_.outbox();
  while (outbox.HasReleased(ledger_.journal().released())) {
    Outbox::Item item = outbox.Take().second;
    if (Answer* answer = std::get_if<Answer>(&item)) (*answer)(closed);
  }
  const absl::Status gone =
      core::Refuse(absl::StatusCode::kFailedPrecondition, Reason::kClosed, "the engine is closed");
  outbox.Fail(gone);
  waiters_.FailAll(gone);
  return closed;
}

}  // namespace stet::engine
