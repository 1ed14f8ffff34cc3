// Opening of the engine.
#include "tools/stet/opening.h"

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "tools/stet/command_activity.h"
#include "tools/stet/command_format.h"
#include "tools/stet/group_locks.h"
#include "tools/stet/sleep_activity.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/stop_signal.h"
#include "tools/stet/wfformat.h"

namespace stet::cli {
namespace {

constexpr absl::Duration kClaimWait = absl::Seconds(1);
constexpr absl::Duration kStopGrace = absl::Seconds(5);  // between TERM and KILL

EngineOptions OptionsFor(const RunPlan& plan, Progress* progress) {
  return {.directory = plan.settings.directory,
          .durability = plan.settings.durability,
          .concurrency = plan.settings.workers,
          .workflows = {plan.workflow},
          .activities = {{kCommandActivity, CommandActivity({.directory = plan.settings.directory,
                                                             .grace = kStopGrace})},
                         {kSleepActivity, SleepActivity()}},
          .on_task = [progress](const ExecutionSummary& execution, std::string_view task,
                                TaskState state) { progress->OnTask(execution, task, state); },
          .on_note = [progress](std::string_view note) { progress->OnNote(note); }};
}

}  // namespace

absl::StatusOr<OpenedEngine> OpenEngine(const RunPlan& plan, Progress* progress) {
  if (absl::Status made = MakeFolders(plan.settings.directory, true); !made.ok()) {
    // Whatever the system calls it: the place is there to be written, and cannot be.
    return absl::UnknownError(made.message());
  }
  while (true) {
    OpenedEngine opened;
    std::optional<OwnedFd> claim = ClaimDirectory(plan.settings.directory, kClaimWait);
    EngineOptions options = OptionsFor(plan, progress);
    // Without the claim another stet is there: opening only tells who, and must not start anything beside it.
    options.execute = claim.has_value();
    if (claim.has_value()) {
      opened.claim = *std::move(claim);
      STET_RETURN_IF_ERROR(WaitForOldGroups(
          plan.settings.directory,
          [progress](std::string_view note) {
            progress->OnNote(note);
            progress->Show();
          },
          StopRequested));
    }
    const bool executing = options.execute;
    STET_ASSIGN_OR_RETURN(opened.engine, Engine::Open(std::move(options)));
    if (executing) return opened;
    STET_RETURN_IF_ERROR(opened.engine->Close());
  }
}

}  // namespace stet::cli
