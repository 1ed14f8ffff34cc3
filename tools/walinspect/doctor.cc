// walinspect doctor: everything around a log that decides how well it can work.
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "stet/inspect.h"
#include "stet/wal/inspect.h"
#include "stet/wal/repair.h"
#include "stet/wal/storage.h"
#include "tools/walinspect/advice.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

constexpr uint64_t kLockedWanted = 8 << 20;  // for registered buffers of a busy log
constexpr uint64_t kFilesWanted = 256;

struct Limits {
  std::optional<uint64_t> locked_bytes = {};  // nothing: no limit
  std::optional<uint64_t> files = {};
  int io_uring_disabled = 0;  // as the kernel's sysctl of that name
};

struct Checkup {
  wal::RecoveryReport report = {};
  wal::FileSystemFacts facts = {};
  Limits limits = {};
  std::string backend = {};       // what a log would be written with
  std::string backend_note = {};  // why not the better one
  wal::QueueStats queue = {};
  std::optional<uint64_t> free_bytes = {};
  uint64_t log_bytes = 0;
  uint64_t largest_segment = 0;
  std::string start_reason = {};  // of the last segment
  int64_t started_ns = 0;
  bool repaired = false;  // a manifest of losses lies in it
  std::vector<std::string> advice = {};
};

std::optional<uint64_t> LimitOf(int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return std::nullopt;
  return limit.rlim_cur == RLIM_INFINITY ? std::nullopt : std::optional<uint64_t>(limit.rlim_cur);
}

Limits CurrentLimits() {
  Limits limits = {.locked_bytes = LimitOf(RLIMIT_MEMLOCK), .files = LimitOf(RLIMIT_NOFILE)};
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> limits.io_uring_disabled;
  return limits;
}

void LookAtLog(const wal::Options& options, Checkup* checkup) {
  const auto segments = wal::ListSegments(options);
  if (!segments.ok()) return;
  for (const wal::SegmentInfo& segment : *segments) {
    checkup->log_bytes += segment.file_bytes;
    checkup->largest_segment = std::max(checkup->largest_segment, segment.segment_bytes);
    if (segment.state != "active") continue;
    checkup->start_reason = segment.start_reason;
    checkup->started_ns = segment.created_ns;
  }
}

void Advise(const Checkup& checkup, std::vector<std::string>* advice) {
  const wal::FileSystemFacts& facts = checkup.facts;
  for (const std::string& warning : facts.warnings) advice->push_back(warning);
  if (!checkup.backend_note.empty()) {
    advice->push_back(
        fmt::format("the log is written by {}: {}", checkup.backend, checkup.backend_note));
  }
  if (!checkup.queue.refused.empty()) {
    advice->push_back(fmt::format("the kernel refused the better ways to use {}: {}",
                                  checkup.backend, checkup.queue.refused));
  }
  if (checkup.limits.locked_bytes && *checkup.limits.locked_bytes < kLockedWanted) {
    advice->push_back(fmt::format(
        "only {} of memory may be locked: buffers cannot be registered with the kernel; "
        "`ulimit -l` or LimitMEMLOCK= raises that",
        BytesText(*checkup.limits.locked_bytes)));
  }
  if (checkup.limits.files && *checkup.limits.files < kFilesWanted) {
    advice->push_back(
        fmt::format("only {} files may be open: `ulimit -n` raises that", *checkup.limits.files));
  }
  const uint64_t wanted = 2 * std::max<uint64_t>(checkup.largest_segment, 4 << 20);
  if (checkup.free_bytes && *checkup.free_bytes < wanted) {
    advice->push_back(fmt::format("{} are free; the next two segments may need {}",
                                  BytesText(*checkup.free_bytes), BytesText(wanted)));
  }
  if (checkup.start_reason == "repair" || checkup.repaired) {
    advice->push_back(fmt::format("this log was repaired; {}/{} says what was lost",
                                  checkup.report.directory, wal::kManifestName));
  }
}

Checkup CheckupOf(const std::string& directory, const wal::Options& options) {
  Checkup checkup = {.report = ExamineWithSnapshots(options), .limits = CurrentLimits()};
  if (const auto storage = wal::OpenStorage(wal::Backend::kAuto); storage.ok()) {
    checkup.facts = (*storage)->Describe(options.directory);
    checkup.backend = (*storage)->name();
    checkup.backend_note = (*storage)->note();
    if (const auto queue = (*storage)->NewQueue(); queue.ok()) checkup.queue = (*queue)->stats();
  }
  std::error_code error;
  const auto space = std::filesystem::space(options.directory, error);
  if (!error) checkup.free_bytes = space.available;
  checkup.repaired =
      std::filesystem::exists(options.directory + "/" + std::string(wal::kManifestName), error);
  LookAtLog(options, &checkup);
  checkup.advice = StepsFor(checkup.report, options, directory);
  Advise(checkup, &checkup.advice);
  return checkup;
}

Json FactsJson(const wal::FileSystemFacts& facts) {
  return {{"type", facts.type},
          {"device", facts.device},
          {"mount_point", facts.mount_point},
          {"mount_options", facts.mount_options},
          {"block_bytes", facts.block_bytes},
          {"physical_block_bytes", facts.physical_block_bytes},
          {"direct_io", facts.direct_io},
          {"in_memory", facts.in_memory},
          {"network", facts.network},
          {"stacked", facts.stacked},
          {"copy_on_write", facts.copy_on_write},
          {"volatile_cache", facts.volatile_cache},
          {"fua", facts.fua},
          {"warnings", facts.warnings}};
}

Json Number(const std::optional<uint64_t>& value) { return value ? Json(*value) : Json(nullptr); }

void PrintJson(const Checkup& checkup, Exit exit) {
  const wal::RecoveryReport& report = checkup.report;
  PrintLine(
      {{"version", WALINSPECT_VERSION},
       {"kernel", checkup.facts.kernel},
       {"directory", report.directory},
       {"holder_pid", report.live_pid ? Json(*report.live_pid) : Json(nullptr)},
       {"verdict", wal::ToString(report.verdict)},
       {"refusal", report.refused() ? Json(wal::ToString(report.refusal)) : Json(nullptr)},
       {"last_seq", report.last_seq},
       {"epoch", report.epoch},
       {"segments", report.segments},
       {"log_bytes", checkup.log_bytes},
       {"free_bytes", Number(checkup.free_bytes)},
       {"last_start", {{"reason", checkup.start_reason}, {"time", TimeJson(checkup.started_ns)}}},
       {"repaired", checkup.repaired || checkup.start_reason == "repair"},
       {"backend", checkup.backend},
       {"backend_note", checkup.backend_note},
       {"queue",
        {{"setup", checkup.queue.setup},
         {"refused", checkup.queue.refused},
         {"registered_files", checkup.queue.registered_files}}},
       {"file_system", FactsJson(checkup.facts)},
       {"limits",
        {{"locked_bytes", Number(checkup.limits.locked_bytes)},
         {"files", Number(checkup.limits.files)},
         {"io_uring_disabled", checkup.limits.io_uring_disabled}}},
       {"advice", checkup.advice},
       {"exit", static_cast<int>(exit)}});
}

void PrintText(const Checkup& checkup, Exit exit) {
  const wal::RecoveryReport& report = checkup.report;
  const bool good = exit == Exit::kClean || exit == Exit::kTornTail;
  fmt::print(
      "{}: {}\n", report.directory,
      Painted(good ? Colour::kGreen : Colour::kRed,
              report.refused() ? wal::ToString(report.refusal) : wal::ToString(report.verdict)));
  fmt::print("  lock      {}\n", report.live_pid
                                     ? fmt::format("held by process {}", *report.live_pid)
                                     : "free: no process writes this log");
  fmt::print("  log       {}, {}, epoch {}; {} on disk, {} free\n",
             report.last_seq == 0 ? "no event"
                                  : fmt::format("seq {}..{}", report.first_seq, report.last_seq),
             Counted(static_cast<uint64_t>(report.segments), "segment", "segments"), report.epoch,
             BytesText(checkup.log_bytes),
             checkup.free_bytes ? BytesText(*checkup.free_bytes) : "an unknown number of bytes");
  if (!checkup.start_reason.empty()) {
    fmt::print("  started   {} ({})\n", TimeText(checkup.started_ns), checkup.start_reason);
  }
  if (const wal::Finding* finding = report.refusal_finding(); finding != nullptr) {
    fmt::print("  why       {}\n", finding->text);
  }
  std::string facts = checkup.facts.ToString();
  for (size_t at = facts.find('\n'); at != std::string::npos; at = facts.find('\n', at + 1)) {
    facts.insert(at + 1, "            ");
  }
  fmt::print("  disk      {}\n", facts);
  fmt::print("  backend   {}, {}{}\n", checkup.backend, checkup.queue.ToString(),
             checkup.backend_note.empty() ? "" : " (" + checkup.backend_note + ")");
  const auto limit = [](const std::optional<uint64_t>& value, bool bytes) {
    if (!value) return std::string("unlimited");
    return bytes ? BytesText(*value) : fmt::format("{}", *value);
  };
  fmt::print("  limits    locked memory {}, open files {}, io_uring_disabled {}\n",
             limit(checkup.limits.locked_bytes, true), limit(checkup.limits.files, false),
             checkup.limits.io_uring_disabled);
  fmt::print("  version   walinspect {}, kernel {}\n", WALINSPECT_VERSION, checkup.facts.kernel);
  for (const std::string& one : checkup.advice) fmt::print("  advice    {}\n", one);
  if (checkup.advice.empty()) fmt::print("  advice    none: all is well\n");
}

}  // namespace

Exit RunDoctor(const DoctorArguments& arguments) {
  const wal::Options options = LogOptions(arguments.directory);
  const Checkup checkup = CheckupOf(arguments.directory, options);
  const Exit exit = ExitOf(checkup.report);
  if (arguments.json) {
    PrintJson(checkup, exit);
  } else {
    PrintText(checkup, exit);
  }
  return exit;
}

}  // namespace stet::walinspect
