// Cures in memory, judges, and only then writes.
#include "stet/wal/repair.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/cures.h"
#include "wal/cut.h"
#include "wal/io/aligned_buffer.h"
#include "wal/looking.h"
#include "wal/losses.h"
#include "wal/segments.h"

namespace stet::wal {
namespace {

constexpr uint64_t kCopyBytes = 1 << 20;

const Anchor* NewestOf(const std::vector<Anchor>& anchors) {
  const auto newest =
      std::max_element(anchors.begin(), anchors.end(),
                       [](const Anchor& a, const Anchor& b) { return a.seq < b.seq; });
  return newest == anchors.end() ? nullptr : &*newest;
}

class Mender {
 public:
  Mender(const RepairOptions& options, Storage* storage)
      : options_(options), storage_(*storage), overlay_(storage), over_(options.source) {
    over_.storage = &overlay_;
    over_.tail = TailPolicy::kStrict;
    over_.create = false;
  }

  absl::StatusOr<LossManifest> Run() {
    RETURN_IF_ERROR(CheckPlaces());
    const RecoveryReport before = Examine(over_, options_.anchors);
    if (before.refusal == Refusal::kNoAccess) {
      return absl::UnavailableError(before.refusal_finding()->ToString());
    }
    RETURN_IF_ERROR(Cure(options_.actions));
    const RecoveryReport cured = Examine(over_, options_.anchors);
    const bool cut = cured.refused();
    if (!cut && manifest_.changes.empty()) {
      return absl::FailedPreconditionError(
          fmt::format("{}: it opens as it is ({}): nothing to repair", over_.directory,
                      ToString(cured.verdict)));
    }
    if (cut && !options_.actions.accept_loss) return StillRefused(cured);
    manifest_.refused = before.refusal;
    RETURN_IF_ERROR(End(cured, cut));
    const RecoveryReport after = Examine(over_, options_.anchors);
    if (after.refused()) {
      return absl::DataLossError(
          fmt::format("even so open would refuse: {}", after.refusal_finding()->ToString()));
    }
    FillManifest(after);
    if (options_.write) RETURN_IF_ERROR(Write());
    return std::move(manifest_);
  }

 private:
  absl::Status CheckPlaces() const;
  absl::Status Cure(const RepairActions& actions);
  absl::Status StillRefused(const RecoveryReport& report) const;
  absl::Status End(const RecoveryReport& cured, bool cut);
  absl::Status Adopt(Survey* survey, const Anchor& anchor);
  void AddEnd(const Survey& survey, const Cut& end, uint64_t dropped_to);
  void FillManifest(const RecoveryReport& after);
  absl::Status Write();
  absl::Status Copy(const std::string& name);
  absl::Status WriteText(const std::string& name, const std::string& text);

  const RepairOptions& options_;
  Storage& storage_;
  OverlayStorage overlay_;
  Options over_;
  LossManifest manifest_;
};

absl::Status Mender::CheckPlaces() const {
  const std::string& source = over_.directory;
  if (options_.target.empty()) return absl::InvalidArgumentError("no target directory is given");
  if (options_.target == source || options_.target.starts_with(PathIn(source, ""))) {
    return absl::InvalidArgumentError(
        fmt::format("{}: lies in the log that is to be repaired", options_.target));
  }
  if (storage_.List(options_.target).ok()) {
    return absl::AlreadyExistsError(
        fmt::format("{}: exists; a repaired log goes into a new directory", options_.target));
  }
  if (const auto pid = storage_.LockHolder(PathIn(source, kLockName))) {
    return absl::FailedPreconditionError(
        fmt::format("{}: process {} writes this log; stop it first", source, *pid));
  }
  return absl::OkStatus();
}

absl::Status Mender::Cure(const RepairActions& actions) {
  if (actions.fix_bit) RETURN_IF_ERROR(CureBits(over_, &overlay_, &manifest_.changes));
  if (actions.log_id) RETURN_IF_ERROR(CureLogId(over_, &overlay_, &manifest_.changes));
  if (!actions.header) return absl::OkStatus();
  const size_t before = manifest_.changes.size();
  RETURN_IF_ERROR(CureHeaders(over_, &overlay_, &manifest_.changes));
  // With a header more can be told about what stands behind it.
  const bool more = actions.fix_bit && manifest_.changes.size() > before;
  return more ? CureBits(over_, &overlay_, &manifest_.changes) : absl::OkStatus();
}

// Tries the actions that were not asked for.
absl::Status Mender::StillRefused(const RecoveryReport& report) const {
  std::string help;
  constexpr std::pair<const char*, bool RepairActions::*> kActions[] = {
      {"fix_bit", &RepairActions::fix_bit},
      {"header", &RepairActions::header},
      {"log_id", &RepairActions::log_id}};
  for (const auto& [name, action] : kActions) {
    if (options_.actions.*action) continue;
    RepairOptions more = options_;
    more.write = false;
    more.actions.*action = true;
    more.actions.accept_loss = false;
    Mender other(more, &storage_);
    const bool helps = other.CheckPlaces().ok() && other.Cure(more.actions).ok() &&
                       !Examine(other.over_, more.anchors).refused();
    if (helps) help = fmt::format("{} would cure it", name);
    if (helps) break;
  }
  if (help.empty()) {
    help = "accept_loss would end the log before that place, and list what is lost";
  }
  return absl::FailedPreconditionError(
      fmt::format("still refused: {}: {}", report.refusal_finding()->ToString(), help));
}

// Ends the log where it ends, or where it is cut, with a segment that says so.
absl::Status Mender::End(const RecoveryReport& cured, bool cut) {
  ASSIGN_OR_RETURN(Survey survey, TakeSurvey(&overlay_, over_.directory));
  if (survey.log_id_state != LogIdState::kIntact) {
    return absl::DataLossError(
        fmt::format("{}: LOG_ID cannot be used, and the headers of the segments do not tell which "
                    "log this is",
                    over_.directory));
  }
  manifest_.log_id = ToString(survey.log_id.log_uuid);
  const Anchor* const anchor = NewestOf(options_.anchors);
  const absl::StatusOr<Cut> found = FindCut(&survey, anchor);
  const bool short_of_anchor =
      found.ok() ? anchor != nullptr && found->end_lsn < anchor->lsn : true;
  if (cut && anchor != nullptr && short_of_anchor) return Adopt(&survey, *anchor);
  RETURN_IF_ERROR(found.status());
  const Cut& end = *found;
  manifest_.end_lsn = end.end_lsn;
  if (!cut && manifest_.end_lsn != cured.end_lsn) {
    return absl::InternalError(
        fmt::format("{}: open would end the log at lsn {:#x}, the repair at {:#x}", over_.directory,
                    cured.end_lsn, manifest_.end_lsn));
  }
  uint64_t dropped_to = 0;
  if (cut) {
    dropped_to = ListLosses(over_, &survey, end, &manifest_);
    ApplyCut(survey, end, &overlay_, &manifest_.changes);
  } else if (cured.dropped_bytes != 0) {
    dropped_to = manifest_.end_lsn + cured.dropped_bytes;
  }
  for (size_t i = end.first; i < end.kept; ++i) {
    const SurveyedSegment& segment = survey.segments[i];
    const uint64_t bytes = segment.header().segment_bytes;
    if (segment.bytes.file_bytes() < bytes) overlay_.Resize(segment.bytes.path(), bytes);
  }
  AddEnd(survey, end, dropped_to);
  return absl::OkStatus();
}

void Mender::AddEnd(const Survey& survey, const Cut& end, uint64_t dropped_to) {
  const std::string path = AddSuccessor(survey, end, dropped_to, &storage_, &overlay_);
  manifest_.changes.push_back(
      {.action = "successor",
       .file = path,
       .text =
           fmt::format("a segment that says \"repair\": what stands behind lsn {:#x} was dropped",
                       manifest_.end_lsn)});
}

// The snapshot holds more than can be kept of the log: the new one begins behind it.
absl::Status Mender::Adopt(Survey* survey, const Anchor& anchor) {
  const Cut behind = CutBehind(anchor);
  manifest_.end_lsn = behind.end_lsn;
  const uint64_t lost_to = ListLosses(over_, survey, behind, &manifest_);
  Hide(*survey, 0, survey->segments.size(), &overlay_);
  manifest_.changes.push_back(
      {.action = "adopt",
       .file = over_.directory,
       .text = fmt::format("the log begins anew behind seq {}: a snapshot holds what came before",
                           anchor.seq)});
  AddEnd(*survey, behind, lost_to > behind.end_lsn ? lost_to : 0);
  return absl::OkStatus();
}

void Mender::FillManifest(const RecoveryReport& after) {
  manifest_.source = over_.directory;
  manifest_.target = options_.target;
  manifest_.created_ns = storage_.WallNanos();
  manifest_.first_seq = after.first_seq;
  manifest_.last_seq = after.last_seq;
  manifest_.verdict = after.verdict;
}

// LOG_ID comes last: a copy that was not finished never opens.
absl::Status Mender::Write() {
  ASSIGN_OR_RETURN(const Listing listing, ListLog(&overlay_, over_.directory));
  RETURN_IF_ERROR(storage_.MakeDirectory(options_.target));
  for (const uint64_t segno : listing.segnos) RETURN_IF_ERROR(Copy(SegmentName(segno)));
  manifest_.written = true;
  RETURN_IF_ERROR(WriteText(std::string(kManifestName), manifest_.ToJson() + "\n"));
  RETURN_IF_ERROR(storage_.SyncDirectory(options_.target));
  ASSIGN_OR_RETURN(const LogId id, ReadLogId(&overlay_, over_.directory));
  RETURN_IF_ERROR(WriteLogId(&storage_, options_.target, id));
  RETURN_IF_ERROR(storage_.SyncDirectory(ParentOf(options_.target)));
  Options written = over_;
  written.storage = &storage_;
  written.directory = options_.target;
  const RecoveryReport report = Examine(written, options_.anchors);
  if (!report.refused() && report.last_seq == manifest_.last_seq) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("the new log was written, and is not what it should be: {}", report.ToString()));
}

absl::Status Mender::Copy(const std::string& name) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> from,
                   overlay_.Open(PathIn(over_.directory, name), OpenMode::kRead));
  ASSIGN_OR_RETURN(const std::unique_ptr<File> to,
                   storage_.Open(PathIn(options_.target, name), OpenMode::kCreate));
  ASSIGN_OR_RETURN(const uint64_t size, from->Size());
  RETURN_IF_ERROR(to->Allocate(size));
  AlignedBuffer buffer(kCopyBytes, kCommitAlignMax);
  for (uint64_t at = 0; at < size; at += kCopyBytes) {
    ASSIGN_OR_RETURN(const size_t got, from->Read(at, buffer.span()));
    RETURN_IF_ERROR(to->Write(at, buffer.span().first(got)));
  }
  return to->Flush();
}

absl::Status Mender::WriteText(const std::string& name, const std::string& text) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                   storage_.Open(PathIn(options_.target, name), OpenMode::kCreate));
  RETURN_IF_ERROR(file->Write(0, std::as_bytes(std::span(text.data(), text.size()))));
  return file->Flush();
}

}  // namespace

absl::StatusOr<LossManifest> Repair(const RepairOptions& options) {
  const RepairActions& actions = options.actions;
  if (!actions.fix_bit && !actions.header && !actions.log_id && !actions.accept_loss) {
    return absl::InvalidArgumentError("repair: no action is given");
  }
  std::unique_ptr<Storage> owned;
  ASSIGN_OR_RETURN(Storage* const storage, ReadingStorage(options.source, &owned));
  return Mender(options, storage).Run();
}

absl::StatusOr<LossManifest> Salvage(const SalvageOptions& options) {
  return Repair({.source = options.source,
                 .target = options.target,
                 .actions = {.fix_bit = true, .header = true, .log_id = true, .accept_loss = true},
                 .write = options.write,
                 .anchors = options.anchors});
}

}  // namespace stet::wal
