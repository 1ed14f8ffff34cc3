// walinspect: read, prove and repair logs.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tools/walinspect/commands.h"
#include "tools/walinspect/declare.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

constexpr std::string_view kVersion = WALINSPECT_VERSION;

constexpr std::string_view kFooter =
    R"(DIR is an engine's directory or the log in it; damaged, copied and live directories are fine.
No lock is taken, and nothing is written but by extract, and by salvage and repair with --yes, into a new directory.

Examples:
  walinspect verify .stet                       what would open decide, and why?
  walinspect verify .stet --deep                every damaged place, every event, every digest
  walinspect explain .stet 0x100005000          what stands there, and what happened to it?
  walinspect dump .stet --exec nightly --json   all events of an execution, one JSON object a line
  walinspect dump .stet --follow                events as they become durable
  walinspect map .stet                          the segments, a character a block
  walinspect state .stet --at 1042              executions as they stood behind event 1042
  walinspect show .stet nightly --at 1042       one of them, task by task
  walinspect timeline .stet nightly -o t.html   what ran when, and how the graph stands
  walinspect extract .stet --exec nightly --redact -o part   for others to look at
  walinspect salvage .stet --out NEW            what could be saved of a damaged log?
`walinspect COMMAND --help` has more.

Exit status: 0 clean; 1 a torn or stale tail, as an ordinary crash leaves it; 2 damage or refusal;
3 usage; 4 the directory cannot be read.)";

std::string CommandNames() {
  std::string names;
  for (const Command& command : Commands()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", command.name);
  }
  return names;
}

// What is wrong with the first argument, if that is no command; empty otherwise.
std::string UnknownCommand(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]).starts_with("-")) return {};
  const std::string_view name = argv[1];
  const auto is_it = [&](const Command& command) { return command.name == name; };
  if (std::ranges::any_of(Commands(), is_it)) return {};
  return fmt::format("unknown command \"{}\"; there are {}", name, CommandNames());
}

// A parse error in the words of who typed it.
std::string WordsOf(const CLI::ParseError& error) {
  const std::string text = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return text.substr(0, text.find(':')) + " needs a value";
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
      text.find("subcommand") != std::string::npos) {
    return "a command is needed: " + CommandNames();
  }
  return text;
}

int Refuse(std::string message, bool json) {
  Say({.code = "usage", .message = std::move(message), .next = "`walinspect --help` says how"},
      json);
  return static_cast<int>(Exit::kUsage);
}

Exit RunChosen(const CLI::App& app, const Arguments& arguments) {
  for (const Command& command : Commands()) {
    if (app.got_subcommand(std::string(command.name))) return command.run(arguments);
  }
  return Exit::kUsage;
}

int Main(int argc, char** argv) {
  const bool json = std::find(argv + 1, argv + argc, std::string_view("--json")) != argv + argc;
  if (std::string unknown = UnknownCommand(argc, argv); !unknown.empty()) {
    return Refuse(std::move(unknown), json);
  }
  CLI::App app("Reads, proves and repairs the logs of stet.", "walinspect");
  app.footer(std::string(kFooter));
  app.set_version_flag("--version", fmt::format("walinspect {}", kVersion));
  app.require_subcommand(1);
  Arguments arguments;
  DeclareAll(&app, &arguments);
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
