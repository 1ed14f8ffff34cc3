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

std::string Operator::AnyKey() { return fmt::format("k{}", random_.Below(std::max(1U, keys_))); }

std::string Operator::AnyTask(const engine::Host& /*host*/) {
  return fmt::format("t{}", random_.Below(8));
}

void Operator::Start(engine::Host& host) {
  const bool again = keys_ == kKeysMax || (keys_ > 0 && random_.OneIn(4));
  const std::string key = again ? AnyKey() : fmt::format("k{}", keys_++);
  const std::string workflow =
      fmt::format("w{}", random_.Below(static_cast<uint32_t>(plan_.options.workflows.size())));
  Ask(host, fmt::format("start {} as {}", workflow, key), [&host, key, workflow](auto& loop) {
    const auto started =
        engine::StartNow(loop.ledger(), host.catalog(), host.options().limits,
                         {.workflow = workflow, .key = key, .input = Payload("{}")});
    return started.ok() ? absl::StatusOr<uint64_t>(started->seq) : started.status();
  });
}

void Operator::AskOf(engine::Host& host, const std::string& key) {
  const Limits limits = host.options().limits;
  const bool on = random_.OneIn(2);
  switch (random_.Below(7)) {
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
  switch (random_.Below(10)) {
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
