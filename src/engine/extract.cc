// Chooses events, changes them, applies them anew and writes them.
#include "stet/extract.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/apply.h"
#include "engine/backup_note.h"
#include "engine/replayed.h"
#include "engine/replayer.h"
#include "engine/resolve.h"
#include "schema/parse.h"
#include "schema/rewrite.h"
#include "stet/wal/recovery.h"
#include "stet/wal/writer.h"

namespace stet {
namespace {

using schema::EventType;

constexpr size_t kGroupBytes = 256 << 10;
constexpr size_t kGroupEvents = 4096;

// Which events come along.
class Selection {
 public:
  static absl::StatusOr<Selection> Of(const core::State& state,
                                      const std::vector<std::string>& names) {
    Selection selection;
    selection.all_ = names.empty();
    for (const std::string& name : names) {
      ASSIGN_OR_RETURN(const core::Execution* found, engine::Resolve(state, name));
      selection.AddWithParents(state, found);
    }
    // A child is younger than who started it.
    for (const auto& execution : state.executions()) {
      const bool child = selection.executions_.contains(execution->parent.execution);
      if (selection.all_ || child) selection.executions_.insert(execution->id);
    }
    for (const auto& execution : state.executions()) {
      if (!selection.executions_.contains(execution->id)) continue;
      selection.definitions_.insert(execution->definition->hash());
    }
    return selection;
  }

  size_t executions() const { return executions_.size(); }

  bool Takes(const wal::Record& record) const {
    if (all_) return true;
    if (record.stream != 0) return executions_.contains(record.stream);
    switch (static_cast<EventType>(record.type)) {
      case EventType::DefinitionChunk:
        return Knows(*schema::Trusted<fb::DefinitionChunk>(record.payload));
      case EventType::DefinitionSealed:
        return Knows(*schema::Trusted<fb::DefinitionSealed>(record.payload));
      case EventType::ExecutionsPurged:
      case EventType::BreakerMoved:
      case EventType::ScheduleCreated:
      case EventType::ScheduleRemoved:
      case EventType::SchedulePaused:
      case EventType::ScheduleResumed:
      case EventType::SchedulePlanned:
      case EventType::ScheduleSkipped:
        return false;
      default:
        return true;
    }
  }

 private:
  void AddWithParents(const core::State& state, const core::Execution* execution) {
    for (; execution != nullptr; execution = state.FindExecution(execution->parent.execution)) {
      executions_.insert(execution->id);
    }
  }

  template <class Event>
  bool Knows(const Event& event) const {
    return definitions_.contains({.high = event.hash_high(), .low = event.hash_low()});
  }

  bool all_ = false;
  std::set<uint64_t> executions_;
  std::set<WorkflowHash> definitions_;
};

// A log that is being made.
class NewLog {
 public:
  explicit NewLog(std::string directory) : directory_(std::move(directory)) {}
  NewLog(const NewLog&) = delete;
  NewLog& operator=(const NewLog&) = delete;
  ~NewLog() {
    std::error_code ignored;
    if (made_ && !kept_) std::filesystem::remove_all(directory_, ignored);
  }

  absl::Status Begin() {
    ASSIGN_OR_RETURN(storage_, wal::OpenStorage(wal::Backend::kPosix));
    const absl::Status made = storage_->MakeDirectory(directory_);
    if (absl::IsAlreadyExists(made)) {
      return absl::AlreadyExistsError(
          fmt::format("{}: exists; nothing is overwritten, name a new directory", directory_));
    }
    RETURN_IF_ERROR(made);
    made_ = true;
    RETURN_IF_ERROR(engine::WriteBackupNote(*storage_, directory_, {}));
    wal::Options log = LogOptionsFor(directory_);
    log.create = true;
    log.durability = wal::Durability::kOs;
    log.helper_thread = false;
    ASSIGN_OR_RETURN(wal::RecoveredLog recovered, wal::Recover(log));
    ASSIGN_OR_RETURN(writer_, wal::Writer::Start(std::move(recovered), log));
    return absl::OkStatus();
  }

  // Returns how many bytes were redacted.
  absl::StatusOr<size_t> Add(const wal::Record& record, bool redact) {
    sources_.push_back(record.seq);
    Event event = {.stream = record.stream == 0 ? 0 : NumberOf(record.stream),
                   .type = record.type,
                   .schema_id = record.schema_id,
                   .payload = {record.payload.begin(), record.payload.end()}};
    schema::Renumber(event.type, event.payload, [this](uint64_t seq) { return NumberOf(seq); });
    const size_t redacted = redact ? schema::Redact(event.type, event.payload) : 0;
    RETURN_IF_ERROR(core::Apply({.seq = sources_.size(),
                                 .stream = event.stream,
                                 .type = event.type,
                                 .payload = event.payload},
                                state_, nullptr));
    group_bytes_ += event.payload.size();
    group_.push_back(std::move(event));
    if (group_bytes_ >= kGroupBytes || group_.size() >= kGroupEvents) RETURN_IF_ERROR(Append());
    return redacted;
  }

  // Whole and durable, as long as the marker says so.
  absl::Status Finish() {
    RETURN_IF_ERROR(Append());
    RETURN_IF_ERROR(writer_->Flush());
    const wal::Anchor end = writer_->durable_end();
    RETURN_IF_ERROR(writer_->Close());
    writer_.reset();
    ASSIGN_OR_RETURN(const Replayed replayed, Replay({.directory = directory_}));
    if (replayed.seq() != state_.seq() || replayed.digest() != state_.digest()) {
      return absl::DataLossError(fmt::format(
          "{}: written with seq {} and digest {:016x}, read back with {} and {:016x}", directory_,
          state_.seq(), state_.digest(), replayed.seq(), replayed.digest()));
    }
    RETURN_IF_ERROR(engine::WriteBackupNote(*storage_, directory_, {.finished = true, .end = end}));
    kept_ = true;
    return absl::OkStatus();
  }

  const core::State& state() const { return state_; }

 private:
  struct Event {
    uint64_t stream = 0;
    uint16_t type = 0;
    uint32_t schema_id = 0;
    std::vector<std::byte> payload = {};
  };

  // Of an event of the source; 0 when it has not come along.
  uint64_t NumberOf(uint64_t seq) const {
    const auto at = std::lower_bound(sources_.begin(), sources_.end(), seq);
    if (at == sources_.end() || *at != seq) return 0;
    return static_cast<uint64_t>(at - sources_.begin()) + 1;
  }

  absl::Status Append() {
    if (group_.empty()) return absl::OkStatus();
    std::vector<wal::NewRecord> records;
    records.reserve(group_.size());
    for (const Event& event : group_) {
      records.push_back({.stream = event.stream,
                         .type = event.type,
                         .schema_id = event.schema_id,
                         .payload = event.payload});
    }
    RETURN_IF_ERROR(writer_->Append(records, state_.digest()).status());
    group_.clear();
    group_bytes_ = 0;
    return writer_->Poll(absl::ZeroDuration());
  }

  const std::string directory_;
  bool made_ = false;
  bool kept_ = false;
  std::unique_ptr<wal::Storage> storage_;
  std::unique_ptr<wal::Writer> writer_;
  core::State state_;
  std::vector<uint64_t> sources_;  // the seqs in the source, in order
  std::vector<Event> group_;
  size_t group_bytes_ = 0;
};

}  // namespace

absl::StatusOr<ExtractReport> Extract(const ExtractOptions& options) {
  ReplayOptions source = options.source;
  source.whole_log = true;
  ASSIGN_OR_RETURN(const Replayed end, Replay(source));
  if (end.log().first_seq > 1) {
    return absl::OutOfRangeError(fmt::format(
        "{}: its log begins with event {}: what was before was given up, and executions that "
        "stand in a snapshot cannot be extracted",
        source.directory, end.log().first_seq));
  }
  ASSIGN_OR_RETURN(const Selection selection,
                   Selection::Of(end.impl().books.state, options.executions));
  source.at_seq = end.seq();
  ASSIGN_OR_RETURN(engine::Replayer replayer, engine::Replayer::Open(source));
  NewLog made(options.directory);
  RETURN_IF_ERROR(made.Begin());
  ExtractReport report = {.executions = selection.executions()};
  for (;; ++report.events_read) {
    ASSIGN_OR_RETURN(const bool more, replayer.Next());
    if (!more) break;
    if (!selection.Takes(replayer.record())) continue;
    ASSIGN_OR_RETURN(const size_t redacted, made.Add(replayer.record(), options.redact));
    report.bytes_redacted += redacted;
    ++report.events;
  }
  RETURN_IF_ERROR(made.Finish());
  report.digest = made.state().digest();
  return report;
}

}  // namespace stet
