// By cause and by refusal; what a repair would do is tried in memory before it is advised.
#include "tools/walinspect/advice.h"

#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stet/wal/inspect.h"
#include "stet/wal/repair.h"
#include "tools/walinspect/snapshot_folder.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

// Something else than a repair comes first.
std::string FirstStep(const wal::RecoveryReport& report) {
  const wal::Finding* finding = report.refusal_finding();
  const std::string file = finding == nullptr ? "" : Quoted(finding->file);
  switch (report.refusal) {
    case wal::Refusal::kMissingSegment:
      return fmt::format("put {} back, if a backup has it: nothing else brings it back", file);
    case wal::Refusal::kForeign:
    case wal::Refusal::kMisnamed:
      return fmt::format(
          "move {} away if it does not belong here, and put the right file in its "
          "place",
          file);
    case wal::Refusal::kTruncated:
      return fmt::format("if this is a copy, copy {} again", file);
    case wal::Refusal::kIoError:
      return fmt::format("look at the device (dmesg, smartctl), and copy {} before it gets worse",
                         file);
    case wal::Refusal::kLogMissing:
    case wal::Refusal::kNotALog:
      return fmt::format("see whether the file system is mounted: findmnt -T {}",
                         Quoted(report.directory));
    case wal::Refusal::kNoBase:
      return "put the segments of the beginning back, or a snapshot that covers them";
    case wal::Refusal::kUnsupported:
      return "read it with the version that wrote it, or a later one";
    case wal::Refusal::kNoAccess:
      return fmt::format("see whether it is there, and its permissions: ls -la {}",
                         Quoted(report.directory));
    default:
      return {};
  }
}

bool IsForRepair(wal::Refusal refusal) {
  return refusal != wal::Refusal::kNotALog && refusal != wal::Refusal::kLogMissing &&
         refusal != wal::Refusal::kUnsupported && refusal != wal::Refusal::kNoAccess &&
         refusal != wal::Refusal::kLocked;
}

// The cheapest repair that makes the log open; empty if none does.
std::string RepairStep(const wal::Options& options, const std::string& directory) {
  constexpr std::array<std::pair<std::string_view, wal::RepairActions>, 4> kTries = {
      {{"--fix-bit", {.fix_bit = true}},
       {"--log-id", {.log_id = true}},
       {"--header", {.header = true}},
       {"--fix-bit --header --log-id", {.fix_bit = true, .header = true, .log_id = true}}}};
  const std::string target = FreshName(options.directory);
  const std::string shown = Quoted(FreshName(directory));
  const std::vector<wal::Anchor> anchors = AnchorsOf(directory);
  for (const auto& [flags, actions] : kTries) {
    if (wal::Repair({.source = options, .target = target, .actions = actions, .anchors = anchors})
            .ok()) {
      return fmt::format("walinspect repair {} {} --out {}   (nothing is lost)", Quoted(directory),
                         flags, shown);
    }
  }
  const auto saved = wal::Salvage({.source = options, .target = target, .anchors = anchors});
  if (!saved.ok()) return {};
  std::string loses = Counted(saved->lost_records, "event", "events");
  if (!saved->lost_complete) {
    loses = saved->lost_records == 0 ? "what is missing" : "at least " + loses;
  }
  return fmt::format(
      "walinspect salvage {} --out {}   (keeps {}, loses {})", Quoted(directory), shown,
      saved->last_seq == 0 ? "nothing"
                           : fmt::format("seq {}..{}", saved->first_seq, saved->last_seq),
      loses);
}

}  // namespace

std::string Quoted(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string FreshName(std::string directory) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  return directory + ".repaired";
}

std::string NextFor(const wal::Explanation& said, const std::string& directory) {
  switch (said.cause) {
    case wal::Cause::kIntact:
    case wal::Cause::kUnused:
    case wal::Cause::kDead:
      return {};
    case wal::Cause::kNewer:
      return "read it with the version that wrote it, or a later one";
    case wal::Cause::kForeign:
      return fmt::format("move {} to the log that it belongs to, and put the right file here",
                         Quoted(said.file));
    case wal::Cause::kTorn:
    case wal::Cause::kStale:
      if (!said.promised) return {};
      break;
    default:
      if (said.spare) return {};
  }
  if (said.cause == wal::Cause::kBitFlip) {
    return fmt::format("walinspect repair {} --fix-bit --out {}", Quoted(directory),
                       Quoted(FreshName(directory)));
  }
  return fmt::format("walinspect verify {}", Quoted(directory));
}

std::vector<std::string> StepsFor(const wal::RecoveryReport& report, const wal::Options& options,
                                  const std::string& directory) {
  std::vector<std::string> steps;
  if (!report.refused()) return steps;
  if (report.live_pid) {
    steps.push_back(
        fmt::format("stop process {}, then ask again: it writes this log", *report.live_pid));
    return steps;
  }
  if (std::string first = FirstStep(report); !first.empty()) steps.push_back(std::move(first));
  if (!IsForRepair(report.refusal)) return steps;
  const wal::Finding* finding = report.refusal_finding();
  if (finding != nullptr && finding->lsn_begin != 0) {
    steps.push_back(
        fmt::format("walinspect explain {} {:#x}", Quoted(directory), finding->lsn_begin));
  }
  if (std::string repair = RepairStep(options, directory); !repair.empty()) {
    steps.push_back(std::move(repair));
  } else {
    steps.push_back(
        fmt::format("walinspect dump {}   (no beginning of the log can be kept; this "
                    "shows what can still be read)",
                    Quoted(directory)));
  }
  return steps;
}

}  // namespace stet::walinspect
