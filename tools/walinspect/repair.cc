// walinspect salvage and repair: a new log from what is left of a damaged one.
#include "stet/wal/repair.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "stet/inspect.h"
#include "stet/wal/inspect.h"
#include "tools/walinspect/advice.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/snapshot_folder.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

constexpr size_t kStreamsShown = 8;

std::string SeqsText(const wal::Loss& loss) {
  if (loss.last_seq == 0) return "no seq is known";
  return fmt::format("seq {}..{}", loss.first_seq, loss.last_seq);
}

std::string StreamsText(const wal::Loss& loss) {
  std::string text;
  for (size_t i = 0; i < loss.streams.size() && i < kStreamsShown; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : " ",
                        loss.streams[i] == 0 ? "engine" : Hex(loss.streams[i]));
  }
  if (loss.streams.size() > kStreamsShown) {
    text += fmt::format(" and {} more", loss.streams.size() - kStreamsShown);
  }
  if (!loss.streams_complete) text += text.empty() ? "unknown" : ", and perhaps others";
  return text;
}

void PrintText(const wal::LossManifest& manifest, const RepairArguments& arguments,
               const std::string& directory) {
  const bool lost = !manifest.losses.empty();
  fmt::print("{}: {}{}\n", manifest.source,
             manifest.refused == wal::Refusal::kNone ? "opens" : wal::ToString(manifest.refused),
             manifest.written ? "" : "   (dry run: nothing is written)");
  fmt::print("  keeps     {}, up to lsn {}\n",
             manifest.last_seq == 0
                 ? "no event"
                 : fmt::format("seq {}..{}", manifest.first_seq, manifest.last_seq),
             Hex(manifest.end_lsn));
  const std::string count = fmt::format("{}{}", manifest.lost_complete ? "" : "at least ",
                                        Counted(manifest.lost_records, "event", "events"));
  fmt::print("  loses     {}\n", lost ? Painted(Colour::kRed, count) : "nothing");
  for (const wal::Loss& loss : manifest.losses) {
    fmt::print("    {}, {}: {} lsn {}..{}: {}; executions: {}\n", SeqsText(loss), loss.cause,
               loss.file, Hex(loss.lsn_begin), Hex(loss.lsn_end), loss.text, StreamsText(loss));
  }
  for (const wal::Change& change : manifest.changes) {
    fmt::print("  change    {}: {} offset {}: {}\n", change.action, change.file, change.offset,
               change.text);
  }
  if (!manifest.written) {
    fmt::print("  next      the same with --yes writes {}\n", arguments.target);
    return;
  }
  fmt::print("  written   {}, and {}/{} beside it\n", manifest.target, manifest.target,
             wal::kManifestName);
  fmt::print("  next      walinspect verify --deep {}\n", Quoted(arguments.target));
  fmt::print("  then      mv {} {}.damaged && mv {} {}\n", Quoted(manifest.source),
             Quoted(manifest.source), Quoted(manifest.target), Quoted(manifest.source));
  if (directory != manifest.source) {
    fmt::print(
        "            (only the log and its snapshots are in {}: attempt logs and the like stay in "
        "{})\n",
        arguments.target, directory);
  }
}

// The library's names of actions, as options.
std::string AsOptions(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {": fix_bit would", ": --fix-bit would"},
      {": header would", ": --header would"},
      {": log_id would", ": --log-id would"},
      {": accept_loss would", ": --accept-loss would"}};
  for (const auto& [name, option] : kNames) {
    const size_t at = text.find(name);
    if (at != std::string::npos) text.replace(at, name.size(), option);
  }
  return text;
}

Exit SayWhyNot(const absl::Status& status, const wal::Options& options,
               const RepairArguments& arguments) {
  Trouble trouble = {.code = "io_error",
                     .message = AsOptions(std::string(status.message())),
                     .file = options.directory};
  Exit exit = Exit::kInputOutput;
  if (absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status)) {
    trouble.code = "usage";
    trouble.file = arguments.target;
    exit = Exit::kUsage;
  } else if (absl::IsFailedPrecondition(status) || absl::IsDataLoss(status)) {
    const wal::RecoveryReport report = ExamineWithSnapshots(options);
    trouble.code = report.live_pid    ? "live"
                   : report.refused() ? std::string(wal::ToString(report.refusal))
                                      : "nothing_to_repair";
    exit = report.live_pid || report.refused() ? Exit::kDamage : Exit::kClean;
  }
  Say(trouble, arguments.json);
  return exit;
}

// The log of an engine's directory goes to the same place in the new one.
absl::StatusOr<std::string> TargetFor(const wal::Options& options,
                                      const RepairArguments& arguments) {
  std::string target = arguments.target;
  while (target.size() > 1 && target.ends_with('/')) target.pop_back();
  if (options.directory == arguments.directory) return target;
  std::error_code error;
  if (std::filesystem::exists(target, error)) {
    return absl::AlreadyExistsError(
        fmt::format("{}: exists; a repaired log goes into a new directory", target));
  }
  if (arguments.yes && !std::filesystem::create_directory(target, error)) {
    return absl::UnavailableError(fmt::format("{}: {}", target, error.message()));
  }
  return target + "/wal";
}

}  // namespace

Exit RunRepair(const RepairArguments& arguments) {
  const wal::Options options = LogOptions(arguments.directory);
  if (arguments.target.empty()) {
    Say({.code = "usage",
         .message = "--out NEW is needed: a directory that does not exist yet",
         .next = fmt::format("--out {}", Quoted(FreshName(arguments.directory)))},
        arguments.json);
    return Exit::kUsage;
  }
  wal::RepairActions actions = {.fix_bit = arguments.fix_bit || arguments.salvage,
                                .header = arguments.header || arguments.salvage,
                                .log_id = arguments.log_id || arguments.salvage,
                                .accept_loss = arguments.accept_loss || arguments.salvage};
  if (!actions.fix_bit && !actions.header && !actions.log_id && !actions.accept_loss) {
    Say({.code = "usage",
         .message = "want one or more of --fix-bit, --header, --log-id, --accept-loss",
         .next = fmt::format("`walinspect verify {}` says which", Quoted(arguments.directory))},
        arguments.json);
    return Exit::kUsage;
  }
  // A dry run first: nothing is made for a repair that would be refused.
  wal::RepairOptions repair = {.source = options,
                               .target = FreshName(options.directory) + ".dry",
                               .actions = actions,
                               .anchors = AnchorsOf(arguments.directory)};
  if (const auto tried = wal::Repair(repair); !tried.ok()) {
    return SayWhyNot(tried.status(), options, arguments);
  }
  const absl::StatusOr<std::string> target = TargetFor(options, arguments);
  if (!target.ok()) return SayWhyNot(target.status(), options, arguments);
  repair.target = *target;
  repair.write = arguments.yes;
  const auto manifest = wal::Repair(repair);
  if (!manifest.ok()) return SayWhyNot(manifest.status(), options, arguments);
  // Of an engine's directory the log alone may not open.
  if (arguments.yes && *target != arguments.target) {
    const absl::Status copied = CopySnapshots(arguments.directory, arguments.target);
    if (!copied.ok()) return SayWhyNot(copied, options, arguments);
  }
  if (arguments.json) {
    fmt::print("{}\n", Json::parse(manifest->ToJson()).dump());
  } else {
    PrintText(*manifest, arguments, arguments.directory);
  }
  return manifest->losses.empty() ? Exit::kClean : Exit::kTornTail;
}

}  // namespace stet::walinspect
