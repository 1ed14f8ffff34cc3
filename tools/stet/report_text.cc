// Text of reports.
#include "tools/stet/report_text.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include <absl/status/status.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include "tools/stet/attempt_files.h"
#include "tools/stet/plural.h"
#include "tools/stet/quote.h"
#include "tools/stet/terminal.h"
#include "tools/stet/time_text.h"

namespace stet::cli {
namespace {

std::string PaintState(ExecutionState state) {
  const bool terminal = IsTerminal(STDOUT_FILENO);
  Colour colour = Colour::kYellow;
  if (state == ExecutionState::kCompleted) colour = Colour::kGreen;
  if (state == ExecutionState::kFailed) colour = Colour::kRed;
  return Paint(terminal, colour, ToString(state));
}

// "12 completed, 1 failed": states with none are left out.
std::string CountsText(const ExecutionReport& report) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < kTaskStateCount; ++i) {
    const TaskState state = static_cast<TaskState>(i);
    if (const size_t count = report.count_in(state); count > 0) {
      parts.push_back(fmt::format("{} {}", count, ToString(state)));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Why a task failed, for people: without the name of the code, which the JSON has.
std::string ErrorText(std::string_view error) {
  const size_t end = error.find(": ");
  if (end == error.npos) return OneLine(error);
  for (int code = 1; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    if (error.substr(0, end) == absl::StatusCodeToString(static_cast<absl::StatusCode>(code))) {
      return OneLine(error.substr(end + 2));
    }
  }
  return OneLine(error);
}

// The error column: a task that has got over its error is not one that has it, nor one that somebody tries again.
std::string ErrorText(const TaskRecord& task) {
  std::string text = ErrorText(task.error);
  const bool before = task.state == TaskState::kCompleted || !task.worker.empty();
  if (before && !text.empty()) text = "before: " + text;
  if (task.worker.empty()) return text;
  const std::string with =
      fmt::format("with worker {} until {}", OneLine(task.worker),
                  ShortTime(task.lease_until.value_or(absl::InfiniteFuture())));
  return text.empty() ? with : fmt::format("{}; {}", with, text);
}

std::string LogFolder(const std::string& directory, const ExecutionReport& report) {
  return fmt::format("{}/logs/{}", directory, PrintId(report.id));
}

// What somebody has asked of it.
std::string FlagsText(const ExecutionReport& report) {
  std::string text;
  if (report.cancel_requested) text += " (cancel requested)";
  if (report.paused) text += " (paused)";
  if (report.priority != 0) text += fmt::format(" (priority {})", report.priority);
  return text;
}

std::string ElapsedText(const ExecutionReport& report) {
  if (report.finished_at == absl::InfiniteFuture()) return {};
  return fmt::format(" in {}", ShortDuration(report.finished_at - report.started_at));
}

}  // namespace

std::string SummaryText(const ExecutionReport& report, const std::string& directory) {
  uint32_t lost = 0;
  uint32_t attempts = 0;
  for (const TaskRecord& task : report.tasks) {
    lost += task.lost;
    attempts += task.attempts;
  }
  std::string text = fmt::format("{} {} ({}): {}: {}{}; {}, {} lost; seq {}\n", OneLine(report.key),
                                 PaintState(report.state), PrintId(report.id),
                                 Count(report.tasks.size(), "task"), CountsText(report),
                                 ElapsedText(report), Count(attempts, "attempt"), lost, report.seq);
  for (const TaskRecord& task : report.tasks) {
    if (!IsFailure(task.state)) continue;
    text += fmt::format("  {} {} after {}: {}\n", OneLine(task.id), ToString(task.state),
                        Count(task.attempts, "attempt"), ErrorText(task.error));
  }
  if (report.state == ExecutionState::kFailed) {
    text += fmt::format("  logs: {}\n", LogFolder(directory, report));
  }
  return text;
}

std::string ReportText(const ExecutionReport& report, const std::string& directory) {
  const std::string logs = LogFolder(directory, report);
  std::string text = fmt::format(
      "execution {}\nid        {}\nworkflow  {} {}\nstate     {}{}\nstarted   {}\nfinished  {}{}\n"
      "seq       {}\n{}tasks     {}: {}\n\n",
      OneLine(report.key), PrintId(report.id), OneLine(report.workflow),
      ToString(report.workflow_hash), PaintState(report.state), FlagsText(report),
      ShortTime(report.started_at), ShortTime(report.finished_at), ElapsedText(report), report.seq,
      access(logs.c_str(), F_OK) == 0 ? fmt::format("logs      {}\n", logs) : std::string(),
      report.tasks.size(), CountsText(report));
  size_t width = 4;
  for (const TaskRecord& task : report.tasks) width = std::max(width, task.id.size());
  width = std::min<size_t>(width, 40);
  text += fmt::format("{:{}}  {:13}  {:>8}  {:>4}  {:19}  {:>8}  ERROR\n", "TASK", width, "STATE",
                      "ATTEMPTS", "LOST", "STARTED", "TIME");
  for (const TaskRecord& task : report.tasks) {
    const auto duration = task.duration();
    text += fmt::format("{:{}}  {:13}  {:>8}  {:>4}  {:19}  {:>8}  {}\n", OneLine(task.id), width,
                        ToString(task.state), task.attempts, task.lost,
                        ShortTime(task.started_at.value_or(absl::InfinitePast())),
                        duration ? ShortDuration(*duration) : "-", ErrorText(task));
  }
  return text;
}

std::string ListText(const std::vector<ExecutionSummary>& executions) {
  if (executions.empty()) return "no executions\n";
  size_t width = 9;
  for (const auto& execution : executions) width = std::max(width, execution.key.size());
  width = std::min<size_t>(width, 60);
  std::string text = fmt::format("{:{}}  {:16}  {:9}  {:>13}  {:19}  {:>8}\n", "EXECUTION", width,
                                 "ID", "STATE", "TASKS DONE", "STARTED", "TIME");
  for (const ExecutionSummary& execution : executions) {
    const uint32_t total =
        std::accumulate(execution.counts.begin(), execution.counts.end(), uint32_t{0});
    const uint32_t done = execution.counts[static_cast<size_t>(TaskState::kCompleted)];
    const bool ended = execution.finished_at != absl::InfiniteFuture();
    text +=
        fmt::format("{:{}}  {:16}  {:9}  {:>13}  {:19}  {:>8}\n", OneLine(execution.key), width,
                    PrintId(execution.id), execution.paused ? "paused" : ToString(execution.state),
                    fmt::format("{}/{}", done, total), ShortTime(execution.started_at),
                    ended ? ShortDuration(execution.finished_at - execution.started_at) : "-");
  }
  return text;
}

}  // namespace stet::cli
