// Command line parsing.
#include "tools/stet/commands.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tools/stet/backup_commands.h"
#include "tools/stet/completion.h"
#include "tools/stet/directory_flags.h"
#include "tools/stet/failure.h"
#include "tools/stet/listing.h"
#include "tools/stet/operate_commands.h"
#include "tools/stet/quote.h"
#include "tools/stet/run.h"
#include "tools/stet/schedule_commands.h"
#include "tools/stet/suggestion.h"
#include "tools/stet/terminal.h"
#include "tools/stet/validation.h"
#include "tools/stet/workflow_schema.h"

namespace stet::cli {
namespace {

constexpr char kVersion[] = "stet 0.1.0";

constexpr std::string_view kCommands[] = {
    "run",  "validate", "graph",    "schema",  "completion", "ls",       "show",
    "why",  "retry",    "cancel",   "pause",   "resume",     "priority", "purge",
    "dead", "signal",   "schedule", "breaker", "snapshot",   "backup",   "restore"};
constexpr const char* kNotBuilt[] = {"serve", "worker"};

// Which subcommand was chosen, and what it does.
struct Choice {
  RunOptions run = {};
  ValidateOptions validate = {};
  ValidateOptions graph = {};
  ListOptions list = {};
  ShowOptions show = {};
  std::function<ExitStatus()> action = nullptr;
};

void AddFormat(CLI::App* command, FileFormat& format, double& time_scale) {
  const auto check = [](const std::string& name) {
    if (FileFormatFrom(name).has_value()) return std::string();
    return fmt::format("must be auto, json, yaml or wfformat, is {}", Quote(name));
  };
  command
      ->add_option_function<std::string>(
          "--format", [&format](const std::string& name) { format = *FileFormatFrom(name); },
          "auto, json, yaml or wfformat (WfCommons 1.5)")
      ->check(CLI::Validator(check, ""))
      ->type_name("FORMAT");
  command
      ->add_option("--time-scale", time_scale,
                   "wfformat: multiplies each recorded runtime (default 1)")
      ->check(CLI::Range(0.0, 1e6).description(""))
      ->type_name("X");
}

void AddRun(CLI::App& app, Choice& choice) {
  RunOptions& options = choice.run;
  CLI::App* run = app.add_subcommand("run", "Run a workflow, or resume it where it stopped");
  run->add_option("FILE", options.file, "The workflow")->required()->type_name("");
  AddDirectory(run, options.settings);
  run->add_option("--key", options.key, "The execution's key (default: the workflow's name)");
  run->add_flag("--new", options.new_execution, "Start another execution: KEY#2, KEY#3...");
  run->add_flag("--pinned", options.pinned,
                "Go on with the definition the execution started with; FILE lends only its name")
      ->excludes("--new");
  run->add_option("--input", options.input, "The execution's input")->type_name("JSON|@FILE");
  run->add_option("--workers", options.settings.workers,
                  "Tasks at the same time (env STET_WORKERS; default: one per core)");
  run->add_option(
         "--breaker", options.breakers,
         "A circuit breaker of the tasks that name it: after so many failures in a row none of "
         "them starts for that long")
      ->type_name("NAME=FAILURES,COOLDOWN");
  run->add_option(
      "--durability", options.settings.durability,
      "commit, witness, interval:10ms,1MiB, os or memory (env STET_DURABILITY; default: "
      "commit)");
  run->add_option("--with", options.with, "Another workflow file, for tasks that run it")
      ->type_name("FILE");
  run->add_option("--delay", options.delay, "Start nothing of it before: 90s, 12h...")
      ->type_name("DURATION");
  AddFormat(run, options.format, options.time_scale);
  run->add_flag("--json", options.json, "Print the report as one JSON object");
  run->add_flag("--quiet", options.quiet, "No progress and no summary");
  run->footer(
      "Killed or interrupted at any moment, the same command goes on: what was recorded is not run "
      "again.\nCtrl-C (INT), TERM and HUP stop what runs in order: each command gets TERM, after 5 "
      "s "
      "KILL, and counts as interrupted, which uses\nup no attempt. A second one, and QUIT, end "
      "stet "
      "at once, as a crash would: what ran counts as lost (retry.max_lost).\nOther unfinished "
      "executions of the directory go on too, in this working directory "
      "and environment.\n\n"
      "What a command prints is its output, up to 1 MiB; of more only that much is handed on, and "
      "a "
      "note names the log file in DIR/logs\nthat holds all of it.\n\n"
      "Examples:\n"
      "  stet run report.json\n"
      "  stet run report.json --key report-2026-11 --input '{\"month\": 11}' --workers 8\n"
      "  stet run --format wfformat --time-scale 0.001 montage.json --json\n\n"
      "Environment: STET_MAX_ATTEMPTS=N gives each task that has no retry.max_attempts N attempts "
      "(default 1);\nSTET_LOG_LEVEL=error|warn|info says what is told while it runs: nothing, "
      "notes, "
      "progress too (default);\nSTET_LOG_JSON=1 tells it as JSON, one object a line.\n\n"
      "Exit status: 0 completed; 1 ended otherwise; 2 usage or invalid workflow; 3 data damaged or "
      "refused; 4 I/O error;\n5 directory locked by another process; 130 interrupted.");
  run->callback([&choice] { choice.action = [&choice] { return Run(choice.run); }; });
}

void AddValidate(CLI::App& app, Choice& choice) {
  ValidateOptions& options = choice.validate;
  CLI::App* validate = app.add_subcommand("validate", "Check a workflow file");
  validate->add_option("FILE", options.file, "The workflow")->required()->type_name("");
  AddFormat(validate, options.format, options.time_scale);
  validate->add_flag("--json", options.json, "Print one JSON object");
  validate->footer("Example:\n  stet validate report.json");
  validate->callback(
      [&choice] { choice.action = [&choice] { return ValidateFile(choice.validate); }; });
}

void AddGraph(CLI::App& app, Choice& choice) {
  ValidateOptions& options = choice.graph;
  CLI::App* graph = app.add_subcommand("graph", "Draw the graph of a workflow file");
  graph->add_option("FILE", options.file, "The workflow")->required()->type_name("");
  AddFormat(graph, options.format, options.time_scale);
  graph->add_flag_callback(
      "--mermaid", [&options] { options.drawing = Drawing::kMermaid; },
      "A Mermaid flowchart (default: a digraph for Graphviz)");
  graph->add_flag("--json", options.json,
                  "Print one JSON object: each task's wave, and the longest chain");
  graph->footer("Example:\n  stet graph report.json | dot -Tsvg >report.svg");
  graph->callback([&choice] { choice.action = [&choice] { return GraphFile(choice.graph); }; });
}

void AddSchema(CLI::App& app, Choice& choice) {
  CLI::App* schema = app.add_subcommand("schema", "Print the JSON Schema of workflow files");
  schema->footer(
      "Example:\n  stet schema >workflow.schema.json   (editors complete and check by it)");
  schema->callback([&choice] {
    choice.action = [] {
      Say(stdout, WorkflowSchema());
      return ExitStatus::kCompleted;
    };
  });
}

void AddCompletion(CLI::App& app, Choice& choice) {
  CLI::App* completion = app.add_subcommand("completion", "Print what makes bash complete stet");
  completion->footer("Example:\n  . <(stet completion)      (in ~/.bashrc)");
  completion->callback([&app, &choice] {
    choice.action = [&app] {
      Say(stdout, BashCompletion(app));
      return ExitStatus::kCompleted;
    };
  });
}

void AddList(CLI::App& app, Choice& choice) {
  CLI::App* list = app.add_subcommand("ls", "List executions (reads only, needs no lock)");
  AddDirectory(list, choice.list.settings);
  list->add_flag("--json", choice.list.json, "Print one JSON object");
  list->footer("Example:\n  stet ls --dir /var/lib/reports");
  list->callback([&choice] { choice.action = [&choice] { return List(choice.list); }; });
}

void AddShow(CLI::App& app, Choice& choice) {
  ShowOptions& options = choice.show;
  CLI::App* show = app.add_subcommand("show", "Show one execution (reads only, needs no lock)");
  show->add_option("EXEC", options.execution, "Its key, its id, or a unique prefix of either")
      ->required()
      ->type_name("");
  AddDirectory(show, options.settings);
  show->add_option("--at", options.at_seq, "As of this event")->type_name("SEQ");
  show->add_flag("--json", options.json, "Print one JSON object");
  show->footer("Examples:\n  stet show report\n  stet show report --at 120 --json");
  show->callback([&choice] { choice.action = [&choice] { return Show(choice.show); }; });
}

void AddNotBuilt(CLI::App& app, Choice& choice, bool json) {
  for (const char* name : kNotBuilt) {
    CLI::App* command = app.add_subcommand(name, "Not built yet")->group("");
    command->allow_extras();
    command->set_help_flag();
    command->callback([&choice, name, json] {
      choice.action = [name, json] {
        Failure failure =
            UsageFailure(fmt::format("{} is not built yet", name), "stet --help shows what is");
        failure.code = "not_built";
        Print(failure, json);
        return failure.exit;
      };
    });
  }
}

// The first argument when it should be a command and is none.
std::string_view UnknownCommand(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return {};
  const std::string_view given = argv[1];
  const auto is_given = [given](std::string_view name) { return name == given; };
  const bool known = std::any_of(std::begin(kCommands), std::end(kCommands), is_given) ||
                     std::any_of(std::begin(kNotBuilt), std::end(kNotBuilt), is_given);
  return known ? std::string_view() : given;
}

ExitStatus RefuseCommand(std::string_view given, bool json) {
  std::string message = fmt::format("{} is no command", Quote(given));
  if (const std::string_view near = Suggest(given, kCommands); !near.empty()) {
    message += fmt::format("; did you mean {}?", near);
  }
  const Failure failure =
      UsageFailure(fmt::format("{} Commands: {}", message + (message.back() == '?' ? "" : "."),
                               fmt::join(kCommands, ", ")),
                   "stet --help");
  Print(failure, json);
  return failure.exit;
}

// The chosen subcommand, or the program itself.
const CLI::App& Chosen(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return app;
  return *app.get_subcommand(std::string(argv[1]));
}

// The first argument that looks like an option and is none of `command`, with the option it resembles.
std::string UnknownOption(const CLI::App& command, int argc, char** argv) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (int i = 1; i < argc; ++i) {
    const std::string given = std::string(argv[i]).substr(0, std::strcspn(argv[i], "="));
    if (given == "--") break;
    if (given.size() < 2 || given.front() != '-') continue;
    if (command.get_option_no_throw(given) != nullptr) continue;
    const std::string_view near = Suggest(given, known);
    return fmt::format("no option {}{}", Quote(given),
                       near.empty() ? "" : fmt::format("; did you mean {}?", near));
  }
  return {};
}

// What is wrong with the command line, and whose help says how it goes.
Failure FailureOf(const CLI::ParseError& error, const CLI::App& app, int argc, char** argv) {
  if (argc < 2) {
    return UsageFailure(fmt::format("a command is needed: {}", fmt::join(kCommands, ", ")),
                        "stet --help");
  }
  const CLI::App& command = Chosen(app, argc, argv);
  std::string what;
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    what = UnknownOption(command, argc, argv);
  }
  if (what.empty()) what = OneLine(error.what());
  const bool whole = &command == &app;
  return UsageFailure(
      what, fmt::format("stet {}--help", whole ? "" : command.get_name() + std::string(" ")));
}

bool Has(int argc, char** argv, const char* flag) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], flag) == 0) return true;
  }
  return false;
}

}  // namespace

int Main(int argc, char** argv) {
  const bool json = Has(argc, argv, "--json");
  if (const std::string_view unknown = UnknownCommand(argc, argv); unknown.data() != nullptr) {
    return static_cast<int>(RefuseCommand(unknown, json));
  }
  CLI::App app("stet runs workflows of commands so that nothing recorded is lost or done twice.",
               "stet");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  stet validate report.json       check it\n"
      "  stet run report.json            run it; the same command resumes it\n"
      "  stet ls                         what ran in .stet\n"
      "  stet show report                one execution, task by task\n"
      "  stet why report                 what it waits for\n"
      "  stet retry report --run         what failed, once more\n"
      "  stet run --help                 options and exit statuses");
  Choice choice;
  AddRun(app, choice);
  AddValidate(app, choice);
  AddGraph(app, choice);
  AddSchema(app, choice);
  AddCompletion(app, choice);
  AddList(app, choice);
  AddShow(app, choice);
  AddOperateCommands(app, choice.action);
  AddScheduleCommands(app, choice.action);
  AddBackupCommands(app, choice.action);
  AddNotBuilt(app, choice, json);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    const Failure failure = FailureOf(error, app, argc, argv);
    Print(failure, json);
    return static_cast<int>(failure.exit);
  }
  return static_cast<int>(choice.action());
}

}  // namespace stet::cli
