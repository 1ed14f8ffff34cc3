// Opening of the engine.
#include "tools/stet/opening.h"

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include "tools/stet/command_activity.h"
#include "tools/stet/command_format.h"
#include "tools/stet/group_locks.h"
#include "tools/stet/sleep_activity.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/stop_signal.h"
#include "tools/stet/wfformat.h"

namespace stet::cli {
namespace {

constexpr absl::Duration kStopGrace = absl::Seconds(5);  // between TERM and KILL

EngineOptions OptionsFor(const RunPlan& plan, const std::shared_ptr<Trouble>& trouble,
                         Progress* progress) {
  const auto note = [progress](std::string_view text) { progress->OnNote(text); };
  EngineOptions options = EngineOptionsOf(plan.settings);
  options.concurrency = plan.settings.workers;
  options.workflows = plan.others;
  options.workflows.push_back(plan.workflow);
  options.breakers = plan.breakers;
  CommandOptions commands = {
      .directory = plan.settings.directory, .grace = kStopGrace, .trouble = trouble, .note = note};
  options.activities = {{kCommandActivity, CommandActivity(commands)},
                        {kSleepActivity, SleepActivity()}};
  commands.compensates = true;
  options.activities.emplace(kCompensateActivity, CommandActivity(std::move(commands)));
  options.on_task = [progress](const ExecutionSummary& execution, std::string_view task,
                               TaskState state) { progress->OnTask(execution, task, state); };
  options.on_note = note;
  return options;
}

}  // namespace

EngineOptions EngineOptionsOf(const Settings& settings) {
  return {.directory = settings.directory,
          .durability = settings.log.durability,
          .history = History::kKeep,
          .log = settings.log};
}

absl::StatusOr<OpenedEngine> OpenEngine(const RunPlan& plan,
                                        const std::shared_ptr<Trouble>& trouble,
                                        Progress* progress) {
  if (absl::Status made = MakeFolders(plan.settings.directory, true); !made.ok()) {
    // Whatever the system calls it: the place is there to be written, and cannot be.
    return absl::UnknownError(made.message());
  }
  const auto note = [progress](std::string_view text) {
    progress->OnNote(text);
    progress->Show();
  };
  OpenedEngine opened;
  STET_ASSIGN_OR_RETURN(opened.claim, ClaimDirectory(plan.settings.directory, note, StopRequested));
  const absl::Status alone = WaitForOldGroups(plan.settings.directory, note, StopRequested);
  if (!alone.ok()) return absl::IsCancelled(alone) ? alone : OwnFailure(alone);
  STET_ASSIGN_OR_RETURN(opened.engine, Engine::Open(OptionsFor(plan, trouble, progress)));
  absl::StatusOr<std::unique_ptr<ControlServer>> control =
      ControlServer::Start(plan.settings.directory, *opened.engine);
  if (control.ok()) {
    opened.control = *std::move(control);
  } else {
    // What runs is worth more than that somebody can ask about it.
    note(fmt::format("no control socket: {}", std::string(control.status().message())));
  }
  return opened;
}

}  // namespace stet::cli
