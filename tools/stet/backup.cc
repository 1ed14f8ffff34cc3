// From a command line to a backup, and back.
#include "tools/stet/backup.h"

#include <cstdio>

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <stet/backup.h>

#include "tools/stet/control.h"
#include "tools/stet/plural.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/terminal.h"
#include "tools/stet/time_text.h"

namespace stet::cli {
namespace {

using Json = nlohmann::ordered_json;

Json BackupJson(const BackupReport& report) {
  Json json = {{"seq", report.seq},
               {"time", TimeJson(report.time)},
               {"digest", fmt::format("{:016x}", report.digest)},
               {"first_seq", report.first_seq},
               {"log_id", report.log_id},
               {"snapshots", report.snapshots},
               {"files_linked", report.files_linked},
               {"files_copied", report.files_copied},
               {"bytes_copied", report.bytes_copied},
               {"dropped", nullptr}};
  if (report.dropped_last_seq != 0) {
    json["dropped"] = {{"first_seq", report.dropped_first_seq},
                       {"last_seq", report.dropped_last_seq},
                       {"events", report.dropped_last_seq - report.dropped_first_seq + 1}};
  }
  return json;
}

std::string BackupText(const BackupReport& report) {
  std::string text = fmt::format(
      "  events {} to {}, written by {}, and {}\n  {} linked, {} copied ({:.1f} MiB); read back "
      "and replayed: digest {:016x}\n",
      report.first_seq, report.seq, FullTime(report.time), Count(report.snapshots, "snapshot"),
      Count(report.files_linked, "file"), Count(report.files_copied, "file"),
      static_cast<double>(report.bytes_copied) / (1 << 20), report.digest);
  if (report.dropped_last_seq != 0) {
    text += fmt::format("  dropped: {}, {} to {}\n",
                        Count(report.dropped_last_seq - report.dropped_first_seq + 1, "event"),
                        report.dropped_first_seq, report.dropped_last_seq);
  }
  return text;
}

ExitStatus Refused(const absl::Status& status, const std::string& directory, bool json) {
  const Failure failure = FailureFrom(status, directory);
  Print(failure, json);
  return failure.exit;
}

// As `walinspect --at` takes it.
absl::Status SetMoment(const std::string& text, RestoreOptions* options) {
  if (text.empty()) return absl::OkStatus();
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
  if (digits && text.size() < 20) {
    options->at_seq = std::stoull(text);
    return absl::OkStatus();
  }
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &options->at_time, &error)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("--at {}: expected a seq, or a time like 2026-01-31T23:59:59Z", OneLine(text)));
}

absl::StatusOr<BackupReport> RestoreFrom(const RestoreCommand& command) {
  STET_RETURN_IF_ERROR(CheckDirectory(command.backup));
  RestoreOptions options = {.backup = command.backup, .directory = command.directory};
  STET_RETURN_IF_ERROR(SetMoment(command.at, &options));
  return Restore(options);
}

absl::StatusOr<BackupReport> BackUp(const BackupCommand& command) {
  STET_RETURN_IF_ERROR(CheckDirectory(command.directory));
  return Backup({.directory = command.directory, .backup = command.backup, .link = !command.copy});
}

}  // namespace

ExitStatus BackUpDirectory(const BackupCommand& command) {
  const absl::StatusOr<BackupReport> report = BackUp(command);
  if (!report.ok()) return Refused(report.status(), command.directory, command.json);
  if (command.json) {
    Json json = {{"directory", command.directory}, {"backup", command.backup}};
    json.update(BackupJson(*report));
    Say(stdout, Dump(json) + "\n");
  } else {
    Say(stdout, fmt::format("{} is backed up as {}\n{}", OneLine(command.directory),
                            OneLine(command.backup), BackupText(*report)));
  }
  return ExitStatus::kCompleted;
}

ExitStatus RestoreDirectory(const RestoreCommand& command) {
  const absl::StatusOr<BackupReport> report = RestoreFrom(command);
  if (!report.ok()) return Refused(report.status(), command.backup, command.json);
  if (command.json) {
    Json json = {{"backup", command.backup}, {"directory", command.directory}};
    json.update(BackupJson(*report));
    Say(stdout, Dump(json) + "\n");
  } else {
    Say(stdout, fmt::format("{} is restored as {}, a log of its own\n{}", OneLine(command.backup),
                            OneLine(command.directory), BackupText(*report)));
  }
  return ExitStatus::kCompleted;
}

}  // namespace stet::cli
