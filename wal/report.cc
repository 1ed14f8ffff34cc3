// Findings and reports as words.
#include <array>

#include <absl/strings/cord.h>
#include <fmt/format.h>

#include "stet/wal/recovery.h"
#include "wal/recovered_log.h"

namespace stet::wal {
namespace {

constexpr std::string_view kRefusalPayload = "stet.dev/wal.Refusal";

}  // namespace

std::string_view ToString(Verdict verdict) {
  constexpr std::array<std::string_view, 5> kNames = {"clean", "torn_tail", "stale_tail", "unborn",
                                                      "refused"};
  return kNames[static_cast<size_t>(verdict)];
}

std::string_view ToString(Refusal refusal) {
  constexpr std::array<std::string_view, 22> kNames = {
      "NONE",         "LOST_TAIL",      "CORRUPT_ACKED", "SUSPECT_TAIL", "MISDIRECTED",
      "CHAIN_BROKEN", "IO_ERROR",       "TRUNCATED",     "HEADER_LOST",  "MISSING_SEGMENT",
      "MISNAMED",     "FOREIGN",        "UNSUPPORTED",   "NO_BASE",      "LOG_BEHIND_SNAPSHOT",
      "LOG_GAP",      "FORKED_HISTORY", "LOG_MISSING",   "NOT_A_LOG",    "NO_LOG_ID",
      "LOCKED",       "NO_ACCESS"};
  static_assert(kNames.size() == static_cast<size_t>(Refusal::kNoAccess) + 1);
  return kNames[static_cast<size_t>(refusal)];
}

std::string_view ToString(Severity severity) {
  constexpr std::array<std::string_view, 3> kNames = {"info", "warning", "refusal"};
  return kNames[static_cast<size_t>(severity)];
}

std::string Finding::ToString() const {
  std::string line = code;
  if (!file.empty()) line += fmt::format(" {} offset {}", file, offset);
  if (lsn_end > lsn_begin) {
    line += fmt::format(", lsn {:#x}..{:#x} ({} bytes)", lsn_begin, lsn_end, lsn_end - lsn_begin);
  }
  if (first_seq != 0 && last_seq >= first_seq) {
    line += fmt::format(", seq {}..{}", first_seq, last_seq);
  } else if (first_seq != 0) {
    line += fmt::format(", from seq {}", first_seq);
  }
  line += ": " + text;
  if (!next_command.empty()) line += fmt::format("; run: {}", next_command);
  return line;
}

const Finding* RecoveryReport::refusal_finding() const {
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::kRefusal) return &finding;
  }
  return nullptr;
}

std::string RecoveryReport::ToString() const {
  std::string text = fmt::format("{}: {}", directory, wal::ToString(verdict));
  if (refused()) text += fmt::format(" ({})", wal::ToString(refusal));
  if (last_seq != 0) text += fmt::format(", seq {}..{}", first_seq, last_seq);
  text += fmt::format(", {} batches in {} segments, epoch {}", batches, segments, epoch);
  if (anchor) text += fmt::format(", from the anchor at seq {}", anchor->seq);
  if (dropped_bytes != 0) text += fmt::format(", {} bytes dropped", dropped_bytes);
  if (dropped_last_seq != 0) {
    text += fmt::format(" (seq {}..{})", dropped_first_seq, dropped_last_seq);
  }
  if (live_pid) text += fmt::format(", held by process {}", *live_pid);
  for (const Finding& finding : findings) {
    text += fmt::format("\n  {}: {}", wal::ToString(finding.severity), finding.ToString());
  }
  return text;
}

void SetRefusal(Refusal refusal, absl::Status* status) {
  const std::string name(ToString(refusal));
  status->SetPayload({kRefusalPayload.data(), kRefusalPayload.size()}, absl::Cord(name));
}

Refusal RefusalOf(const absl::Status& status) {
  const auto payload = status.GetPayload({kRefusalPayload.data(), kRefusalPayload.size()});
  if (!payload) return Refusal::kNone;
  const std::string name(*payload);
  for (int i = 0; i <= static_cast<int>(Refusal::kNoAccess); ++i) {
    if (name == ToString(static_cast<Refusal>(i))) return static_cast<Refusal>(i);
  }
  return Refusal::kNone;
}

}  // namespace stet::wal
