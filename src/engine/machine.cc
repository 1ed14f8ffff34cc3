// Puts the parts of an engine together, and takes them apart.
#include "engine/machine.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "engine/host_workers.h"
#include "engine/inline_workers.h"
#include "engine/worker_pool.h"

namespace stet::engine {
namespace {

// Threads that wait for work end at once when they are asked to.
constexpr absl::Duration kIdleThreadsEnd = absl::Seconds(10);
constexpr absl::Duration kBusyThreadsEnd = absl::Milliseconds(50);

bool RunsInline(const EngineOptions& options) {
  return options.threads == Threads::kNone && !options.executor;
}

uint32_t SlotsOf(const EngineOptions& options) {
  if (options.concurrency != 0) return options.concurrency;
  return RunsInline(options) ? 1 : std::max(1U, std::thread::hardware_concurrency());
}

std::unique_ptr<Workers> NewWorkers(const Machine::Parts& parts) {
  const EngineOptions& options = *parts.options;
  const uint32_t slots = SlotsOf(options);
  if (options.executor) {
    return std::make_unique<HostWorkers>(slots, options.executor, parts.inbox, parts.activities);
  }
  if (RunsInline(options)) return std::make_unique<InlineWorkers>(slots, parts.inbox);
  return std::make_unique<WorkerPool>(slots, parts.inbox, parts.activities);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Machine>> Machine::Open(Parts parts) {
  std::unique_ptr<Workers> workers = NewWorkers(parts);
  // The threads come first: an engine that can run nothing leaves no epoch behind.
  if (parts.options->execute) RETURN_IF_ERROR(workers->Start(parts.options->on_note));
  ASSIGN_OR_RETURN(Opening opening, OpenBooks(*parts.options, parts.watch));
  return std::unique_ptr<Machine>(
      new Machine(std::move(parts), std::move(workers), std::move(opening)));
}

Machine::Machine(Parts parts, std::unique_ptr<Workers> workers, Opening opening)
    : parts_(std::move(parts)),
      workers_(std::move(workers)),
      opening_(std::move(opening)),
      progress_(parts_.options->on_task, parts_.options->on_ended, parts_.options->on_log),
      log_(parts_.options->on_log),
      snapshotter_(NewSnapshotter()),
      port_(NewPort()) {
  Observe();
  const EngineOptions& options = *parts_.options;
  loop_.emplace(
      Sequencer::Parts{.ledger = &ledger(),
                       .inbox = parts_.inbox.get(),
                       .workers = workers_.get(),
                       .activities = parts_.activities.get(),
                       .clock = options.clock,
                       .attempts = {.slots = SlotsOf(options),
                                    .output_bytes_max = options.limits.payload_bytes,
                                    .clock = options.clock,
                                    .limits = options.activity_limits,
                                    .breakers = {options.breakers.begin(), options.breakers.end()},
                                    .cancel_grace = options.cancel_grace,
                                    .ageing = options.priority_ageing,
                                    .port = port_,
                                    .codec = options.codec},
                       .retention = options.retention,
                       .catalog = parts_.catalog,
                       .limits = options.limits,
                       .execute = options.execute,
                       .snapshotter = snapshotter_ ? &*snapshotter_ : nullptr,
                       .snapshots_in_turns = options.threads == Threads::kOwn,
                       .on_log = options.on_log,
                       .on_wake = options.on_wake});
  parts_.inbox->SetWake([this] {
    ledger().journal().Wake();
    if (parts_.options->on_wake) parts_.options->on_wake();
  });
  LogOpened();
}

std::shared_ptr<LoopPort> Machine::NewPort() {
  const uint64_t bytes_max = parts_.options->limits.payload_bytes;
  return NewLoopPort(
      &ledger(), [this] { return AwaitRelease(); }, NewReportPort(parts_.inbox, bytes_max));
}

void Machine::LogOpened() const {
  const EngineRecovery& recovery = opening_.recovery;
  log_.Say(LogLevel::kInfo, "opened",
           {{"directory", parts_.options->directory},
            {"epoch", fmt::format("{}", recovery.epoch)},
            {"events_replayed", fmt::format("{}", recovery.events_replayed)},
            {"attempts_lost", fmt::format("{}", recovery.attempts_lost)},
            {"seconds", fmt::format("{:.3f}", absl::ToDoubleSeconds(recovery.snapshot_time +
                                                                    recovery.replay_time))}});
}

void Machine::Observe() {
  if (!progress_.wanted()) return;
  ledger().SetObserver(
      [this](const core::EventRef& event, const core::State& state, Outbox& outbox) {
        if (parts_.watch) parts_.watch(event, state, outbox);
        progress_.Observe(event, state, outbox);
      });
}

// Nothing without a log.
std::optional<Snapshotter> Machine::NewSnapshotter() {
  if (!opening_.snapshots) return std::nullopt;
  const EngineOptions& options = *parts_.options;
  return std::optional<Snapshotter>(std::in_place,
                                    Snapshotter::Parts{.store = *std::move(opening_.snapshots),
                                                       .writer = opening_.writer,
                                                       .ledger = opening_.ledger.get(),
                                                       .inbox = parts_.inbox,
                                                       .clock = options.clock,
                                                       .recovery_target = options.recovery_target,
                                                       .history = options.history,
                                                       .threads = options.threads == Threads::kOwn,
                                                       .on_note = options.on_note},
                                    SnapshotBase{.newest = opening_.recovery.snapshot,
                                                 .tail = opening_.tail,
                                                 .replay_time = opening_.recovery.replay_time});
}

absl::Status Machine::AwaitRelease() {
  while (ledger().journal().released() < ledger().state().seq()) {
    if (!ledger().Poll(absl::Seconds(1))) return ledger().failure();
  }
  return absl::OkStatus();
}

absl::Status Machine::Run() {
  const absl::Status ended = loop_->Run();
  ended_ = true;
  LeaveWorkers();
  log_.Say(ended.ok() ? LogLevel::kInfo : LogLevel::kError, "closed",
           {{"directory", parts_.options->directory}, {"status", ended.ToString()}});
  return ended;
}

Machine::~Machine() {
  if (!ended_) LeaveWorkers();
}

void Machine::LeaveWorkers() {
  port_->LeaveLoop();
  parts_.inbox->SetWake(nullptr);
  const bool all_returned = ended_ && loop_->attempts().idle();
  const uint32_t busy = workers_->Shutdown(all_returned ? kIdleThreadsEnd : kBusyThreadsEnd);
  if (busy == 0) return;
  // Their contexts point into the definitions.
  workers_->KeepAlive(std::make_shared<const Books>(ledger().TakeBooks()));
  if (parts_.options->on_note) {
    parts_.options->on_note(
        fmt::format("{} activities did not stop and are left to themselves", busy));
  }
}

}  // namespace stet::engine
