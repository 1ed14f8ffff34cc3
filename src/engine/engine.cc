// The public face of the engine: posts calls to the loop and waits for its answers.
#include "stet/engine.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/views.h"
#include "engine/calls.h"
#include "engine/engine_impl.h"
#include "engine/metrics.h"
#include "engine/reports.h"
#include "engine/resolve.h"
#include "engine/snapshotter.h"

namespace stet {

using engine::Ledger;
using engine::Sequencer;

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Engine::~Engine() { (void)Close(); }

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(EngineOptions options) {
  absl::StatusOr<engine::Catalog> catalog = engine::MakeCatalog(options);
  if (!catalog.ok()) return catalog.status();
  if (options.clock == nullptr) options.clock = SystemClock();
  auto impl = std::make_unique<Impl>(std::move(options), *std::move(catalog));
  if (absl::Status opened = impl->Open(); !opened.ok()) return opened;
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

absl::Status Engine::Close() { return impl_->Close(); }

absl::Status Engine::Poll(absl::Duration max_wait) { return impl_->Poll(max_wait); }

absl::StatusOr<absl::Duration> Engine::NextDeadline() { return impl_->NextDeadline(); }

absl::Status Engine::Maintain(absl::Duration budget) { return impl_->Maintain(budget); }

const EngineRecovery& Engine::recovery() const { return impl_->recovery(); }

absl::StatusOr<Started> Engine::Start(StartRequest request) {
  ASSIGN_OR_RETURN(engine::StoredInput stored,
                   engine::StoredInput::Make(impl_->options().codec.get(), request.input));
  return impl_->AskLoop<Started>([impl = impl_.get(), request = std::move(request),
                                  stored = std::move(stored)](Sequencer& loop) {
    return engine::StartNow(loop.ledger(), impl->catalog(), impl->options().limits, request,
                            stored);
  });
}

std::vector<absl::StatusOr<Started>> Engine::StartAll(std::vector<StartRequest> requests) {
  using Results = std::vector<absl::StatusOr<Started>>;
  const size_t count = requests.size();
  std::vector<absl::StatusOr<engine::StoredInput>> stored;
  stored.reserve(count);
  for (const StartRequest& request : requests) {
    stored.push_back(engine::StoredInput::Make(impl_->options().codec.get(), request.input));
  }
  absl::StatusOr<Results> results =
      impl_->AskLoop<Results>([impl = impl_.get(), requests = std::move(requests),
                               stored = std::move(stored)](Sequencer& loop) {
        Results started;
        started.reserve(requests.size());
        for (size_t i = 0; i < requests.size(); ++i) {
          if (!stored[i].ok()) {
            started.push_back(stored[i].status());
            continue;
          }
          started.push_back(engine::StartNow(loop.ledger(), impl->catalog(), impl->options().limits,
                                             requests[i], *stored[i]));
        }
        return started;
      });
  return results.ok() ? *std::move(results) : Results(count, results.status());
}

absl::StatusOr<ExecutionReport> Engine::Wait(std::string_view execution, absl::Duration timeout) {
  if (absl::Status status = impl_->CheckMayWait(); !status.ok()) return status;
  const auto reply = std::make_shared<engine::Reply<ExecutionReport>>();
  const bool posted = impl_->Post([reply, name = std::string(execution)](Sequencer& loop) {
    engine::WaitFor(loop, name, reply);
  });
  if (!posted) return Impl::Closed();
  absl::StatusOr<ExecutionReport> report = impl_->Await(reply, timeout);
  if (report.ok()) engine::DecodeInPlace(impl_->options().codec.get(), *report);
  if (absl::IsDeadlineExceeded(report.status())) {
    impl_->Post([reply](Sequencer& loop) { loop.waiters().Remove(reply); });
    return absl::DeadlineExceededError(
        fmt::format("execution \"{}\" has not ended within the time given", execution));
  }
  return report;
}

absl::StatusOr<ExecutionReport> Engine::Report(std::string_view execution) {
  absl::StatusOr<ExecutionReport> report = impl_->AskLoop<ExecutionReport>(
      [name = std::string(execution)](Sequencer& loop) -> absl::StatusOr<ExecutionReport> {
        const Ledger& ledger = loop.ledger();
        const absl::StatusOr<const core::Execution*> found = engine::Resolve(ledger.state(), name);
        if (!found.ok()) return found.status();
        return engine::ReportOf(ledger.state(), ledger.payloads(), **found);
      });
  if (report.ok()) engine::DecodeInPlace(impl_->options().codec.get(), *report);
  return report;
}

absl::StatusOr<std::vector<ExecutionSummary>> Engine::List() {
  return impl_->AskLoop<std::vector<ExecutionSummary>>(
      [](Sequencer& loop) { return engine::Summaries(loop.ledger().state()); });
}

absl::StatusOr<ExecutionSummary> Engine::Find(std::string_view execution) {
  return impl_->AskLoop<ExecutionSummary>(
      [name = std::string(execution)](Sequencer& loop) -> absl::StatusOr<ExecutionSummary> {
        const auto found = engine::Resolve(loop.ledger().state(), name);
        if (!found.ok()) return found.status();
        return core::MakeSummary(**found);
      });
}

absl::StatusOr<SnapshotInfo> Engine::Snapshot() {
  if (absl::Status status = impl_->CheckMayAsk(); !status.ok()) return status;
  const auto reply = std::make_shared<engine::Reply<SnapshotInfo>>();
  const bool posted = impl_->Post([reply](Sequencer& loop) {
    if (!loop.ledger().failure().ok()) return reply->Set(loop.ledger().failure());
    if (loop.snapshotter() == nullptr) {
      return reply->Set(absl::FailedPreconditionError(
          "snapshot: a memory engine has no directory to put it into"));
    }
    loop.snapshotter()->Demand(reply);
  });
  if (!posted) return Impl::Closed();
  return impl_->Await(reply);
}

namespace {

EngineStats StatsOf(Sequencer& loop) {
  EngineStats stats{.seq = loop.ledger().state().seq(),
                    .released = loop.ledger().journal().released(),
                    .slots = loop.attempts().slots(),
                    .running = loop.attempts().slots_taken(),
                    .zombies = loop.attempts().zombies(),
                    .late_reports = loop.attempts().late_reports(),
                    .room = loop.ledger().room()};
  for (const BreakerInfo& breaker : core::MakeBreakers(loop.ledger().state())) {
    if (breaker.state == BreakerState::kOpen) ++stats.breakers_open;
    if (breaker.state == BreakerState::kHalfOpen) ++stats.breakers_half_open;
  }
  if (loop.snapshotter() != nullptr) loop.snapshotter()->AddTo(stats);
  return stats;
}

}  // namespace

absl::StatusOr<EngineStats> Engine::Stats() { return impl_->AskLoop<EngineStats>(StatsOf); }

absl::StatusOr<std::string> Engine::Metrics() {
  const std::optional<engine::DiskUse> disk = engine::DiskUseOf(impl_->options());
  return impl_->AskLoop<std::string>([impl = impl_.get(), disk](Sequencer& loop) {
    const EngineRecovery& recovery = impl->recovery();
    engine::Gauges gauges = {.state = &loop.ledger().state(),
                             .stats = StatsOf(loop),
                             .recovery = recovery.snapshot_time + recovery.replay_time,
                             .snapshot_age = -absl::InfiniteDuration(),
                             .disk = disk};
    wal::WriterStats writer;
    if (const engine::Snapshotter* snapshotter = loop.snapshotter(); snapshotter != nullptr) {
      writer = snapshotter->writer_stats();
      gauges.writer = &writer;
      if (const auto newest = snapshotter->newest()) {
        gauges.snapshot_age = impl->options().clock->Wall() - *newest;
      }
    }
    return engine::MetricsText(loop.ledger().meter().counts(), gauges);
  });
}

}  // namespace stet
