// Opens the books, runs the loop, closes.
#include "engine/host.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "engine/opening.h"
#include "engine/progress.h"
#include "engine/workers.h"

namespace stet::engine {
namespace {

constexpr uint64_t kPayloadBytesHardMax = 8 << 20;
// What else is in the batch of a payload: a key, an error, the tasks that it makes ready, headers,
// and zeros up to the log's alignment.
constexpr uint64_t kBatchSlackBytes = 128 << 10;

// Threads that wait for work end at once when they are asked to.
constexpr absl::Duration kIdleThreadsEnd = absl::Seconds(10);
constexpr absl::Duration kBusyThreadsEnd = absl::Milliseconds(50);

uint32_t SlotsOf(const EngineOptions& options) {
  if (options.concurrency != 0) return options.concurrency;
  return std::max(1U, std::thread::hardware_concurrency());
}

// What the log would refuse is refused before a directory is made for it.
absl::Status CheckLog(const EngineOptions& options) {
  if (options.directory.empty()) return absl::OkStatus();
  wal::Options log = options.log;
  log.durability = options.durability;
  return wal::CheckOptions(log);
}

// A payload that the limits allow must fit into a batch, or it would be refused when it is too late.
absl::Status CheckFits(const EngineOptions& options) {
  if (options.directory.empty()) return absl::OkStatus();
  const uint64_t batch_max = wal::BatchBytesMaxOf(options.log.segment_bytes);
  const uint64_t needed = options.limits.payload_bytes + kBatchSlackBytes;
  if (needed <= batch_max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("limits.payload_bytes is {}: a batch for it has {} bytes, and a log with "
                  "log.segment_bytes {} takes {}",
                  options.limits.payload_bytes, needed, options.log.segment_bytes, batch_max));
}

// The threads come first: an engine that can run nothing leaves no epoch behind.
absl::StatusOr<Opening> OpenWith(Workers& workers, const EngineOptions& options) {
  if (options.execute) RETURN_IF_ERROR(workers.Start(options.on_note));
  return OpenBooks(options);
}

}  // namespace

absl::StatusOr<Catalog> MakeCatalog(const EngineOptions& options) {
  if (options.limits.payload_bytes > kPayloadBytesHardMax) {
    return absl::InvalidArgumentError(fmt::format("limits.payload_bytes is {}: at most {}",
                                                  options.limits.payload_bytes,
                                                  kPayloadBytesHardMax));
  }
  RETURN_IF_ERROR(CheckLog(options));
  RETURN_IF_ERROR(CheckFits(options));
  for (const auto& [name, activity] : options.activities) {
    if (!activity) return absl::InvalidArgumentError(fmt::format("activity \"{}\" is empty", name));
  }
  for (const auto& [name, limit] : options.activity_limits) {
    if (limit.starts == 0 || limit.per > absl::ZeroDuration()) continue;
    return absl::InvalidArgumentError(fmt::format(
        "activity_limits[\"{}\"]: starts is {}, per must be above 0", name, limit.starts));
  }
  Catalog catalog;
  for (const Workflow& workflow : options.workflows) {
    ASSIGN_OR_RETURN(core::PreparedWorkflow prepared,
                     core::PreparedWorkflow::Make(workflow, options.limits.tasks));
    if (!catalog.emplace(workflow.name, std::move(prepared)).second) {
      return absl::InvalidArgumentError(
          fmt::format("two workflows are named \"{}\"", workflow.name));
    }
  }
  return catalog;
}

Host::Host(EngineOptions options, Catalog catalog)
    : options_(std::move(options)),
      catalog_(std::move(catalog)),
      activities_(std::make_shared<const Activities>(options_.activities)),
      inbox_(std::make_shared<Inbox>()) {}

Host::~Host() { (void)Close(); }

absl::Status Host::Open() {
  const auto opened = std::make_shared<Reply<EngineRecovery>>();
  try {
    MutexLock lock(mutex_);
    thread_ = std::thread([this, opened] { RunThread(opened); });
  } catch (const std::system_error& error) {
    return NoThread("the engine's loop", error);
  }
  ASSIGN_OR_RETURN(recovery_, opened->Take());
  return absl::OkStatus();
}

absl::Status Host::Close() {
  MutexLock lock(mutex_);
  if (thread_.joinable()) {
    Post([grace = options_.close_grace](Sequencer& loop) { loop.Close(grace); });
    thread_.join();
  }
  return ended_;
}

// Nothing without a log.
std::optional<Snapshotter> Host::NewSnapshotter(Opening& opening) const {
  if (!opening.snapshots) return std::nullopt;
  return std::optional<Snapshotter>(std::in_place,
                                    Snapshotter::Parts{.store = *std::move(opening.snapshots),
                                                       .writer = opening.writer,
                                                       .ledger = opening.ledger.get(),
                                                       .inbox = inbox_,
                                                       .clock = options_.clock,
                                                       .recovery_target = options_.recovery_target,
                                                       .history = options_.history,
                                                       .on_note = options_.on_note},
                                    SnapshotBase{.newest = opening.recovery.snapshot,
                                                 .tail = opening.tail,
                                                 .replay_time = opening.recovery.replay_time});
}

void Host::RunThread(const ReplyPtr<EngineRecovery>& opened) {
  pthread_setname_np(pthread_self(), "stet-loop");  // For top and perf.
  const uint32_t slots = SlotsOf(options_);
  Workers workers(slots, inbox_, activities_);
  absl::StatusOr<Opening> opening = OpenWith(workers, options_);
  if (!opening.ok()) {
    inbox_->Close();
    return opened->Set(opening.status());
  }
  Ledger& ledger = *opening->ledger;
  Progress progress(options_.on_task, options_.on_ended);
  if (progress.wanted()) {
    ledger.SetObserver([&](const core::EventRef& event, const core::State& state, Outbox& outbox) {
      progress.Observe(event, state, outbox);
    });
  }
  std::optional<Snapshotter> snapshotter = NewSnapshotter(*opening);
  Sequencer loop({.ledger = &ledger,
                  .inbox = inbox_.get(),
                  .workers = &workers,
                  .activities = activities_.get(),
                  .clock = options_.clock,
                  .attempts = {.slots = slots,
                               .output_bytes_max = options_.limits.payload_bytes,
                               .clock = options_.clock,
                               .limits = options_.activity_limits},
                  .retention = options_.retention,
                  .execute = options_.execute,
                  .snapshotter = snapshotter ? &*snapshotter : nullptr});
  inbox_->SetWake([&ledger] { ledger.journal().Wake(); });
  AnswerWhenReleased<EngineRecovery>(ledger, opened, std::move(opening->recovery));
  loop.Resume();
  ended_ = loop.Run();
  inbox_->SetWake(nullptr);

  const bool all_returned = loop.attempts().idle();
  const uint32_t busy = workers.Shutdown(all_returned ? kIdleThreadsEnd : kBusyThreadsEnd);
  if (busy > 0) {
    // Their contexts point into the definitions.
    workers.KeepAlive(std::make_shared<const Books>(ledger.TakeBooks()));
    if (options_.on_note) {
      options_.on_note(fmt::format("{} activities did not stop and are left to themselves", busy));
    }
  }
}

}  // namespace stet::engine
