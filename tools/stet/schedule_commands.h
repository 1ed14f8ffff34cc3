// `stet schedule`: create, ls, trigger, backfill, pause, resume, rm.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "tools/stet/failure.h"

namespace stet::cli {

// The chosen command is put into `action`.
void AddScheduleCommands(CLI::App& app, std::function<ExitStatus()>& action);

}  // namespace stet::cli
