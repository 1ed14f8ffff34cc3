// The subcommands: names, options and examples.
#pragma once

#include <span>
#include <string_view>

#include "tools/walinspect/commands.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11 calls itself so.
class App;
}

namespace stet::walinspect {

// Of all subcommands; those that were not called keep the defaults.
struct Arguments {
  LsArguments ls = {};
  DumpArguments dump = {};
  VerifyArguments verify = {};
  ExplainArguments explain = {};
  StatsArguments stats = {};
  MapArguments map = {};
  FindArguments find = {};
  DiffArguments diff = {};
  StateArguments state = {};
  ShowArguments show = {};
  DigestArguments digest = {};
  BisectArguments bisect = {};
  SnapshotsArguments snapshots = {};
  GraphArguments graph = {};
  TimelineArguments timeline = {};
  ReplayArguments replay = {};
  ExtractArguments extract = {};
  RepairArguments salvage = {.salvage = true};
  RepairArguments repair = {};
  DoctorArguments doctor = {};
};

struct Command {
  std::string_view name;
  std::string_view help;
  std::string_view examples;
  void (*declare)(CLI::App*, Arguments*);
  Exit (*run)(const Arguments&);
};

std::span<const Command> Commands();

// Adds all of them to `app`; what is parsed goes to `arguments`.
void DeclareAll(CLI::App* app, Arguments* arguments);

}  // namespace stet::walinspect
