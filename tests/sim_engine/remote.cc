// Takes, renews and reports through the engine's loop.
#include "tests/sim_engine/remote.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "engine/leases.h"
#include "stet/reason.h"
#include "tests/sim_engine/script.h"

namespace stet::sim {
namespace {

constexpr size_t kHeldMax = 12;

absl::StatusOr<Payload> ResultOf(const Script& script, const LeasedRun& run) {
  using enum Script::Ending;
  const bool recovering = script.ending == kRecovers && run.attempt <= script.failures;
  if (script.ending == kRefuses) return absl::InvalidArgumentError("never");
  if (script.ending != kSucceeds && (script.ending != kRecovers || recovering)) {
    return absl::UnavailableError("it broke");
  }
  return OutputOf(script, run.key, run.config, run.attempt);
}

}  // namespace

void RemoteWorkers::Act(engine::Host& host) {
  switch (random_.Below(4)) {
    case 0:
      return Acquire(host);
    case 1:
      return Renew(host);
    default:
      if (!held_.empty()) Report(host, random_.Below(static_cast<uint32_t>(held_.size())));
  }
}

// They know of what they took only once that is released.
void RemoteWorkers::Acquire(engine::Host& host) {
  if (held_.size() >= kHeldMax) return;
  const LeaseRequest request = {.worker = fmt::format("w{}", random_.Below(2)),
                                .activities = {kActivities, std::end(kActivities)},
                                .max = 1 + random_.Below(2),
                                .lease = absl::Milliseconds(200 + random_.Below(20'000))};
  host.Post([this, request](engine::Sequencer& loop) {
    if (!loop.ledger().failure().ok()) return;
    auto runs = engine::AcquireNow(loop, request);
    if (!runs.ok() || runs->empty()) return;
    tell_(fmt::format("{} takes {}", request.worker, runs->size()));
    loop.ledger().AnswerWhenReleased(
        [this, worker = request.worker, runs = *std::move(runs)](const absl::Status& released) {
          if (!released.ok()) return;
          for (const LeasedRun& run : runs) held_.push_back({.worker = worker, .run = run});
        });
  });
}

void RemoteWorkers::Renew(engine::Host& host) {
  const std::string worker = fmt::format("w{}", random_.Below(2));
  std::vector<std::string> tokens;
  for (const Held& held : held_) {
    if (random_.OneIn(4)) continue;  // It forgets some, and names those of others.
    if (held.worker == worker || random_.OneIn(8)) tokens.push_back(held.run.token);
  }
  const absl::Duration lease = absl::Milliseconds(200 + random_.Below(20'000));
  host.Post([this, worker, tokens, lease](engine::Sequencer& loop) {
    if (!loop.ledger().failure().ok()) return;
    const auto renewal = engine::RenewNow(loop, worker, tokens, lease);
    if (renewal.ok() || absl::IsResourceExhausted(renewal.status())) return;
    if (!loop.ledger().failure().ok() || ReasonOf(renewal.status()) == Reason::kClosed) return;
    oracle_.Broken(fmt::format("{} renews: {}", worker, renewal.status()));
  });
}

// Late ones are refused, by their kind.
void RemoteWorkers::Report(engine::Host& host, size_t index) {
  const Held held = std::move(held_[index]);
  held_.erase(held_.begin() + static_cast<ptrdiff_t>(index));
  absl::StatusOr<Payload> result =
      ResultOf(ScriptOf(plan_.seed, held.run.key, held.run.task), held.run);
  if (random_.OneIn(6)) result = absl::CancelledError("given back");
  host.Post([this, held, result = std::move(result)](engine::Sequencer& loop) {
    engine::Ledger& ledger = loop.ledger();
    if (!ledger.failure().ok()) return;
    const auto reported = engine::ReportNow(loop, {.token = held.run.token, .result = result}, {},
                                            plan_.options.limits.payload_bytes);
    tell_(fmt::format("{} reports on {} of {}: {}", held.worker, held.run.task, held.run.key,
                      reported.status()));
    if (reported.ok()) {
      return ledger.AnswerWhenReleased([this, seq = *reported](const absl::Status& released) {
        if (released.ok()) oracle_.Acknowledged(seq);
      });
    }
    const Reason reason = ReasonOf(reported.status());
    // What a power cut has taken back may be another execution now.
    const bool other = reason == Reason::kUnknownExecution || reason == Reason::kUnknownTask;
    const bool refused = other || reason == Reason::kAttemptOwnershipMismatch ||
                         reason == Reason::kAttemptFinishRequiresRunning ||
                         reason == Reason::kExecutionEnded || reason == Reason::kClosed;
    if (refused || ledger.out_of_room() || !ledger.failure().ok()) return;
    oracle_.Broken(fmt::format("{} reports: {}", held.worker, reported.status()));
  });
}

void RemoteWorkers::Finish(engine::Host& host) {
  while (!held_.empty()) Report(host, held_.size() - 1);
}

}  // namespace stet::sim
