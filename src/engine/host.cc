// Checks options, and runs the loop on a thread.
#include "engine/host.h"

#include <pthread.h>

#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/breakers.h"
#include "core/check_workflow.h"
#include "engine/codec.h"
#include "engine/logger.h"
#include "engine/worker_pool.h"

namespace stet::engine {
namespace {

constexpr uint64_t kPayloadBytesHardMax = 8 << 20;
// What else is in the batch of a payload: a key, an error, the tasks that it makes ready, headers,
// and zeros up to the log's alignment.
constexpr uint64_t kBatchSlackBytes = 128 << 10;

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

absl::Status CheckBreaker(std::string_view name, const BreakerPolicy& policy) {
  std::string wrong;
  if (!core::IsName(name)) wrong = "its name must be 1 to 255 bytes of UTF-8";
  if (policy.failure_threshold < 1) wrong = "failure_threshold must be at least 1";
  if (policy.cooldown <= absl::ZeroDuration()) wrong = "cooldown must be above 0";
  if (policy.probes < 1 || policy.probes > core::kProbesMax) wrong = "probes must be 1 to 100";
  if (policy.success_threshold < 1) wrong = "success_threshold must be at least 1";
  if (wrong.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("breakers[\"{}\"]: {}", name, wrong));
}

// Notes are lines of the host's log, too.
EngineOptions WithNotesLogged(EngineOptions options) {
  if (!options.on_log) return options;
  options.on_note = [note = std::move(options.on_note),
                     log = Logger(options.on_log)](std::string_view text) {
    if (note) note(text);
    log.Say(LogLevel::kWarning, text);
  };
  return options;
}

}  // namespace

absl::StatusOr<Catalog> MakeCatalog(EngineOptions& options) {
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
  if (options.cancel_grace < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("cancel_grace must not be below 0");
  }
  RETURN_IF_ERROR(CheckCodec(options.codec.get()));
  if (options.priority_ageing <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("priority_ageing must be above 0");
  }
  for (const auto& [name, limit] : options.activity_limits) {
    if (limit.starts == 0 || limit.per > absl::ZeroDuration()) continue;
    return absl::InvalidArgumentError(fmt::format(
        "activity_limits[\"{}\"]: starts is {}, per must be above 0", name, limit.starts));
  }
  for (const auto& [name, policy] : options.breakers) RETURN_IF_ERROR(CheckBreaker(name, policy));
  Catalog catalog;
  for (Workflow& workflow : std::exchange(options.workflows, {})) {
    const std::string name = workflow.name;
    ASSIGN_OR_RETURN(core::PreparedWorkflow prepared,
                     core::PreparedWorkflow::Make(std::move(workflow), options.limits.tasks));
    if (!catalog.emplace(name, std::move(prepared)).second) {
      return absl::InvalidArgumentError(fmt::format("two workflows are named \"{}\"", name));
    }
  }
  return catalog;
}

Host::Host(EngineOptions options, Catalog catalog, Ledger::Observer watch)
    : options_(WithNotesLogged(std::move(options))),
      catalog_(std::move(catalog)),
      watch_(std::move(watch)),
      activities_(std::make_shared<const Activities>(options_.activities)),
      inbox_(std::make_shared<Inbox>()) {}

Host::~Host() { (void)Close(); }

Machine::Parts Host::MachineParts() {
  return {.options = &options_,
          .inbox = inbox_,
          .activities = activities_,
          .catalog = &catalog_,
          .watch = watch_};
}

absl::Status Host::Open() {
  if (options_.threads == Threads::kNone) return OpenHere();
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
  if (options_.threads == Threads::kNone) return CloseHere();
  MutexLock lock(mutex_);
  if (thread_.joinable()) {
    Post([grace = options_.close_grace](Sequencer& loop) { loop.Close(grace); });
    thread_.join();
  }
  return ended_;
}

void Host::RunThread(const ReplyPtr<EngineRecovery>& opened) {
  pthread_setname_np(pthread_self(), "stet-loop");  // For top and perf.
  absl::StatusOr<std::unique_ptr<Machine>> machine = Machine::Open(MachineParts());
  if (!machine.ok()) {
    inbox_->Close();
    return opened->Set(machine.status());
  }
  AnswerWhenReleased<EngineRecovery>((*machine)->ledger(), opened, (*machine)->recovery());
  (*machine)->loop().Resume();
  ended_ = (*machine)->Run();
}

}  // namespace stet::engine
