// State of a directory at any event, read without its lock.
#include "stet/inspect.h"

#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/views.h"
#include "core/why.h"
#include "engine/replay.h"
#include "engine/replayed.h"
#include "engine/replayer.h"
#include "engine/reports.h"
#include "engine/resolve.h"
#include "engine/schedule_operations.h"
#include "schema/describe.h"
#include "schema/event_type.h"

namespace stet {

using engine::Books;

absl::StatusOr<Replayed> Replay(const ReplayOptions& options) {
  ASSIGN_OR_RETURN(engine::Replayer replayer, engine::Replayer::Open(options));
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, replayer.Next());
    if (!more) break;
  }
  auto impl = std::make_unique<Replayed::Impl>();
  impl->log = replayer.log();
  impl->books = replayer.TakeBooks();
  return Replayed(std::move(impl));
}

wal::RecoveryReport ExamineWithSnapshots(const wal::Options& log) {
  absl::StatusOr<engine::Examined> examined = engine::ExamineLog(log);
  // Snapshots that cannot be listed are none: what the log says then is what there is to say.
  return examined.ok() ? std::move(examined->log) : wal::Examine(log);
}

absl::StatusOr<std::vector<SnapshotInfo>> ListSnapshots(const std::string& directory) {
  ASSIGN_OR_RETURN(engine::SnapshotStore store, engine::StoreBeside(engine::LogIn(directory, {})));
  ASSIGN_OR_RETURN(std::vector<SnapshotInfo> snapshots, store.List());
  for (SnapshotInfo& snapshot : snapshots) {
    if (snapshot.status.ok()) snapshot.status = store.Verify(snapshot);
  }
  return snapshots;
}

Replayed::Replayed(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Replayed::Replayed(Replayed&&) noexcept = default;
Replayed& Replayed::operator=(Replayed&&) noexcept = default;
Replayed::~Replayed() = default;

uint64_t Replayed::seq() const { return impl_->books.state.seq(); }
absl::Time Replayed::time() const { return impl_->books.state.time(); }
uint32_t Replayed::epoch() const { return impl_->books.state.epoch(); }
uint64_t Replayed::digest() const { return impl_->books.state.digest(); }
const wal::RecoveryReport& Replayed::log() const { return impl_->log; }

std::vector<ExecutionSummary> Replayed::List() const {
  return engine::Summaries(impl_->books.state);
}

absl::StatusOr<ExecutionReport> Replayed::Report(std::string_view execution) const {
  const Books& books = impl_->books;
  ASSIGN_OR_RETURN(const core::Execution* found, engine::Resolve(books.state, execution));
  return engine::ReportOf(books.state, books.payloads, *found);
}

std::vector<DeadLetter> Replayed::DeadLetters() const {
  return engine::DeadLettersOf(impl_->books.state, impl_->books.payloads);
}

std::vector<BreakerInfo> Replayed::Breakers() const {
  return core::MakeBreakers(impl_->books.state);
}

absl::StatusOr<DeadLetter> Replayed::GetDeadLetter(std::string_view execution,
                                                   std::string_view task) const {
  const Books& books = impl_->books;
  ASSIGN_OR_RETURN(const core::RunRef run, engine::ResolveTask(books.state, execution, task));
  return engine::DeadLetterOf(books.state, books.payloads, run);
}

std::vector<ScheduleReport> Replayed::Schedules(absl::Time now) const {
  return engine::SchedulesOf(impl_->books.state, now, false);
}

absl::StatusOr<WhyReport> Replayed::Why(std::string_view execution, size_t tasks_max) const {
  const core::State& state = impl_->books.state;
  ASSIGN_OR_RETURN(const core::Execution* found, engine::Resolve(state, execution));
  return core::Explain(
      state, *found, {}, [](uint32_t) { return true; }, tasks_max);
}

absl::StatusOr<Workflow> Replayed::Definition(std::string_view execution) const {
  ASSIGN_OR_RETURN(const core::Execution* found, engine::Resolve(impl_->books.state, execution));
  return found->definition->ToWorkflow();
}

std::string_view EventTypeName(uint16_t type) {
  return schema::ToString(static_cast<schema::EventType>(type));
}

std::optional<uint16_t> EventTypeFrom(std::string_view name) {
  for (const schema::EventType type : schema::AllEventTypes()) {
    if (schema::ToString(type) == name) return static_cast<uint16_t>(type);
  }
  return std::nullopt;
}

std::vector<std::string_view> EventTypeNames() {
  std::vector<std::string_view> names;
  for (const schema::EventType type : schema::AllEventTypes()) {
    names.push_back(schema::ToString(type));
  }
  return names;
}

absl::StatusOr<std::string> DescribeEvent(uint16_t type, wal::Bytes payload, size_t chars_max) {
  return schema::Describe(type, payload, {.payload_chars_max = chars_max});
}

wal::Options LogOptionsFor(std::string_view directory, wal::Options log) {
  log.directory = fmt::format("{}/wal", directory);
  log.state_digest_version = engine::kStateDigestVersion;
  log.event_level = schema::kEventLevel;
  log.event_level_max = schema::kEventLevel;
  return log;
}

}  // namespace stet
