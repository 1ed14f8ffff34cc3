// Recover and Examine: the same examination, with the lock or without.
#include "stet/wal/recovery.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "stet/wal/storage.h"
#include "wal/examiner.h"
#include "wal/recovered_log.h"
#include "wal/segments.h"
#include "wal/writer_limits.h"

namespace stet::wal {
namespace {

constexpr int kLiveAttempts = 4;

// Makes durable what was accepted: a killed predecessor may not have flushed it, and writes of its
// may have reached the disk while it was read.  What is accepted now must still be there after a
// power cut.  Only the last segment can hold such bytes: its header was written when all before the
// end that it states was durable, and so on back to the first.
absl::Status FlushAccepted(Storage* storage, const std::string& directory, const ReadPlan& plan) {
  RETURN_IF_ERROR(storage->SyncDirectory(directory));
  if (plan.segments.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                   storage->Open(plan.segments.back().path, OpenMode::kReadWrite));
  return file->Flush();
}

absl::Status Refused(const std::string& directory, Refusal refusal, int row, std::string text) {
  return StatusOf(
      RefusalReport(directory, refusal, {.row = row, .file = directory, .text = std::move(text)}));
}

// The storage to use: the caller's, or the machine's.
absl::StatusOr<Storage*> StorageFor(const Options& options, std::unique_ptr<Storage>* owned) {
  if (options.storage != nullptr) return options.storage;
  ASSIGN_OR_RETURN(*owned, OpenStorage(options.backend));
  return owned->get();
}

// A directory that is not there yet is made durably, with create; its parent must exist.
absl::Status PrepareDirectory(Storage* storage, const Options& options) {
  const absl::Status listed = storage->List(options.directory).status();
  if (!absl::IsNotFound(listed)) return listed;
  if (!options.create) {
    return Refused(options.directory, Refusal::kNotALog, 31, "there is no such directory");
  }
  const absl::Status made = storage->MakeDirectory(options.directory);
  if (absl::IsAlreadyExists(made)) return absl::OkStatus();
  RETURN_IF_ERROR(made);
  return storage->SyncDirectory(ParentOf(options.directory));
}

ExamineMode ModeOf(const Options& options, std::span<const Anchor> anchors) {
  ExamineMode mode = {.create = options.create,
                      .lenient = options.tail == TailPolicy::kLenient,
                      .event_level_max = options.event_level_max,
                      .anchors = {anchors.begin(), anchors.end()}};
  std::sort(mode.anchors.begin(), mode.anchors.end(),
            [](const Anchor& a, const Anchor& b) { return a.seq > b.seq; });
  return mode;
}

absl::Status CheckAnchors(std::span<const Anchor> anchors) {
  for (const Anchor& anchor : anchors) {
    if (anchor.seq > 0 && SegnoOf(anchor.lsn) > 0 && OffsetOf(anchor.lsn) % kCommitAlignMin == 0 &&
        OffsetOf(anchor.lsn) > FirstBatchOffset(kCommitAlignMin)) {
      continue;
    }
    return absl::InvalidArgumentError(fmt::format(
        "anchor: no batch that holds seq {} ends at lsn {:#x}", anchor.seq, anchor.lsn));
  }
  return absl::OkStatus();
}

// A writer goes on while its log is read: what it makes durable between two reads would look like a
// broken promise.  So only promises that were seen before a scan began count in it.
Decision ExamineLive(Storage* storage, ExamineMode mode, Survey* survey) {
  mode.live = true;
  Decision decision = Examine(survey, mode);
  for (int i = 1; i < kLiveAttempts && decision.report.refused(); ++i) {
    if (decision.scans.empty()) break;
    mode.promised_max = decision.report.durable_lsn;
    absl::StatusOr<Survey> again = TakeSurvey(storage, survey->directory);
    if (!again.ok()) continue;  // a segment was retired meanwhile
    *survey = *std::move(again);
    decision = Examine(survey, mode);
  }
  return decision;
}

// Which storage found it, and how long it took.
void Sign(Storage* storage, int64_t begin_ns, RecoveryReport* report) {
  report->storage = storage->name();
  report->storage_note = storage->note();
  report->duration = absl::Nanoseconds(storage->MonotonicNanos() - begin_ns);
}

}  // namespace

absl::Status StatusOf(const RecoveryReport& report) {
  const Finding* finding = report.refusal_finding();
  if (finding == nullptr) return absl::OkStatus();
  absl::StatusCode code = absl::StatusCode::kDataLoss;
  if (report.refusal == Refusal::kLocked) code = absl::StatusCode::kFailedPrecondition;
  if (report.refusal == Refusal::kNotALog) code = absl::StatusCode::kNotFound;
  if (report.refusal == Refusal::kUnsupported) code = absl::StatusCode::kUnimplemented;
  if (report.refusal == Refusal::kNoAccess) code = absl::StatusCode::kUnavailable;
  absl::Status status(code, finding->ToString());
  SetRefusal(report.refusal, &status);
  return status;
}

RecoveredLog::RecoveredLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RecoveredLog::RecoveredLog(RecoveredLog&&) noexcept = default;
RecoveredLog& RecoveredLog::operator=(RecoveredLog&&) noexcept = default;
RecoveredLog::~RecoveredLog() = default;

const RecoveryReport& RecoveredLog::report() const { return impl_->report; }
uint64_t RecoveredLog::last_seq() const { return impl_->report.last_seq; }
uint32_t RecoveredLog::epoch() const { return impl_->tail.epoch; }
const RecoveredTail& RecoveredLog::tail() const { return impl_->tail; }

Anchor AnchorBehind(const BatchInfo& batch) {
  return {.seq = batch.first_seq + batch.record_count - 1,
          .lsn = batch.lsn + batch.bytes,
          .batch_id = batch.batch_id};
}

Reader RecoveredLog::NewReader() const {
  return NewReader(impl_->report.anchor ? impl_->report.anchor->seq + 1 : 1);
}

Reader RecoveredLog::NewReader(uint64_t from_seq) const {
  return MakeReader(impl_->storage, impl_->tail.accepted, from_seq);
}

absl::StatusOr<RecoveredLog> Recover(const Options& options, std::span<const Anchor> anchors) {
  if (options.directory.empty()) return absl::InvalidArgumentError("options: directory is empty");
  RETURN_IF_ERROR(CheckOptions(options));
  RETURN_IF_ERROR(CheckAnchors(anchors));
  auto impl = std::make_unique<RecoveredLog::Impl>();
  ASSIGN_OR_RETURN(impl->storage, StorageFor(options, &impl->owned));
  Storage* const storage = impl->storage;
  const auto no_access = [&](const absl::Status& status) {
    if (RefusalOf(status) != Refusal::kNone) return status;
    absl::Status with_refusal = status;
    SetRefusal(Refusal::kNoAccess, &with_refusal);
    return with_refusal;
  };
  if (absl::Status made = PrepareDirectory(storage, options); !made.ok()) return no_access(made);
  absl::StatusOr<std::unique_ptr<Lock>> lock =
      storage->TakeLock(PathIn(options.directory, kLockName), options.lock_wait);
  if (absl::IsFailedPrecondition(lock.status())) {
    return Refused(options.directory, Refusal::kLocked, 34, std::string(lock.status().message()));
  }
  if (!lock.ok()) return no_access(lock.status());
  impl->lock = *std::move(lock);
  const int64_t begin = storage->MonotonicNanos();
  absl::StatusOr<Survey> survey = TakeSurvey(storage, options.directory);
  if (!survey.ok()) return no_access(survey.status());
  Decision decision = Examine(&*survey, ModeOf(options, anchors));
  RETURN_IF_ERROR(StatusOf(decision.report));
  if (absl::Status flushed = FlushAccepted(storage, options.directory, decision.tail.accepted);
      !flushed.ok()) {
    if (absl::IsPermissionDenied(flushed)) return no_access(flushed);
    return Refused(options.directory, Refusal::kIoError, 9, std::string(flushed.message()));
  }
  impl->report = std::move(decision.report);
  Sign(storage, begin, &impl->report);
  impl->tail = std::move(decision.tail);
  return RecoveredLog(std::move(impl));
}

RecoveryReport Examine(const Options& options, std::span<const Anchor> anchors) {
  std::unique_ptr<Storage> owned;
  const auto no_access = [&](const absl::Status& status) {
    return RefusalReport(options.directory, Refusal::kNoAccess,
                         {.file = options.directory, .text = std::string(status.message())});
  };
  if (absl::Status checked = CheckAnchors(anchors); !checked.ok()) return no_access(checked);
  const absl::StatusOr<Storage*> storage = StorageFor(options, &owned);
  if (!storage.ok()) return no_access(storage.status());
  const int64_t begin = (*storage)->MonotonicNanos();
  absl::StatusOr<Survey> survey = TakeSurvey(*storage, options.directory);
  if (!survey.ok()) return no_access(survey.status());
  const std::optional<int> holder = (*storage)->LockHolder(PathIn(options.directory, kLockName));
  ExamineMode mode = ModeOf(options, anchors);
  Decision decision =
      holder ? ExamineLive(*storage, std::move(mode), &*survey) : Examine(&*survey, mode);
  decision.report.live_pid = holder;
  Sign(*storage, begin, &decision.report);
  return std::move(decision.report);
}

}  // namespace stet::wal
