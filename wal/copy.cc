// Changes the end and the identity in memory, judges, and only then writes.
#include "stet/wal/copy.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/copy_end.h"
#include "wal/examiner.h"
#include "wal/io/aligned_buffer.h"
#include "wal/looking.h"
#include "wal/overlay_storage.h"
#include "wal/retirement.h"
#include "wal/segment_walk.h"
#include "wal/segments.h"

namespace stet::wal {
namespace {

constexpr uint64_t kCopyPieceBytes = 1 << 20;
// Whoever recycles a segment holds the lock for a rename and a flush.
constexpr absl::Duration kRetainWait = absl::Seconds(10);

class Copier {
 public:
  Copier(const CopyOptions& options, Storage* storage)
      : options_(options), storage_(*storage), overlay_(storage), over_(options.source) {
    over_.storage = &overlay_;
    over_.create = false;
    target_ = over_;
    target_.directory = options.target;
  }

  absl::StatusOr<LogCopy> Run() {
    RETURN_IF_ERROR(CheckPlaces());
    RETURN_IF_ERROR(Retain());
    const RecoveryReport source = Examine(over_, options_.anchors);
    RETURN_IF_ERROR(StatusOf(source));
    if (source.verdict == Verdict::kUnborn) {
      return absl::NotFoundError(fmt::format("{}: a log that holds nothing", over_.directory));
    }
    ASSIGN_OR_RETURN(survey_, TakeSurvey(&overlay_, over_.directory));
    RETURN_IF_ERROR(FindEnd(source));
    ApplyEnd(source.clean && end_.lsn(survey_) == source.end_lsn);
    if (options_.new_log) ApplyIdentity();
    ApplyLogId();
    RETURN_IF_ERROR(Judge(over_, &overlay_));
    RETURN_IF_ERROR(Write());
    RETURN_IF_ERROR(Prove());
    RETURN_IF_ERROR(WriteLogId(&storage_, options_.target, id_));
    RETURN_IF_ERROR(storage_.SyncDirectory(ParentOf(options_.target)));
    return std::move(copy_);
  }

 private:
  absl::Status CheckPlaces() const;
  absl::Status Retain();
  absl::Status FindEnd(const RecoveryReport& source);
  void ApplyEnd(bool clean);
  void ApplyIdentity();
  void ApplyLogId();
  std::vector<Anchor> Anchors() const;
  absl::Status Judge(const Options& log, OverlayStorage* storage);
  absl::Status Write();
  absl::StatusOr<bool> LinkSegment(const std::string& name);
  absl::Status CopySegment(const std::string& name);
  absl::Status Prove();
  absl::StatusOr<std::string> FirstDamage(OverlayStorage* storage,
                                          const std::string& directory) const;

  const CopyOptions& options_;
  Storage& storage_;
  OverlayStorage overlay_;
  Options over_;    // the source as the copy is to be
  Options target_;  // what was written
  std::unique_ptr<Lock> retain_;
  Survey survey_;
  CopyEnd end_;
  LogId id_;
  LogCopy copy_;
};

// What was there before the copy was begun, and is gone.
absl::Status Meanwhile(const absl::Status& status) {
  if (!absl::IsNotFound(status)) return status;
  return absl::AbortedError(
      fmt::format("the log gave up its beginning meanwhile: {}", std::string(status.message())));
}

absl::Status Copier::CheckPlaces() const {
  const std::string& target = options_.target;
  if (target.empty()) return absl::InvalidArgumentError("no target directory is given");
  if (target == over_.directory || target.starts_with(PathIn(over_.directory, ""))) {
    return absl::InvalidArgumentError(
        fmt::format("{}: lies in the log that is to be copied", target));
  }
  const auto there = storage_.List(target);
  if (absl::IsNotFound(there.status())) return absl::OkStatus();
  RETURN_IF_ERROR(there.status());
  if (there->empty()) return absl::OkStatus();
  return absl::AlreadyExistsError(
      fmt::format("{}: exists and is not empty; a copy goes into a new directory", target));
}

// From here on no segment is used again.  Only a process that has the log does that.
absl::Status Copier::Retain() {
  const bool links = options_.link && !options_.new_log;
  if (!links && !storage_.LockHolder(PathIn(over_.directory, kLockName))) return absl::OkStatus();
  auto lock = storage_.TakeLock(PathIn(over_.directory, kRetainName), kRetainWait);
  // Nobody writes where nobody may write; and what is copied is proved in the end.
  if (absl::IsPermissionDenied(lock.status())) return absl::OkStatus();
  RETURN_IF_ERROR(lock.status());
  retain_ = *std::move(lock);
  return absl::OkStatus();
}

absl::Status Copier::FindEnd(const RecoveryReport& source) {
  CopyLimits limits = {.end_lsn = source.end_lsn, .last_seq = options_.last_seq};
  if (options_.closed_by != absl::InfiniteFuture()) {
    limits.closed_by_ns = absl::ToUnixNanos(options_.closed_by);
  }
  const std::optional<CopyEnd> end = FindCopyEnd(&survey_, limits);
  if (!end) {
    return absl::OutOfRangeError(fmt::format("{}: it holds no event that old; its first is {}",
                                             over_.directory,
                                             std::max<uint64_t>(source.first_seq, 1)));
  }
  end_ = *end;
  copy_.first_seq = survey_.segments.front().header().first_seq;
  copy_.end = {
      .seq = end_.last_seq(), .lsn = end_.lsn(survey_), .batch_id = IdOf(end_.batch.batch_id)};
  copy_.closed_ns = end_.batch.closed_ns;
  if (source.last_seq > copy_.end.seq) {
    copy_.dropped_first_seq = copy_.end.seq + 1;
    copy_.dropped_last_seq = source.last_seq;
  }
  return absl::OkStatus();
}

// Nothing stands behind the last batch but zeros, and a slot promises it: the slots of the source may
// promise more.
void Copier::ApplyEnd(bool clean) {
  SurveyedSegment& last = survey_.segments[end_.segment];
  const SegmentHeader& header = last.header();
  const uint64_t align = uint64_t{1} << header.commit_align_log2;
  const std::string& path = last.bytes.path();
  const WatermarkSlot* const before = last.slots.newest();
  WatermarkSlot slot = {.flags = clean ? kSlotCleanClose : 0,
                        .salt = header.salt,
                        .slot_no = before == nullptr ? 1 : before->slot_no + 1,
                        .durable_lsn = copy_.end.lsn,
                        .durable_seq = copy_.end.seq,
                        .batch_id = end_.batch.batch_id,
                        .time_ns = storage_.WallNanos()};
  Seal(&slot);
  constexpr std::array<std::byte, sizeof(WatermarkSlot)> kZeroSlot = {};
  overlay_.ZeroFrom(path, end_.offset);
  overlay_.Patch(path, 2 * align, kZeroSlot);
  overlay_.Patch(path, 3 * align, kZeroSlot);
  overlay_.Patch(path, (2 + slot.slot_no % 2) * align, BytesOf(slot));
  for (size_t i = 0; i < survey_.segments.size(); ++i) {
    const SegmentBytes& bytes = survey_.segments[i].bytes;
    if (i > end_.segment) {
      overlay_.Hide(bytes.path());
    } else if (bytes.file_bytes() < survey_.segments[i].header().segment_bytes) {
      overlay_.Resize(bytes.path(), survey_.segments[i].header().segment_bytes);
    }
  }
  for (const std::string& name : survey_.listing.misnamed) {
    overlay_.Hide(PathIn(survey_.directory, name));
  }
  // Nobody has this log: it is judged as it stands.
  overlay_.Hide(PathIn(survey_.directory, kLockName));
}

// Batches do not carry the log's id: their own stay what they are.
void Copier::ApplyIdentity() {
  id_.log_uuid = {.low = storage_.Random(), .high = storage_.Random()};
  for (size_t i = 0; i <= end_.segment; ++i) {
    SegmentHeader header = survey_.segments[i].header();
    header.log_uuid = id_.log_uuid;
    Seal(&header);
    const std::string& path = survey_.segments[i].bytes.path();
    overlay_.Patch(path, 0, BytesOf(header));
    overlay_.Patch(path, uint64_t{1} << header.commit_align_log2, BytesOf(header));
  }
}

void Copier::ApplyLogId() {
  const Digest uuid = options_.new_log ? id_.log_uuid : survey_.log_id.log_uuid;
  id_ = survey_.log_id;
  id_.log_uuid = uuid;
  if (options_.new_log) id_.created_ns = storage_.WallNanos();
  // The last segment is to be missed when it goes, however it began.
  id_.minor = kLogIdMinorOpened;
  id_.opened_segno = survey_.segments[end_.segment].segno;
  Seal(&id_);
  overlay_.Patch(PathIn(over_.directory, kLogIdName), 0, BytesOf(id_));
  copy_.log_id = ToString(id_.log_uuid);
}

std::vector<Anchor> Copier::Anchors() const {
  std::vector<Anchor> anchors;
  for (const Anchor& anchor : options_.anchors) {
    if (anchor.seq <= copy_.end.seq) anchors.push_back(anchor);
  }
  return anchors;
}

// Whether open would take it, up to its end.
absl::Status Copier::Judge(const Options& log, OverlayStorage* storage) {
  Options judged = log;
  judged.storage = storage;
  const RecoveryReport report = Examine(judged, Anchors());
  if (report.refusal == Refusal::kNoBase || report.refusal == Refusal::kLogGap) {
    return absl::OutOfRangeError(fmt::format(
        "{}: the log begins with event {}, and no snapshot of what was before is old enough",
        log.directory, copy_.first_seq));
  }
  RETURN_IF_ERROR(StatusOf(report));
  if (report.end_lsn == copy_.end.lsn && report.last_seq == copy_.end.seq) {
    return absl::OkStatus();
  }
  return absl::DataLossError(fmt::format(
      "{}: the copy should end at lsn {:#x} with seq {}, and ends at lsn {:#x} with seq {}",
      log.directory, copy_.end.lsn, copy_.end.seq, report.end_lsn, report.last_seq));
}

absl::Status Copier::Write() {
  const absl::Status made = storage_.MakeDirectory(options_.target);
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  for (size_t i = 0; i <= end_.segment; ++i) {
    const std::string name = SegmentName(survey_.segments[i].segno);
    const bool as_it_is = options_.link && !options_.new_log && i < end_.segment;
    ASSIGN_OR_RETURN(const bool linked, as_it_is ? LinkSegment(name) : false);
    if (linked) continue;
    RETURN_IF_ERROR(Meanwhile(CopySegment(name)));
  }
  return storage_.SyncDirectory(options_.target);
}

absl::StatusOr<bool> Copier::LinkSegment(const std::string& name) {
  const absl::Status linked =
      storage_.Link(PathIn(over_.directory, name), PathIn(options_.target, name));
  if (absl::IsUnimplemented(linked)) return false;
  RETURN_IF_ERROR(Meanwhile(linked));
  ++copy_.segments_linked;
  return true;
}

// What is zero is not written: a new file reads so.
absl::Status Copier::CopySegment(const std::string& name) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> from,
                   overlay_.Open(PathIn(over_.directory, name), OpenMode::kRead));
  ASSIGN_OR_RETURN(const std::unique_ptr<File> to,
                   storage_.Open(PathIn(options_.target, name), OpenMode::kCreate));
  ASSIGN_OR_RETURN(const uint64_t bytes, from->Size());
  RETURN_IF_ERROR(to->Allocate(bytes));
  AlignedBuffer buffer(kCopyPieceBytes, kCommitAlignMax);
  for (uint64_t at = 0; at < bytes; at += kCopyPieceBytes) {
    ASSIGN_OR_RETURN(const size_t got, from->Read(at, buffer.span()));
    const auto piece = buffer.span().first(got);
    if (AllZero(piece)) continue;
    RETURN_IF_ERROR(to->Write(at, piece));
    copy_.bytes_copied += got;
  }
  ++copy_.segments_copied;
  return to->Flush();
}

// Reads every batch back, in front of the snapshots too; LOG_ID is not there yet.
absl::Status Copier::Prove() {
  OverlayStorage written(&storage_);
  const std::string id_path = PathIn(options_.target, kLogIdName);
  written.Add(id_path, sizeof(LogId));
  written.Patch(id_path, 0, BytesOf(id_));
  RETURN_IF_ERROR(Judge(target_, &written));
  ASSIGN_OR_RETURN(const std::string damage, FirstDamage(&written, options_.target));
  if (damage.empty()) return absl::OkStatus();
  // Most often it was copied: then the file to look at is the source's.
  ASSIGN_OR_RETURN(const std::string before, FirstDamage(&overlay_, over_.directory));
  return absl::DataLossError(
      before.empty()
          ? fmt::format("{}; what it was copied from, in {}, is whole", damage, over_.directory)
          : before);
}

// Where in the log, up to the copy's end, something else stands than a batch; empty: nowhere.
absl::StatusOr<std::string> Copier::FirstDamage(OverlayStorage* storage,
                                                const std::string& directory) const {
  ASSIGN_OR_RETURN(Survey survey, TakeSurvey(storage, directory));
  for (size_t i = 0; i < survey.segments.size(); ++i) {
    SurveyedSegment& segment = survey.segments[i];
    const SegmentHeader header = segment.header();
    const bool last = i + 1 == survey.segments.size();
    const uint64_t limit = last ? OffsetOf(copy_.end.lsn) : LimitOf(survey, i);
    SegmentWalk walk(&segment.bytes, header,
                     FirstBatchOffset(uint64_t{1} << header.commit_align_log2), limit,
                     FirstChain(header));
    while (walk.Next()) {
      const Piece& piece = walk.piece();
      if (piece.kind == Span::Kind::kBatch || piece.kind == Span::Kind::kSegmentEnd) continue;
      return fmt::format("{}: offset {}: {} where a batch should be: {}", segment.bytes.path(),
                         piece.offset, ToString(piece.kind), piece.text);
    }
    segment.bytes.Release();
  }
  return std::string();
}

}  // namespace

absl::StatusOr<LogCopy> CopyLog(const CopyOptions& options) {
  std::unique_ptr<Storage> owned;
  ASSIGN_OR_RETURN(Storage* const storage, ReadingStorage(options.source, &owned));
  return Copier(options, storage).Run();
}

}  // namespace stet::wal
