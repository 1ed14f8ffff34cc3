// walinspect: read and prove logs.
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

constexpr std::string_view kVersion = WALINSPECT_VERSION;
constexpr std::array<std::string_view, 4> kCommands = {"ls", "dump", "verify", "state"};

// Subcommands that have a name, and nothing behind it yet.
constexpr std::array<std::string_view, 16> kNotBuilt = {
    "explain", "stats",  "map",       "find",     "show",  "digest",  "diff",    "bisect",
    "replay",  "repair", "snapshots", "timeline", "graph", "extract", "salvage", "doctor"};

constexpr std::string_view kFooter =
    R"(DIR is an engine's directory or the log in it; damaged, copied and live directories are fine.
Nothing is ever written, and no lock is taken.

Examples:
  walinspect verify .stet                       what would open decide, and why?
  walinspect dump .stet --exec nightly --json   all events of an execution, one JSON object a line
  walinspect dump .stet --type attempt_finished --from 100 --limit 20
  walinspect ls .stet                           segments, their seqs and watermarks
  walinspect state .stet --at 1042              executions as they stood behind event 1042

Exit status: 0 clean; 1 a torn or stale tail, as an ordinary crash leaves it; 2 damage or refusal;
3 usage; 4 the directory cannot be read.)";

void AddCommon(CLI::App* command, std::string* directory, bool* json) {
  command->add_option("DIR", *directory, "directory of the engine, or of its log")->required();
  command->add_flag("--json", *json, "JSON, one object a line");
}

struct Arguments {
  LsArguments ls = {};
  DumpArguments dump = {};
  VerifyArguments verify = {};
  StateArguments state = {};
};

void Declare(CLI::App* app, Arguments* arguments) {
  CLI::App* ls = app->add_subcommand("ls", "List the segments");
  AddCommon(ls, &arguments->ls.directory, &arguments->ls.json);

  CLI::App* dump = app->add_subcommand("dump", "Print the events; goes on behind damage");
  DumpArguments& filters = arguments->dump;
  AddCommon(dump, &filters.directory, &filters.json);
  dump->add_option("--from", filters.from, "first seq");
  dump->add_option("--to", filters.to, "last seq");
  dump->add_option("--exec", filters.execution, "only this execution: key, id or unique prefix");
  dump->add_option("--type", filters.type, "only this event type: name or number");
  dump->add_option("--since", filters.since,
                   "only batches written at this time or later (RFC 3339)");
  dump->add_option("--limit", filters.limit, "at most so many events");

  CLI::App* verify = app->add_subcommand("verify", "Say what open would decide, and why");
  AddCommon(verify, &arguments->verify.directory, &arguments->verify.json);
  verify->add_flag("--deep", arguments->verify.deep,
                   "replay every event and compare the digests of the state too");

  CLI::App* state = app->add_subcommand("state", "Show the executions, as of any event");
  AddCommon(state, &arguments->state.directory, &arguments->state.json);
  state->add_option("--at", arguments->state.at, "seq of the last event to apply");
}

// What `argv` asks for that has a name, and nothing behind it yet; empty when all of it is built.
std::string NotBuilt(int argc, char** argv) {
  if (argc < 2) return {};
  const std::string_view command = argv[1];
  if (std::count(kNotBuilt.begin(), kNotBuilt.end(), command) > 0) return std::string(command);
  const bool follow = std::find(argv + 2, argv + argc, std::string_view("--follow")) != argv + argc;
  return command == "dump" && follow ? "dump --follow" : "";
}

Exit RunChosen(const CLI::App& app, const Arguments& arguments) {
  if (app.got_subcommand("ls")) return RunLs(arguments.ls);
  if (app.got_subcommand("dump")) return RunDump(arguments.dump);
  if (app.got_subcommand("verify")) return RunVerify(arguments.verify);
  return RunState(arguments.state);
}

// What is wrong with the first argument, if that names no command; empty otherwise.
std::string UnknownCommand(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]).starts_with("-")) return {};
  if (std::find(kCommands.begin(), kCommands.end(), argv[1]) != kCommands.end()) return {};
  return fmt::format("unknown command \"{}\"; there are {}", argv[1], fmt::join(kCommands, ", "));
}

// A parse error in the words of who typed it.
std::string WordsOf(const CLI::ParseError& error) {
  const std::string text = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return text.substr(0, text.find(':')) + " needs a value";
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
      text.find("subcommand") != std::string::npos) {
    return fmt::format("a command is needed: {}", fmt::join(kCommands, ", "));
  }
  return text;
}

int Refuse(std::string message, bool json) {
  Say({.code = "usage", .message = std::move(message), .next = "`walinspect --help` says how"},
      json);
  return static_cast<int>(Exit::kUsage);
}

int Main(int argc, char** argv) {
  const bool json = std::find(argv + 1, argv + argc, std::string_view("--json")) != argv + argc;
  if (const std::string name = NotBuilt(argc, argv); !name.empty()) {
    return Refuse(fmt::format("{} is not built yet ({} are)", name, fmt::join(kCommands, ", ")),
                  json);
  }
  if (std::string unknown = UnknownCommand(argc, argv); !unknown.empty()) {
    return Refuse(std::move(unknown), json);
  }
  CLI::App app("Reads and proves the logs of stet; changes nothing.", "walinspect");
  app.footer(std::string(kFooter));
  app.set_version_flag("--version", fmt::format("walinspect {}", kVersion));
  app.require_subcommand(1);
  Arguments arguments;
  Declare(&app, &arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return Refuse(WordsOf(error), json);
  }
  try {
    const Exit exit = RunChosen(app, arguments);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return static_cast<int>(exit);
    Complain("standard output cannot be written");
    return static_cast<int>(Exit::kInputOutput);
  } catch (const std::exception& error) {  // standard output cannot be written
    Complain(error.what());
    return static_cast<int>(Exit::kInputOutput);
  }
}

}  // namespace
}  // namespace stet::walinspect

int main(int argc, char** argv) { return stet::walinspect::Main(argc, argv); }
