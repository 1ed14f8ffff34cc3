// Execution of a workflow in the foreground.
#include "tools/stet/run.h"

#include <chrono>
#include <cstdio>
#include <utility>

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <stet/inspect.h>

#include "tools/stet/attempt_files.h"
#include "tools/stet/opening.h"
#include "tools/stet/plan.h"
#include "tools/stet/plural.h"
#include "tools/stet/progress.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/report_text.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/stop_signal.h"
#include "tools/stet/terminal.h"
#include "tools/stet/trouble.h"

namespace stet::cli {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(100);
// How long a full disk is given to find room, before stet gives up.
constexpr std::chrono::seconds kRoomPatience(2);

// How the execution stood when stet let go of it.
struct Outcome {
  ExecutionReport report = {};
  bool interrupted = false;
  std::optional<EngineRecovery> recovery = std::nullopt;  // none when nothing was opened
};

// OK, unless the log has had no room for a while.
class RoomWatch {
 public:
  absl::Status Check(Engine& engine) {
    STET_ASSIGN_OR_RETURN(const EngineStats stats, engine.Stats());
    const Clock::time_point now = Clock::now();
    if (stats.room.ok()) {
      since_ = Clock::time_point::max();
    } else if (since_ == Clock::time_point::max()) {
      since_ = now;
    }
    return now - since_ > kRoomPatience ? stats.room : absl::OkStatus();
  }

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point since_ = Clock::time_point::max();
};

// Waits for the end, or for a signal.  Nothing on a signal.
absl::StatusOr<std::optional<ExecutionReport>> WaitForEnd(Engine& engine, const std::string& key,
                                                          const Trouble& trouble,
                                                          Progress& progress) {
  RoomWatch room;
  while (!StopRequested()) {
    absl::StatusOr<ExecutionReport> report = engine.Wait(key, kRedraw);
    progress.Show();
    if (report.ok()) return std::move(report).value();
    if (report.status().code() != absl::StatusCode::kDeadlineExceeded) return report.status();
    STET_RETURN_IF_ERROR(trouble.Check());
    STET_RETURN_IF_ERROR(room.Check(engine));
  }
  return std::nullopt;
}

// In-flight commands are stopped and recorded as interrupted; the directory then tells how things stand.
absl::StatusOr<ExecutionReport> StopInOrder(Engine& engine, const RunPlan& plan) {
  absl::StatusOr<ExecutionReport> before = engine.Report(plan.key);
  STET_RETURN_IF_ERROR(engine.Close());
  const absl::StatusOr<Replayed> after = Replay({.directory = plan.settings.directory});
  return after.ok() ? after->Report(plan.key) : before;
}

// What the opened directory says: it may have gone on since the plan was made.
void ShowResumption(Engine& engine, const RunPlan& plan, Progress& progress) {
  const absl::StatusOr<ExecutionReport> now = engine.Report(plan.key);
  if (!now.ok() || now->key != plan.key || IsTerminal(now->state)) return;
  progress.OnNote(fmt::format("resuming {}: {} of {} done", Quote(plan.key),
                              now->count_in(TaskState::kCompleted),
                              Count(now->tasks.size(), "task")));
  if (now->paused) {
    progress.OnNote(fmt::format("{} is paused: stet resume {}", Quote(plan.key), Quote(plan.key)));
  }
}

// The engine goes on with whatever the directory holds: nobody should be surprised by it.
absl::Status ShowOthers(Engine& engine, const RunPlan& plan, Progress& progress) {
  STET_ASSIGN_OR_RETURN(const std::vector<ExecutionSummary> all, engine.List());
  size_t count = 0;
  std::string names;
  for (const ExecutionSummary& other : all) {
    if (IsTerminal(other.state) || other.key == plan.key) continue;
    if (++count <= 3) names += fmt::format("{}{}", count > 1 ? ", " : "", Quote(other.key));
  }
  if (count > 0) {
    progress.OnNote(fmt::format("{} other unfinished in this directory, going on too: {}{}", count,
                                names, count > 3 ? ", ..." : ""));
  }
  return absl::OkStatus();
}

absl::StatusOr<Outcome> Execute(const RunPlan& plan, Progress& progress) {
  const auto trouble = std::make_shared<Trouble>();
  STET_ASSIGN_OR_RETURN(OpenedEngine opened, OpenEngine(plan, trouble, &progress));
  Engine& engine = *opened.engine;
  Outcome outcome = {.recovery = engine.recovery()};
  ShowResumption(engine, plan, progress);
  if (const uint32_t lost = engine.recovery().attempts_lost; lost > 0) {
    progress.OnNote(fmt::format("{} lost with the previous process", Count(lost, "attempt")));
  }
  STET_RETURN_IF_ERROR(ShowOthers(engine, plan, progress));
  STET_RETURN_IF_ERROR(engine
                           .Start({.workflow = plan.workflow.name,
                                   .key = plan.key,
                                   .input = plan.input,
                                   .delay = plan.delay})
                           .status());
  STET_ASSIGN_OR_RETURN(std::optional<ExecutionReport> report,
                        WaitForEnd(engine, plan.key, *trouble, progress));
  opened.control = nullptr;
  if (report.has_value()) {
    outcome.report = *std::move(report);
    STET_RETURN_IF_ERROR(engine.Close());
  } else {
    outcome.interrupted = true;
    STET_ASSIGN_OR_RETURN(outcome.report, StopInOrder(engine, plan));
  }
  return outcome;
}

void PrintOutcome(const Outcome& outcome, const RunPlan& plan, const RunOptions& options) {
  const ExecutionReport& report = outcome.report;
  if (options.json) {
    nlohmann::ordered_json json = ReportJson(report);
    json["recovered"] = nullptr;
    if (outcome.recovery.has_value()) json["recovered"] = RecoveryJson(*outcome.recovery);
    json["mode"] = wal::ToString(plan.settings.log.durability);
    Say(stdout, fmt::format("{}\n", Dump(json)));
    return;
  }
  if (options.quiet) return;
  Say(stdout, SummaryText(report, plan.settings.directory));
  if (outcome.interrupted && !IsTerminal(report.state)) {
    // With --new the same command would start yet another.
    const std::string with =
        options.new_execution ? fmt::format(" with --key {} for --new", Quote(plan.key)) : "";
    Say(stdout, fmt::format("  interrupted; the same command{} goes on from here\n", with));
  } else if (!outcome.recovery.has_value()) {
    Say(stdout, "  it had ended before; --new starts another execution\n");
  }
}

ExitStatus ExitFor(const Outcome& outcome) {
  if (outcome.report.state == ExecutionState::kCompleted) return ExitStatus::kCompleted;
  if (IsTerminal(outcome.report.state)) return ExitStatus::kEndedOtherwise;
  return ExitStatus::kInterrupted;
}

}  // namespace

ExitStatus Run(const RunOptions& options) {
  CatchStopSignals();
  const absl::StatusOr<Settings> settings = ResolveSettings(options.settings);
  const auto fail = [&](const absl::Status& status) {
    const Failure failure =
        FailureFrom(status, settings.ok() ? settings->directory : std::string());
    Print(failure, options.json);
    return failure.exit;
  };
  if (!settings.ok()) return fail(settings.status());
  const absl::StatusOr<RunPlan> plan = MakePlan(options, *settings);
  if (!plan.ok()) return fail(plan.status());
  if (plan->prior.has_value() && IsTerminal(plan->prior->state)) {
    const Outcome outcome = {.report = *plan->prior};
    PrintOutcome(outcome, *plan, options);
    return ExitFor(outcome);
  }
  Progress progress(plan->key, options.quiet, *settings);
  const absl::StatusOr<Outcome> outcome = Execute(*plan, progress);
  progress.Finish();
  if (!outcome.ok()) return fail(outcome.status());
  PrintOutcome(*outcome, *plan, options);
  return ExitFor(*outcome);
}

}  // namespace stet::cli
