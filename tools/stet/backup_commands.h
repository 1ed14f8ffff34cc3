// Command lines of `stet backup` and `stet restore`.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "tools/stet/failure.h"

namespace stet::cli {

// Adds them to `app`; what was chosen goes to `action`.
void AddBackupCommands(CLI::App& app, std::function<ExitStatus()>& action);

}  // namespace stet::cli
