// From ready run to recorded result.
#include "engine/attempts.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/run_limits.h"
#include "core/run_policy.h"
#include "core/waits.h"
#include "engine/outcome.h"

namespace stet::engine {
namespace {

// Many may become ready at once: others have their turn in between.
constexpr uint32_t kWaitsPerTurn = 1024;

core::Effect TimerOf(const Attempt& attempt) {
  return {.kind = core::Effect::Kind::kAttemptTimer,
          .task = attempt.run.task,
          .execution = attempt.run.execution,
          .token = attempt.token,
          .at_ns = attempt.timer_ns};
}

// When it is looked whether its activity was heard of.
core::Effect SilenceOf(const Attempt& attempt) {
  return {.kind = core::Effect::Kind::kHeartbeatTimer,
          .task = attempt.run.task,
          .execution = attempt.run.execution,
          .token = attempt.token,
          .at_ns = attempt.silence_ns};
}

// When an attempt that was told to stop is given up.
core::Effect GraceOf(const Attempt& attempt) {
  return {.kind = core::Effect::Kind::kStopAttempt,
          .task = attempt.run.task,
          .execution = attempt.run.execution,
          .token = attempt.token,
          .at_ns = attempt.grace_ns};
}

}  // namespace

Attempts::Attempts(Options options, Ledger* ledger, Timers* timers, Workers* workers,
                   const Activities* activities)
    : options_(std::move(options)),
      ledger_(ledger),
      timers_(timers),
      workers_(workers),
      bindings_(activities),
      limits_(options_.limits) {
  limits_.Recall(ledger_->state(), NowNs());
}

// One that finds its signal ends at once, and may make others ready.
bool Attempts::BeginWaits() {
  for (uint32_t begun = 0; begun < kWaitsPerTurn; ++begun) {
    const std::optional<core::RunRef> run = core::NextWait(ledger_->state());
    if (!run || !ledger_->Execute(core::StartAttempt{.run = *run}).ok()) return false;
    // A condition is an attempt like any other, decided as soon as it is released: it gives its slot back then.
    const core::Definition& definition =
        *ledger_->state().FindExecution(run->execution)->definition;
    if (core::WaitOf(definition, run->task) == core::Wait::kNone) ++slots_taken_;
  }
  return core::NextWait(ledger_->state()).has_value();
}

bool Attempts::StartReady() {
  const bool more = !closing_ && BeginWaits();
  next_start_ = absl::InfiniteFuture();
  const auto may_start = [this](const core::StartGate& gate) { return MayStart(gate); };
  // An attempt is counted when it starts: none may wait for a thread that will never be.
  const uint32_t slots_now = slots();
  while (!closing_ && slots_taken_ < slots_now) {
    const std::optional<core::RunRef> run = core::NextReady(ledger_->state(), may_start, ageing());
    if (!run || !ledger_->Execute(core::StartAttempt{.run = *run}).ok()) break;
    ++slots_taken_;
    const core::Definition& definition =
        *ledger_->state().FindExecution(run->execution)->definition;
    CountStart(definition.activity_number(run->task));
  }
  if (const int64_t next = limits_.TakeNextStart(); next != INT64_MAX) {
    next_start_ = std::min(next_start_, absl::FromUnixNanos(next));
  }
  return more;
}

int64_t Attempts::NowNs() const { return absl::ToUnixNanos(ledger_->now()); }

bool Attempts::MayStart(const core::StartGate& gate) {
  const core::State& state = ledger_->state();
  // Tasks without an activity wait: no worker runs them.
  if (state.activities()[gate.activity].name.empty()) return false;
  return Knows(gate.activity) && MayLease(gate);
}

bool Attempts::MayLease(const core::StartGate& gate) {
  const core::State& state = ledger_->state();
  return !closing_ && BreakerAllows(gate) && limits_.HasRoom(state, gate.activity) &&
         limits_.InRate(state, gate.activity, NowNs());
}

core::Ageing Attempts::ageing() const {
  if (options_.ageing == absl::InfiniteDuration()) return {};
  return {.per_point_ns = std::max<int64_t>(1, absl::ToInt64Nanoseconds(options_.ageing)),
          .now_ns = NowNs()};
}

void Attempts::CountStart(uint32_t activity) {
  limits_.Started(ledger_->state(), activity, NowNs());
}

bool Attempts::BreakerAllows(const core::StartGate& gate) {
  if (options_.breakers.empty()) return true;
  const core::State& state = ledger_->state();
  const std::string_view name = core::BreakerName(state, gate);
  const auto policy = options_.breakers.find(name);
  const auto breaker = state.breakers().find(name);
  if (policy == options_.breakers.end() || breaker == state.breakers().end()) return true;
  if (core::MayStart(breaker->second, policy->second, NowNs())) return true;
  if (breaker->second.state == schema::BreakerState::Open) {
    next_start_ = std::min(next_start_, absl::FromUnixNanos(breaker->second.until));
  }
  return false;
}

core::RunnerFacts::Limited Attempts::Limited(uint32_t activity) {
  const core::State& state = ledger_->state();
  const ActivityLimit* limit = limits_.Find(state, activity);
  core::RunnerFacts::Limited limited;
  if (limit == nullptr) return limited;
  if (!limits_.HasRoom(state, activity)) limited.concurrency = limit->concurrency;
  const int64_t next = limits_.NextStart(state, activity);
  if (next > NowNs()) limited.until_ns = next;
  return limited;
}

bool Attempts::Knows(uint32_t activity) {
  return bindings_.Find(ledger_->state().activities(), activity) != nullptr;
}

bool Attempts::HandOver() {
  if (released_.empty()) return false;
  for (size_t work = 0; work < kAttemptWorkPerTurn && !released_.empty();) {
    work += Give(released_.front());
    released_.pop_front();
  }
  if (!dispatched_.empty()) workers_->Dispatch(dispatched_);
  return true;
}

// Prepares the attempt for a worker; how much work that was.
size_t Attempts::Give(const core::Effect& effect) {
  const core::Execution* execution = ledger_->state().FindExecution(effect.execution);
  // State is ahead of what is released: the attempt may have timed out before it could run, its
  // execution may have ended and been purged.
  const core::TaskSlot* slot = execution == nullptr ? nullptr : &execution->tasks[effect.task];
  if (slot == nullptr || slot->state != TaskState::kRunning || slot->token() != effect.token) {
    --slots_taken_;
    return 1;
  }
  std::unique_ptr<Attempt> attempt = Prepare(effect, *execution);
  const size_t work = WorkOf(*attempt);
  if (closing_ || execution->cancelling()) {
    Return(std::move(attempt), closing_ ? StopReason::kClosing : StopReason::kCancelled);
    return work;
  }
  if (execution->definition->activity(effect.task).empty()) {
    attempt->result = RunActivity(*attempt);
    Finish(std::move(attempt));
    return work;
  }
  if (attempt->timer_ns != 0) timers_->Arm(TimerOf(*attempt));
  if (attempt->heartbeat_ns != 0) ListenTo(*attempt, NowNs());
  running_.emplace(attempt->token.seq, attempt.get());
  dispatched_.push_back(std::move(attempt));
  return work;
}

std::unique_ptr<Attempt> Attempts::Prepare(const core::Effect& effect,
                                           const core::Execution& execution) {
  const core::Definition& definition = *execution.definition;
  const core::TaskSlot& slot = execution.tasks[effect.task];
  std::unique_ptr<Attempt> attempt;
  if (spare_.empty()) {
    attempt = std::make_unique<Attempt>();
    attempt->clock = options_.clock;
    attempt->codec = options_.codec;
  } else {
    attempt = std::move(spare_.back());
    spare_.pop_back();
  }
  attempt->port = options_.port;
  attempt->run = {.execution = effect.execution, .task = effect.task};
  attempt->token = effect.token;
  attempt->run_id = core::RunNumber(execution, effect.task);
  attempt->nth_run = core::OccurrenceOf(execution, effect.task);
  if (core::KeepsSignal(execution, effect.task)) {
    attempt->signal = ledger_->payloads().Get(slot.output);
  }
  attempt->number = slot.attempts;
  attempt->timer_ns = slot.due_at;
  attempt->activity =
      bindings_.Find(ledger_->state().activities(), definition.activity_number(effect.task));
  attempt->execution_key = execution.key;
  attempt->task_name = definition.task_name(effect.task);
  attempt->config = definition.config(effect.task);
  attempt->extra = definition.extra(effect.task);
  attempt->input = ledger_->payloads().Get(execution.input);
  if (const core::TaskExtra* extra = definition.extra(effect.task)) {
    attempt->heartbeat_ns = extra->heartbeat;
    attempt->non_retryable = CodeSet::FromBits(extra->non_retryable);
  }
  if (slot.due_at != 0) {
    attempt->deadline = ledger_->time().ToWall(absl::FromUnixNanos(slot.due_at));
  }
  const auto parents = definition.parents(effect.task);
  attempt->upstream.reserve(parents.size());
  for (const uint32_t parent : parents) {
    attempt->upstream.push_back(
        {.task = definition.task_name(parent),
         .output = ledger_->payloads().Get(execution.tasks[parent].output)});
  }
  if (const core::RunNotes* notes = execution.notes.Find(effect.task)) GiveNotes(*notes, *attempt);
  return attempt;
}

// What the attempts before it recorded.
void Attempts::GiveNotes(const core::RunNotes& notes, Attempt& attempt) const {
  const PayloadStore& payloads = ledger_->payloads();
  attempt.steps = notes.steps.With<SharedPayload>(
      [&payloads](const core::PayloadRef& result) { return payloads.Get(result); });
  attempt.checkpoint = ledger_->payloads().Get(notes.checkpoint);
  attempt.state = ledger_->payloads().Get(notes.state);
}

void Attempts::Stop(const core::Token& token, StopReason reason) {
  if (const auto found = running_.find(token.seq); found != running_.end()) {
    found->second->Stop(reason);
  }
}

void Attempts::Cancel(const core::Effect& effect) {
  const auto found = running_.find(effect.token.seq);
  if (found == running_.end()) return;
  Attempt& attempt = *found->second;
  attempt.Stop(StopReason::kCancelled);
  const absl::Time end = ledger_->now() + options_.cancel_grace;
  if (end == absl::InfiniteFuture()) return;
  attempt.grace_ns = absl::ToUnixNanos(end);
  timers_->Arm(GraceOf(attempt));
}

// From `since_ns`, engine time.
void Attempts::ListenTo(Attempt& attempt, int64_t since_ns) {
  if (attempt.silence_ns == 0) attempt.handed_over_ns = SteadyNs();
  attempt.silence_ns = core::Later(since_ns, attempt.heartbeat_ns);
  timers_->Arm(SilenceOf(attempt));
}

int64_t Attempts::SteadyNs() const { return absl::ToInt64Nanoseconds(options_.clock->Monotonic()); }

bool Attempts::MissesHeartbeat(const core::Effect& timer) {
  const auto found = running_.find(timer.token.seq);
  if (found == running_.end()) return false;
  Attempt& attempt = *found->second;
  const int64_t heard_ns = std::max(attempt.beat_ns(), attempt.handed_over_ns);
  const int64_t silent_ns = SteadyNs() - heard_ns;
  if (silent_ns >= attempt.heartbeat_ns) return true;
  ListenTo(attempt, NowNs() - silent_ns);
  return false;
}

// Recorded as cancelled whatever its activity does, which becomes a zombie.
bool Attempts::GiveUpCancelled(const core::Effect& stop) {
  const std::string error = fmt::format("did not stop within {} of its cancellation",
                                        absl::FormatDuration(options_.cancel_grace));
  return ledger_
      ->Execute(core::FinishAttempt{.run = {.execution = stop.execution, .task = stop.task},
                                    .token = stop.token,
                                    .outcome = schema::AttemptOutcome::Cancelled,
                                    .error = error})
      .ok();
}

// For an attempt that never reached a worker.
void Attempts::Return(std::unique_ptr<Attempt> attempt, StopReason reason) {
  attempt->Stop(reason);
  attempt->result = absl::CancelledError("stopped before it began");
  Finish(std::move(attempt));
}

void Attempts::Finish(std::unique_ptr<Attempt> attempt) {
  running_.erase(attempt->token.seq);
  if (Record(*attempt)) {
    --slots_taken_;
    attempt->Reset();
    spare_.push_back(std::move(attempt));
  } else {
    unrecorded_.push_back(std::move(attempt));
  }
}

void Attempts::Retry() {
  std::vector<std::unique_ptr<Attempt>> again;
  again.swap(unrecorded_);
  for (std::unique_ptr<Attempt>& attempt : again) Finish(std::move(attempt));
}

// False if it has to be tried again.
bool Attempts::Record(const Attempt& attempt) {
  if (attempt.timer_ns != 0) timers_->Disarm(TimerOf(attempt));
  if (attempt.grace_ns != 0) timers_->Disarm(GraceOf(attempt));
  if (attempt.silence_ns != 0) timers_->Disarm(SilenceOf(attempt));
  const core::Execution* execution = ledger_->state().FindExecution(attempt.run.execution);
  const bool ends = execution != nullptr && execution->cancelling();
  const Outcome outcome = OutcomeOf(attempt, options_.output_bytes_max, ends);
  core::FinishAttempt finish = ReportOf(attempt, outcome);
  absl::Status recorded = ledger_->Execute(finish).status();
  const auto settled = [&] { return recorded.ok() || !ledger_->failure().ok(); };
  if (settled()) return true;
  if (ledger_->out_of_room()) return false;
  if (!IsLate(recorded)) {
    // The result itself cannot be recorded; that it was refused can.
    const std::string error = fmt::format("result refused: {}", std::string(recorded.message()));
    finish.outcome = schema::AttemptOutcome::Failure;
    finish.branch = schema::Branch::None;
    finish.last = false;
    finish.state.reset();
    finish.output = {};
    finish.error = error;
    finish.retryable = false;
    recorded = ledger_->Execute(finish).status();
    if (settled()) return true;
    if (ledger_->out_of_room()) return false;
  }
  ++late_reports_;  // It no longer owned its run: what it did has no effect.
  return true;
}

void Attempts::BeginClosing() {
  closing_ = true;
  for (std::unique_ptr<Attempt>& attempt : workers_->Withdraw()) {
    Return(std::move(attempt), StopReason::kClosing);
  }
  for (const auto& [seq, attempt] : running_) attempt->Stop(StopReason::kClosing);
}

void Attempts::AfterFailure() {
  BeginClosing();
  unrecorded_.clear();
  released_.clear();
  slots_taken_ = static_cast<uint32_t>(running_.size());
}

void Attempts::GiveUp() {
  while (HandOver()) {  // Nothing is handed over any more: they end before they begin.
  }
  Retry();  // There may be room by now.
  std::vector<Attempt*> left;
  for (const auto& [seq, attempt] : running_) left.push_back(attempt);
  std::sort(left.begin(), left.end(),
            [](const Attempt* a, const Attempt* b) { return a->token < b->token; });
  for (const Attempt* attempt : left) {
    // Refused for those that had timed out: they do not own their run any more.  Refused for all
    // that the log has no room for: the next Open counts them as lost.
    (void)ledger_->Execute(core::FinishAttempt{.run = attempt->run,
                                               .token = attempt->token,
                                               .outcome = schema::AttemptOutcome::Interrupted,
                                               .error = "did not stop when the engine closed"});
  }
  running_.clear();
}

uint32_t Attempts::zombies() const {
  return static_cast<uint32_t>(std::count_if(
      running_.begin(), running_.end(),
      [](const auto& running) { return running.second->stopped() == StopReason::kDisowned; }));
}

}  // namespace stet::engine
