// Command lines about schedules.
#include "tools/stet/schedule_commands.h"

#include <memory>
#include <string>

#include "tools/stet/directory_flags.h"
#include "tools/stet/operate.h"
#include "tools/stet/schedules.h"

namespace stet::cli {
namespace {

using OnChosen = std::function<ExitStatus()>;

struct Ordered {
  CLI::App* command = nullptr;
  std::shared_ptr<OperateOptions> options = std::make_shared<OperateOptions>();
  ScheduleOrder& order() const { return options->operation.schedule; }
};

Ordered AddOrder(CLI::App& app, const char* name, const char* what, Action action,
                 const char* examples, OnChosen& chosen) {
  Ordered added = {.command = app.add_subcommand(name, what)};
  added.options->operation.action = action;
  AddDirectory(added.command, added.options->settings);
  added.command->add_flag("--json", added.options->json, "Print one JSON object");
  added.command->add_option("NAME", added.order().name, "The schedule")->required()->type_name("");
  added.command->footer(std::string("Examples:\n") + examples);
  added.command->callback(
      [&chosen, kept = added.options] { chosen = [kept] { return Operate(*kept); }; });
  return added;
}

void AddCreate(CLI::App& app, OnChosen& chosen) {
  const Ordered create = AddOrder(
      app, "create", "Start executions of a workflow file at times on the clock",
      Action::kScheduleCreate,
      "  stet schedule create nightly report.json --cron '0 3 * * *' --zone Europe/Berlin\n"
      "  stet schedule create poll poll.json --every 90s --overlap queue_one\n\n"
      "The workflow is pinned: later changes of the file do not touch the schedule.  It fires "
      "while a process\nruns the directory (stet run); what was missed meanwhile is decided by "
      "--misfire.",
      chosen);
  ScheduleOrder& order = create.order();
  CLI::App* command = create.command;
  command->add_option("FILE", order.file, "The workflow")->required()->type_name("");
  CLI::Option* cron = command->add_option("--cron", order.cron, "When: 5, 6 or 7 fields, or @daily")
                          ->type_name("EXPR");
  command->add_option("--every", order.every, "When: each 90s, 12h... from now on")
      ->type_name("DURATION")
      ->excludes(cron);
  command->add_option("--zone", order.zone, "Time zone of --cron (default: UTC)")
      ->type_name("ZONE");
  command->add_option("--input", create.options->payload, "The input of each execution")
      ->type_name("JSON|@FILE");
  command
      ->add_option("--misfire", order.misfire,
                   "Times missed while nothing ran: skip (default), coalesce or catch_up")
      ->type_name("POLICY");
  command
      ->add_option("--catch-up-max", order.catch_up_max, "catch_up: at most so many (default 10)")
      ->type_name("N");
  command
      ->add_option("--overlap", order.overlap,
                   "While one still runs: skip (default), queue_one, cancel_previous or allow")
      ->type_name("POLICY");
  command->add_flag("--paused", order.paused, "Created at rest");
}

}  // namespace

void AddScheduleCommands(CLI::App& app, OnChosen& chosen) {
  CLI::App* schedule = app.add_subcommand(
      "schedule", "Executions at times: create, ls, trigger, backfill, pause, resume, rm");
  schedule->require_subcommand(1);
  schedule->footer(
      "Examples:\n  stet schedule create nightly report.json --cron '0 3 * * *'\n"
      "  stet schedule ls\n  stet schedule trigger nightly\n  stet schedule rm nightly");
  AddCreate(*schedule, chosen);
  const auto list = std::make_shared<ScheduleListOptions>();
  CLI::App* ls = schedule->add_subcommand("ls", "List them, with their next times (reads only)");
  AddDirectory(ls, list->settings);
  ls->add_flag("--json", list->json, "Print one JSON object");
  ls->callback([&chosen, list] { chosen = [list] { return ListSchedules(*list); }; });
  AddOrder(*schedule, "trigger", "Fire now, paused or not", Action::kScheduleTrigger,
           "  stet schedule trigger nightly", chosen);
  const Ordered backfill = AddOrder(
      *schedule, "backfill", "Fire each of its times in a range, but for those that have fired",
      Action::kScheduleBackfill,
      "  stet schedule backfill nightly 2026-11-01T00:00:00Z 2026-11-07T23:59:59Z", chosen);
  backfill.command->add_option("FROM", backfill.order().from, "The first moment")
      ->required()
      ->type_name("");
  backfill.command->add_option("TO", backfill.order().to, "The last moment")
      ->required()
      ->type_name("");
  AddOrder(*schedule, "pause", "Let its times pass", Action::kSchedulePause,
           "  stet schedule pause nightly", chosen);
  AddOrder(*schedule, "resume", "Fire again, from its next time on", Action::kScheduleResume,
           "  stet schedule resume nightly", chosen);
  AddOrder(*schedule, "rm", "Forget it; its executions go on", Action::kScheduleRemove,
           "  stet schedule rm nightly", chosen);
}

}  // namespace stet::cli
