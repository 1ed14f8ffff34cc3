// The options of every command that works on a directory.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/stet/settings.h"

namespace stet::cli {

inline void AddDirectory(CLI::App* command, SettingFlags& settings) {
  command->add_option("--dir", settings.directory,
                      "The engine's directory (env STET_DIR; default: .stet here)");
  command->add_option("--config", settings.config_path,
                      "JSON file with dir, workers, durability, max_attempts, log_level, log_json");
}

}  // namespace stet::cli
