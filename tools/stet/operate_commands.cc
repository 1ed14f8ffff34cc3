// Command lines of operators.
#include "tools/stet/operate_commands.h"

#include <memory>
#include <string>
#include <utility>

#include "tools/stet/breakers.h"
#include "tools/stet/dead_letters.h"
#include "tools/stet/directory_flags.h"
#include "tools/stet/operate.h"

namespace stet::cli {
namespace {

using OnChosen = std::function<ExitStatus()>;

constexpr char kServed[] =
    "\n\nThe process that runs the directory is asked to do it; when there is none, it is written "
    "down here\nand counts when the directory is run again.\n"
    "Exit status: 0 done; 2 usage or refused; 3 data damaged; 4 I/O error; 5 the process that "
    "holds\nthe directory does not answer.";

// A command with its options, which live as long as it.
struct Operated {
  CLI::App* command = nullptr;
  std::shared_ptr<OperateOptions> options = std::make_shared<OperateOptions>();
};

Operated Add(CLI::App& app, const char* name, const char* what, Action action, const char* examples,
             OnChosen& chosen) {
  Operated added = {.command = app.add_subcommand(name, what)};
  OperateOptions& options = *added.options;
  options.operation.action = action;
  AddDirectory(added.command, options.settings);
  added.command->add_flag("--json", options.json, "Print one JSON object");
  added.command->footer(std::string("Examples:\n") + examples + kServed);
  added.command->callback(
      [&chosen, kept = added.options] { chosen = [kept] { return Operate(*kept); }; });
  return added;
}

CLI::Option* AddExecution(CLI::App* command, std::string& execution) {
  return command
      ->add_option("EXEC", execution,
                   "The execution: its key, its id, or a unique prefix of either")
      ->type_name("");
}

void AddTask(CLI::App* command, std::string& task) {
  command->add_option("TASK", task, "The task")->required()->type_name("");
}

// It destroys: without --yes it only says what.
void AddYes(const Operated& added) {
  added.options->operation.confirmed = false;
  added.command->add_flag("--yes", added.options->operation.confirmed,
                          "Do it; without, only say what would be lost");
}

void AddPause(CLI::App& app, const char* name, const char* what, Action action,
              const char* examples, OnChosen& chosen) {
  const Operated added = Add(app, name, what, action, examples, chosen);
  Operation& operation = added.options->operation;
  const auto all = std::make_shared<bool>(false);
  CLI::Option* execution = AddExecution(added.command, operation.execution);
  CLI::Option* activity =
      added.command->add_option("--activity", operation.activity, "All tasks of this activity")
          ->type_name("NAME");
  CLI::Option* engine = added.command->add_flag("--all", *all, "Everything in the directory");
  execution->excludes(activity)->excludes(engine);
  activity->excludes(engine);
  added.command->callback([&chosen, kept = added.options, all] {
    const Operation& asked = kept->operation;
    if (asked.execution.empty() && asked.activity.empty() && !*all) {
      throw CLI::RequiredError("EXEC, --activity NAME or --all");
    }
    chosen = [kept] { return Operate(*kept); };
  });
}

void AddExecutionCommands(CLI::App& app, OnChosen& chosen) {
  const Operated why = Add(app, "why", "Say what each open task of an execution waits for",
                           Action::kWhy, "  stet why report\n  stet why report --json", chosen);
  AddExecution(why.command, why.options->operation.execution)->required();
  const Operated retry =
      Add(app, "retry", "Begin anew what failed, was skipped or cancelled", Action::kRetry,
          "  stet retry report          what completed is not done again\n"
          "  stet retry report --run    and go on with it here",
          chosen);
  AddExecution(retry.command, retry.options->operation.execution)->required();
  retry.command->add_flag("--run", retry.options->run,
                          "Go on with it in the foreground, as stet run does");
  const Operated cancel =
      Add(app, "cancel", "End an execution: what waits is cancelled, what runs is told to stop",
          Action::kCancel,
          "  stet cancel report                cleanup tasks still run\n"
          "  stet cancel report --compensate   and what completed is undone",
          chosen);
  AddExecution(cancel.command, cancel.options->operation.execution)->required();
  cancel.command->add_flag("--compensate", cancel.options->operation.compensate,
                           "Undo what has completed, in reverse order");
  const Operated signal = Add(
      app, "signal", "Send an execution what one of its tasks waits for, or will wait for",
      Action::kSignal,
      "  stet signal order approved\n"
      "  stet signal order approved '{\"by\": \"ann\"}' --id click-7   a second click-7 is dropped",
      chosen);
  AddExecution(signal.command, signal.options->operation.execution)->required();
  signal.command->add_option("NAME", signal.options->operation.signal, "The signal's name")
      ->required()
      ->type_name("");
  signal.command
      ->add_option("JSON", signal.options->payload,
                   "What it carries: JSON or @FILE (default: null)")
      ->type_name("");
  signal.command
      ->add_option("--id", signal.options->operation.id,
                   "Names this signal: a second one of that name is dropped")
      ->type_name("ID");
  AddPause(app, "pause", "Start nothing more of an execution, an activity, or at all",
           Action::kPause,
           "  stet pause report               what runs goes on, nothing new starts\n"
           "  stet pause --activity command\n  stet pause --all",
           chosen);
  AddPause(app, "resume", "Go on with what was paused", Action::kResume,
           "  stet resume report\n  stet resume --all", chosen);
  const Operated priority =
      Add(app, "priority", "Add a number to the priorities of an execution's tasks",
          Action::kPriority, "  stet priority report 10     ahead of what has less", chosen);
  AddExecution(priority.command, priority.options->operation.execution)->required();
  priority.command
      ->add_option("NUMBER", priority.options->operation.priority, "0 is that of all at first")
      ->required()
      ->type_name("");
  const Operated purge = Add(app, "purge", "Forget an execution that has ended", Action::kPurge,
                             "  stet purge report           say what would be lost\n"
                             "  stet purge report --yes     its key stays taken for 30 days",
                             chosen);
  AddExecution(purge.command, purge.options->operation.execution)->required();
  AddYes(purge);
}

void AddSnapshot(CLI::App& app, OnChosen& chosen) {
  Add(app, "snapshot", "Write down the state as it is now, so that the next opening is quick",
      Action::kSnapshot,
      "  stet snapshot --dir /var/lib/reports\n"
      "  walinspect snapshots .stet      which there are\n\n"
      "It is made beside what runs, from the log, and counts when it was read back. It may take "
      "its "
      "time: who\nmakes it says twice a second that it is at work.",
      chosen);
}

void AddDead(CLI::App& app, OnChosen& chosen) {
  CLI::App* dead = app.add_subcommand("dead", "Tasks that were given up: ls, show, requeue, drop");
  dead->require_subcommand(1);
  dead->footer(
      "Examples:\n  stet dead ls\n  stet dead show report fetch\n"
      "  stet dead requeue report fetch\n  stet dead drop report fetch --yes");
  const auto options = std::make_shared<DeadOptions>();
  CLI::App* ls = dead->add_subcommand("ls", "List them, oldest first (reads only)");
  CLI::App* show = dead->add_subcommand("show", "Show one, with its last attempts (reads only)");
  AddExecution(show, options->execution)->required();
  AddTask(show, options->task);
  for (CLI::App* command : {ls, show}) {
    AddDirectory(command, options->settings);
    command->add_flag("--json", options->json, "Print one JSON object");
  }
  ls->callback([&chosen, options] { chosen = [options] { return ListDead(*options); }; });
  show->callback([&chosen, options] { chosen = [options] { return ShowDead(*options); }; });

  const Operated requeue =
      Add(*dead, "requeue", "Begin a task anew, and what was skipped for its sake alone",
          Action::kDeadRequeue, "  stet dead requeue report fetch", chosen);
  AddExecution(requeue.command, requeue.options->operation.execution)->required();
  AddTask(requeue.command, requeue.options->operation.task);
  const Operated drop = Add(*dead, "drop", "Forget a dead letter; its task stays as it is",
                            Action::kDeadDrop, "  stet dead drop report fetch --yes", chosen);
  AddExecution(drop.command, drop.options->operation.execution)->required();
  AddTask(drop.command, drop.options->operation.task);
  AddYes(drop);
}

void AddBreaker(CLI::App& app, OnChosen& chosen) {
  CLI::App* breaker = app.add_subcommand("breaker", "Circuit breakers: ls, reset");
  breaker->require_subcommand(1);
  breaker->footer(
      "A run is given its breakers: stet run FILE --breaker mail=5,30s\n\n"
      "Examples:\n  stet breaker ls\n  stet breaker reset mail");
  const auto options = std::make_shared<BreakerOptions>();
  CLI::App* ls = breaker->add_subcommand(
      "ls", "List those that are open, or have counted failures (reads only)");
  AddDirectory(ls, options->settings);
  ls->add_flag("--json", options->json, "Print one JSON object");
  ls->callback([&chosen, options] { chosen = [options] { return ListBreakers(*options); }; });
  const Operated reset = Add(*breaker, "reset", "Close one, whatever it has counted",
                             Action::kBreakerReset, "  stet breaker reset mail", chosen);
  reset.command->add_option("NAME", reset.options->operation.breaker, "The breaker")
      ->required()
      ->type_name("");
}

}  // namespace

void AddOperateCommands(CLI::App& app, std::function<ExitStatus()>& action) {
  AddExecutionCommands(app, action);
  AddSnapshot(app, action);
  AddDead(app, action);
  AddBreaker(app, action);
}

}  // namespace stet::cli
