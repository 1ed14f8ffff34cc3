// The command lines of operators.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "tools/stet/failure.h"

namespace stet::cli {

// Adds their commands; the one that is given sets `action`.
void AddOperateCommands(CLI::App& app, std::function<ExitStatus()>& action);

}  // namespace stet::cli
