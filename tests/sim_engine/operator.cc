// Asks, and remembers what was answered.
#include "tests/sim_engine/operator.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "engine/calls.h"
#include "engine/operations.h"
#include "stet/reason.h"

namespace stet::sim {
namespace {

constexpr uint32_t kKeysMax = 8;
constexpr uint32_t kReopenedMax = 6;

// What a command may be refused with that breaks nothing.
bool IsRefusal(const absl::Status& status) {
  return ReasonOf(status) != Reason::kNone || absl::IsResourceExhausted(status);
}

}  // namespace

// The answer counts when the caller would get it.
void Operator::Ask(engine::Host& host, std::string what, Command command) {
  tell_(what);
  host.Post([this, what = std::move(what), command = std::move(command)](engine::Sequencer& loop) {
    engine::Ledger& ledger = loop.ledger();
    if (!ledger.failure().ok()) return;
    const absl::StatusOr<uint64_t> seq = command(loop);
    if (!seq.ok()) {
      tell_(fmt::format("  {}: {}", what, seq.status()));
      if (!IsRefusal(seq.status()) && ledger.failure().ok()) {
        oracle_.Broken(fmt::format("{}: {}", what, seq.status()));
      }
      return;
    }
    ledger.AnswerWhenReleased([this, seq = *seq](const absl::Status& released) {
      if (released.ok()) oracle_.Acknowledged(seq);
    });
  });
}

// Sometimes of one that a task has started.
std::string Operator::AnyKey() {
  const auto& executions = oracle_.state().executions();
  if (!executions.empty() && random_.OneIn(4)) {
    return executions[random_.Below(static_cast<uint32_t>(executions.size()))]->key;
  }
  return fmt::format("k{}", random_.Below(std::max(1U, keys_)));
}

std::string Operator::AnyTask(const engine::Host& /*host*/) {
  return fmt::format("t{}", random_.Below(8));
}

void Operator::Start(engine::Host& host) {
  const bool again = keys_ == kKeysMax || (keys_ > 0 && random_.OneIn(4));
  const uint32_t number = again ? random_.Below(keys_) : keys_++;
  const std::string key = fmt::format("k{}", number);
  const auto& workflows = plan_.options.workflows;
  const std::string workflow =
      workflows[random_.Below(static_cast<uint32_t>(workflows.size()))].name;
  const Payload input(fmt::format(R"({{"n":{},"items":[1,2,3]}})", number % 3));
  Ask(host, fmt::format("start {} as {}", workflow, key),
      [&host, key, workflow, input](auto& loop) {
        const auto started = engine::StartNow(loop.ledger(), host.catalog(), host.options().limits,
                                              {.workflow = workflow, .key = key, .input = input});
        return started.ok() ? absl::StatusOr<uint64_t>(started->seq) : started.status();
      });
}

// Some come twice.
void Operator::Signal(engine::Host& host, const std::string& key) {
  engine::SignalRequest request = {.name = kSignals[random_.Below(2)],
                                   .payload = Payload(fmt::format("{}", ++signals_))};
  if (random_.OneIn(2)) request.id = fmt::format("i{}", random_.Below(6));
  const Limits limits = host.options().limits;
  Ask(host, fmt::format("signal {} {} to {}", request.name, request.id, key),
      [=](auto& loop) { return engine::SignalNow(loop.ledger(), limits, key, request); });
}

void Operator::AskOf(engine::Host& host, const std::string& key) {
  const Limits limits = host.options().limits;
  const bool on = random_.OneIn(2);
  switch (random_.Below(9)) {
    case 7:
    case 8:
      return Signal(host, key);
    case 0: {
      if (!random_.OneIn(4)) return;
      const CancelOptions cancel = {.compensate = random_.OneIn(2)};
      return Ask(host, fmt::format("cancel {}{}", key, cancel.compensate ? " and undo it" : ""),
                 [=](auto& loop) { return engine::CancelNow(loop.ledger(), key, cancel); });
    }
    case 1:
      if (++reopened_ > kReopenedMax) return;
      return Ask(host, "retry " + key, [key, limits](auto& loop) {
        return engine::RetryNow(loop.ledger(), limits, key);
      });
    case 2: {
      if (++reopened_ > kReopenedMax) return;
      const std::string task = AnyTask(host);
      return Ask(host, fmt::format("requeue {} of {}", task, key),
                 [=](auto& loop) { return engine::RequeueNow(loop.ledger(), limits, key, task); });
    }
    case 3: {
      const std::string task = AnyTask(host);
      return Ask(host, fmt::format("drop {} of {}", task, key),
                 [=](auto& loop) { return engine::DropNow(loop.ledger(), key, task); });
    }
    case 4:
      return Ask(host, fmt::format("{} {}", on ? "pause" : "resume", key),
                 [=](auto& loop) { return engine::PauseNow(loop.ledger(), key, on); });
    case 5: {
      const auto priority = static_cast<int32_t>(random_.Below(5)) - 2;
      return Ask(host, fmt::format("priority {} of {}", priority, key),
                 [=](auto& loop) { return engine::SetPriorityNow(loop.ledger(), key, priority); });
    }
    default:
      return Ask(host, "purge " + key, [key](auto& loop) {
        return engine::PurgeNow(loop.ledger(), key, absl::Hours(24));
      });
  }
}

void Operator::Act(engine::Host& host) {
  const bool on = random_.OneIn(2);
  switch (random_.Below(11)) {
    case 10: {
      if (plan_.options.breakers.empty() || !random_.OneIn(3)) return;
      const std::string name = plan_.options.breakers.begin()->first;
      return Ask(host, "reset breaker " + name, [name](auto& loop) {
        return loop.ledger().Execute(core::ResetBreaker{.name = name});
      });
    }
    case 0: {
      const std::string activity = kActivities[random_.Below(3)];
      return Ask(host, fmt::format("{} activity {}", on ? "pause" : "resume", activity),
                 [=](auto& loop) { return engine::PauseActivityNow(loop.ledger(), activity, on); });
    }
    case 1: {
      const bool pause = random_.OneIn(3);
      return Ask(host, fmt::format("{} the engine", pause ? "pause" : "resume"),
                 [=](auto& loop) { return engine::PauseEngineNow(loop.ledger(), pause); });
    }
    case 2:
    case 3:
    case 4:
      return Start(host);
    default:
      return AskOf(host, AnyKey());
  }
}

void Operator::ReportStale(engine::Host& host) {
  const auto& starts = oracle_.starts();
  if (starts.empty()) return;
  const auto one = std::next(starts.begin(), random_.Below(static_cast<uint32_t>(starts.size())));
  const core::RunRef run = one->second;
  const core::Token token = {.epoch = 1 + random_.Below(oracle_.state().epoch() + 1),
                             .seq = one->first};
  host.Post([this, run, token](engine::Sequencer& loop) {
    engine::Ledger& ledger = loop.ledger();
    const core::Execution* execution = ledger.state().FindExecution(run.execution);
    if (execution == nullptr || run.task >= execution->tasks.size()) return;
    const core::TaskSlot& slot = execution->tasks[run.task];
    if (slot.state == TaskState::kRunning && slot.token() == token) return;
    if (!ledger.failure().ok()) return;
    const uint64_t seq = ledger.state().seq();
    const absl::Status status =
        ledger
            .Execute(core::FinishAttempt{.run = run, .token = token, .output = {.bytes = "stale"}})
            .status();
    const Reason reason = ReasonOf(status);
    const bool refused = reason == Reason::kAttemptOwnershipMismatch ||
                         reason == Reason::kAttemptFinishRequiresRunning ||
                         reason == Reason::kExecutionEnded;
    if (refused && ledger.state().seq() == seq) return;
    oracle_.Broken(fmt::format("a report of attempt {}/{}, which owns nothing, is taken: {}",
                               token.epoch, token.seq, status));
  });
}

void Operator::SignalAll(engine::Host& host) {
  host.Post([](engine::Sequencer& loop) {
    engine::Ledger& ledger = loop.ledger();
    std::vector<uint64_t> waiting;
    for (const auto& execution : ledger.state().executions()) {
      if (std::any_of(execution->tasks.begin(), execution->tasks.end(),
                      [](const core::TaskSlot& slot) { return slot.waits; })) {
        waiting.push_back(execution->id);
      }
    }
    for (const uint64_t id : waiting) {
      for (const char* name : kSignals) {
        (void)ledger.Execute(core::SendSignal{.execution = id, .name = name});
      }
    }
  });
}

void Operator::ResumeAll(engine::Host& host) {
  host.Post([](engine::Sequencer& loop) {
    engine::Ledger& ledger = loop.ledger();
    (void)engine::PauseEngineNow(ledger, false);
    for (const char* activity : kActivities)
      (void)engine::PauseActivityNow(ledger, activity, false);
    std::vector<uint64_t> paused;
    for (const auto& execution : ledger.state().executions()) {
      if (execution->paused) paused.push_back(execution->id);
    }
    for (const uint64_t id : paused) {
      (void)ledger.Execute(core::PauseExecution{.execution = id, .pause = false});
    }
  });
}

}  // namespace stet::sim
