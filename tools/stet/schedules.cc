// Listing of schedules.
#include "tools/stet/schedules.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/clock.h>
#include <fmt/format.h>
#include <stet/inspect.h>

#include "tools/stet/control.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/schedule_order.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/terminal.h"
#include "tools/stet/time_text.h"

namespace stet::cli {
namespace {

std::string NextText(const ScheduleReport& report) {
  if (report.cron.empty()) return "every " + absl::FormatDuration(report.every);
  return report.zone == "UTC" ? report.cron : fmt::format("{} {}", report.cron, report.zone);
}

std::string SchedulesText(const std::vector<ScheduleReport>& reports) {
  if (reports.empty()) return "no schedules\n";
  size_t name = 8;
  size_t when = 4;
  for (const ScheduleReport& report : reports) {
    name = std::max(name, std::min<size_t>(report.name.size(), 40));
    when = std::max(when, std::min<size_t>(NextText(report).size(), 40));
  }
  std::string text = fmt::format("{:{}}  {:{}}  {:>7}  {:>7}  {:19}  WHY\n", "SCHEDULE", name,
                                 "WHEN", when, "STARTED", "SKIPPED", "NEXT (UTC)");
  for (const ScheduleReport& report : reports) {
    const absl::Time next = report.next.empty() ? absl::InfiniteFuture() : report.next.front();
    text += fmt::format("{:{}}  {:{}}  {:>7}  {:>7}  {:19}  {}\n", OneLine(report.name), name,
                        OneLine(NextText(report)), when, report.started, report.skipped,
                        report.paused ? "paused" : ShortTime(next), OneLine(report.text));
  }
  return text;
}

absl::StatusOr<std::string> Output(const Settings& settings, bool json) {
  STET_RETURN_IF_ERROR(CheckDirectory(settings.directory));
  STET_ASSIGN_OR_RETURN(const Replayed state, Replay({.directory = settings.directory}));
  const std::vector<ScheduleReport> reports = state.Schedules(absl::Now());
  if (!json) return SchedulesText(reports);
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ScheduleReport& report : reports) list.push_back(ScheduleJson(report));
  nlohmann::ordered_json object;
  object["schedules"] = std::move(list);
  object["seq"] = state.seq();
  return Dump(object) + "\n";
}

}  // namespace

ExitStatus ListSchedules(const ScheduleListOptions& options) {
  const absl::StatusOr<Settings> settings = ResolveSettings(options.settings);
  const absl::StatusOr<std::string> text =
      settings.ok() ? Output(*settings, options.json) : settings.status();
  if (text.ok()) {
    Say(stdout, *text);
    return ExitStatus::kCompleted;
  }
  const Failure failure =
      FailureFrom(text.status(), settings.ok() ? settings->directory : std::string());
  Print(failure, options.json);
  return failure.exit;
}

}  // namespace stet::cli
