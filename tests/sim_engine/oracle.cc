// Replays what it sees, and holds the engine to it.
#include "tests/sim_engine/oracle.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/apply.h"
#include "core/digest.h"
#include "core/outstanding.h"
#include "core/run_policy.h"
#include "schema/event_type.h"
#include "schema/parse.h"
#include "tests/core/effect_done.h"

namespace stet::sim {

using schema::EventType;

Oracle::Oracle(const EnginePlan& plan) : plan_(plan) {}

void Oracle::Broken(const std::string& what) {
  if (status_.ok()) status_ = absl::InternalError(what);
}

void Oracle::BeginLife(uint64_t at_least) {
  at_least_ = at_least;
  fresh_ = true;
  rates_.clear();
}

// Back to what the log held when it was opened: replayed from the first event on, so that snapshots
// and segments that were given up count for nothing.
void Oracle::Rewind(uint64_t events) {
  fresh_ = false;
  if (events > log_.size()) {
    return Broken(fmt::format("{} events recovered, only {} were made", events, log_.size()));
  }
  if (events < at_least_) {
    return Broken(fmt::format("{} events recovered: event {} had been acknowledged, or had left",
                              events, at_least_));
  }
  log_.resize(events);
  promised_ = std::min(promised_, events);
  mirror_ = core::State();
  watches_.emplace(Watches{.keys = KeyWatch(plan_), .breakers = BreakerWatch(plan_)});
  for (uint64_t i = 0; i < events; ++i) {
    const core::EventRef event = {
        .seq = i + 1, .stream = log_[i].stream, .type = log_[i].type, .payload = log_[i].bytes};
    Watch(event);
    const absl::Status applied = core::Apply(event, mirror_, nullptr);
    if (!applied.ok()) return Broken("replay: " + applied.ToString());
  }
  const core::Effects effects = core::Outstanding(mirror_);
  pending_ = std::set<core::Effect>(effects.begin(), effects.end());
  starts_.erase(starts_.upper_bound(events), starts_.end());
  std::erase_if(completed_, [events](const auto& one) { return one.second > events; });
}

void Oracle::See(const core::EventRef& event, const core::State& live) {
  if (!status_.ok()) return;
  if (fresh_) Rewind(event.seq - 1);
  if (event.seq != log_.size() + 1) {
    return Broken(fmt::format("event {} follows event {}", event.seq, log_.size()));
  }
  Before(event);
  Watch(event);
  effects_.clear();
  const absl::Status applied = core::Apply(event, mirror_, &effects_);
  if (!applied.ok()) return Broken(fmt::format("event {}: {}", event.seq, applied.ToString()));
  pending_.insert(effects_.begin(), effects_.end());
  log_.push_back({.stream = event.stream,
                  .type = event.type,
                  .bytes = {event.payload.begin(), event.payload.end()}});
  fingerprint_ = fingerprint_ * 31 + mirror_.digest() + event.type;
  if (!(mirror_ == live)) {
    Broken(fmt::format("event {} (type {}): replay gives another state", event.seq, event.type));
  }
  After(event);
}

void Oracle::Watch(const core::EventRef& event) {
  for (const std::string& wrong :
       {watches_->signals.See(event, mirror_), watches_->children.See(event, mirror_),
        watches_->leases.See(event, mirror_), watches_->keys.See(event, mirror_),
        watches_->breakers.See(event, mirror_)}) {
    if (!wrong.empty()) Broken(fmt::format("event {}: {}", event.seq, wrong));
  }
}

void Oracle::Before(const core::EventRef& event) {
  switch (static_cast<EventType>(event.type)) {
    case EventType::AttemptStarted:
      return BeforeStart(event);
    case EventType::AttemptFinished:
      return BeforeFinish(event);
    case EventType::CancelRequested:
      cancelled_.insert(event.stream);
      return;
    default:
      return;
  }
}

// Nothing starts before its upstream allows it, nor what is paused or being cancelled.
void Oracle::BeforeStart(const core::EventRef& event) {
  const auto start = schema::Parse<fb::AttemptStarted>(event.payload);
  const core::Execution* execution = mirror_.FindExecution(event.stream);
  if (!start.ok() || execution == nullptr) return Broken("a start that is none");
  const uint32_t task = (*start)->task();
  const core::Definition& definition = *execution->definition;
  const std::string name = fmt::format("task {} of {}", definition.task_name(task), execution->key);
  if (const std::string why = WhyNot(*execution, task, completed_); !why.empty()) {
    Broken(fmt::format("{} starts, and {}", name, why));
  }
  const core::ActivityEntry& activity =
      mirror_.activities()[core::ActivityNumberOf(*execution, task)];
  if (mirror_.engine_paused() || execution->paused || activity.paused) {
    Broken(name + " starts, and is paused");
  }
  if (execution->cancelling()) Broken(name + " starts, and is being cancelled");
  starts_[event.seq] = {.execution = event.stream, .task = task};
  const core::TaskSlot& slot = execution->tasks[task];
  const uint64_t run = uint64_t{slot.generation} + core::RunsDone(*execution, task);
  started_[{event.stream, std::string(definition.task_name(task)), run, (*start)->attempt()}] =
      event.seq;
  CheckRate(std::string(activity.name), (*start)->time());
}

// One owner: what is recorded is the report of the attempt that has the run.
void Oracle::BeforeFinish(const core::EventRef& event) {
  const auto finish = schema::Parse<fb::AttemptFinished>(event.payload);
  const core::Execution* execution = mirror_.FindExecution(event.stream);
  if (!finish.ok() || execution == nullptr) return Broken("an end that is none");
  const core::TaskSlot& slot = execution->tasks[(*finish)->task()];
  const std::string name = fmt::format(
      "task {} of {}", execution->definition->task_name((*finish)->task()), execution->key);
  if (slot.state != TaskState::kRunning || slot.order != (*finish)->attempt_seq()) {
    return Broken(name + ": the end of an attempt that does not own it");
  }
  const auto* output = (*finish)->output();
  if (output == nullptr || slot.waits) return;
  const uint32_t attempt =
      AttemptIn({reinterpret_cast<const char*>(output->data()), output->size()});
  if (attempt != 0 && attempt != slot.attempts) {
    Broken(
        fmt::format("{}: the output of attempt {} ends attempt {}", name, attempt, slot.attempts));
  }
}

void Oracle::CheckRate(const std::string& activity, int64_t time) {
  const auto limit = plan_.options.activity_limits.find(activity);
  if (limit == plan_.options.activity_limits.end() || limit->second.starts == 0) return;
  std::deque<int64_t>& starts = rates_[activity];
  while (!starts.empty() && starts.front() <= time - absl::ToInt64Nanoseconds(limit->second.per)) {
    starts.pop_front();
  }
  starts.push_back(time);
  if (starts.size() > limit->second.starts) {
    Broken(fmt::format("{} starts of {} within {}", starts.size(), activity,
                       absl::FormatDuration(limit->second.per)));
  }
}

// Budgets and limits.
void Oracle::After(const core::EventRef& event) {
  const core::Execution* execution = mirror_.FindExecution(event.stream);
  if (execution != nullptr) {
    if (static_cast<EventType>(event.type) == EventType::AttemptFinished) {
      const auto finish = schema::Parse<fb::AttemptFinished>(event.payload);
      if (finish.ok() && (*finish)->next() == fb::RunNext::Completed) {
        completed_[{event.stream, (*finish)->task()}] = event.seq;
      }
    }
    for (uint32_t task = 0; task < execution->tasks.size(); ++task) {
      const core::TaskSlot& slot = execution->tasks[task];
      const fb::TaskPolicy& policy = execution->definition->policy(task);
      if (slot.failures <= policy.max_attempts() && slot.lost <= policy.max_lost()) continue;
      Broken(fmt::format("task {} of {}: {} failures of {}, lost {} of {}",
                         execution->definition->task_name(task), execution->key, slot.failures,
                         policy.max_attempts(), slot.lost, policy.max_lost()));
    }
  }
  if (static_cast<EventType>(event.type) == EventType::AttemptStarted) CheckLimits(mirror_);
}

void Oracle::CheckLimits(const core::State& live) {
  std::map<std::string, uint32_t> running;
  uint32_t all = 0;
  for (const auto& execution : live.executions()) {
    for (uint32_t task = 0; task < execution->tasks.size(); ++task) {
      const core::TaskSlot& slot = execution->tasks[task];
      if (slot.state != TaskState::kRunning || slot.waits || slot.epoch != live.epoch()) continue;
      const std::string activity(execution->definition->activity(task));
      if (activity.empty()) continue;  // a condition: the engine decides it itself
      ++running[activity];
      if (execution->notes.LeaseOf(task) == nullptr) ++all;
    }
  }
  if (all > plan_.options.concurrency) {
    Broken(fmt::format("{} run at once: the limit is {}", all, plan_.options.concurrency));
  }
  for (const auto& [activity, limit] : plan_.options.activity_limits) {
    if (limit.concurrency == 0 || running[activity] <= limit.concurrency) continue;
    Broken(fmt::format("{} of {} run at once: the limit is {}", running[activity], activity,
                       limit.concurrency));
  }
}

void Oracle::CheckTurn(engine::Machine& machine) {
  if (!status_.ok()) return;
  const core::State& live = machine.ledger().state();
  if (!(live == mirror_)) Broken("the state changes without an event");
  if (core::RecomputeDigest(live) != live.digest()) Broken("the digest is not that of the state");
  if (flushes() && machine.ledger().journal().released() > machine.writer()->watermarks().durable) {
    Broken("released, and not durable");
  }
  CheckEffects(machine);
  for (const std::string& wrong : {watches_->signals.Look(live), watches_->children.Look(live),
                                   watches_->leases.Look(live), watches_->breakers.Look(live)}) {
    if (!wrong.empty()) Broken(wrong);
  }
}

// Emitted and not done is what is outstanding, and somebody has it in hand.
void Oracle::CheckEffects(engine::Machine& machine) {
  const core::State& live = machine.ledger().state();
  for (auto it = pending_.begin(); it != pending_.end();) {
    it = core::IsDone(live, *it) ? pending_.erase(it) : std::next(it);
  }
  const core::Effects effects = core::Outstanding(live);
  const std::set<core::Effect> outstanding(effects.begin(), effects.end());
  std::vector<core::Effect> differing;
  std::set_symmetric_difference(pending_.begin(), pending_.end(), outstanding.begin(),
                                outstanding.end(), std::back_inserter(differing));
  if (!differing.empty()) {
    Broken("effects emitted and not done differ from those outstanding: " +
           ToString(differing.front()));
  }
  for (const core::Effect& effect : effects) {
    if (!Holds(machine, effect)) Broken("nobody will do: " + ToString(effect));
  }
}

bool Holds(engine::Machine& machine, const core::Effect& effect) {
  using Kind = core::Effect::Kind;
  engine::Sequencer& loop = machine.loop();
  if (machine.ledger().outbox().Holds(effect)) return true;
  switch (effect.kind) {
    case Kind::kDispatchAttempt:
    case Kind::kStopAttempt:
      return loop.attempts().Holds(effect.token);
    case Kind::kAttemptTimer:
      // One that ended and could not be recorded yet needs no timer.
      return loop.timers().Holds(effect) || loop.attempts().has_unrecorded();
    case Kind::kRetryTimer:
    case Kind::kLeaseTimer:
    case Kind::kRunTimer:
    case Kind::kWaitTimer:
    case Kind::kStartTimer:
      return loop.timers().Holds(effect);
    case Kind::kContinue:
      return loop.WillContinue(effect.execution);
    case Kind::kStartChild:
    case Kind::kReadChild:
    case Kind::kCancelChild: {
      // A wait that is cancelled in parts is ended by the next of them.
      const core::Execution* execution = machine.ledger().state().FindExecution(effect.execution);
      return loop.children().Holds(effect) || execution->cancel_requested;
    }
    default:
      return true;
  }
}

std::string ToString(const core::Effect& effect) {
  return fmt::format("effect {} for task {} of {:016x} (attempt {}/{}) at {}",
                     static_cast<int>(effect.kind), effect.task, effect.execution,
                     effect.token.epoch, effect.token.seq, effect.at_ns);
}

void Oracle::Acknowledged(uint64_t seq) {
  if (flushes()) promised_ = std::max(promised_, seq);
}

void Oracle::Ran(const ActivityContext& context, uint64_t durable) {
  const auto found = started_.find(
      {context.execution_id(), std::string(context.task()), context.run(), context.attempt()});
  const std::string name = fmt::format("attempt {} of {} of {}", context.attempt(), context.task(),
                                       context.execution_key());
  if (found == started_.end()) return Broken(name + " runs, and was never started");
  if (!flushes()) return;
  if (found->second > durable) Broken(name + " left before its start was durable");
  promised_ = std::max(promised_, found->second);
}

void Oracle::CheckEnd(const core::State& live, uint32_t lives) {
  for (const auto& execution : live.executions()) CheckEnded(*execution, lives);
}

Possible Oracle::PossibleOf(const core::Execution& execution, uint32_t task, uint32_t lives) const {
  const core::Definition& definition = *execution.definition;
  const Possible scripted =
      sim::PossibleOf(ScriptOf(plan_.seed, execution.key, definition.task_name(task)), definition,
                      task, std::max(lives, uint32_t{execution.tasks[task].lost}));
  if (execution.parent.item != 0) return scripted;  // its workflow stands in no plan
  const Task& said = TaskOf(plan_, execution, task);
  const auto* event = std::get_if<EventTask>(&*said.kind);
  if (event != nullptr && said.activity.empty()) {
    return {.completes = true, .fails = event->timeout.has_value()};
  }
  if (event != nullptr) {
    return {.completes = scripted.completes, .fails = scripted.fails || event->timeout.has_value()};
  }
  // That it ended as its child did was looked at when it did.
  if (KindOf(*said.kind) == TaskKind::kSubWorkflow) return {.completes = true, .fails = true};
  return scripted;
}

// The end is one that a run without crashes could have reached, too.
void Oracle::CheckEnded(const core::Execution& execution, uint32_t lives) {
  const core::Definition& definition = *execution.definition;
  if (!IsTerminal(execution.state)) return Broken(execution.key + " has not ended");
  for (uint32_t task = 0; task < execution.tasks.size(); ++task) {
    const TaskState state = execution.tasks[task].state;
    const std::string name =
        fmt::format("task {} of {}", definition.task_name(task), execution.key);
    const Upstream upstream = UpstreamOf(execution, task);
    const Possible possible = PossibleOf(execution, task, lives);
    const bool fits = state == TaskState::kCompleted   ? upstream.allows && possible.completes
                      : IsFailure(state)               ? upstream.allows && possible.fails
                      : state == TaskState::kSkipped   ? upstream.Skips(execution.tasks[task].skip)
                      : state == TaskState::kCancelled ? cancelled_.contains(execution.id)
                                                       : false;
    if (!fits) {
      Broken(fmt::format("{} ended as {} ({}): completes {}, fails {}, its upstream allowed it {}",
                         name, ToString(state), schema::ToString(execution.tasks[task].skip),
                         possible.completes, possible.fails, upstream.allows));
    }
  }
  if (const std::string wrong = WrongEnd(execution); !wrong.empty()) {
    Broken(fmt::format("{} ended as {}, and {}", execution.key, ToString(execution.state), wrong));
  }
}

}  // namespace stet::sim
