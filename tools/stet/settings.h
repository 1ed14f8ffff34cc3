// Settings that come from a flag, else the environment, else the file named by --config, else a default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <absl/status/statusor.h>
#include <stet/wal/options.h>

namespace stet::cli {

// As given by flags; nothing where there was none.
struct SettingFlags {
  std::optional<std::string> directory = std::nullopt;
  std::optional<uint32_t> workers = std::nullopt;
  std::optional<std::string> durability = std::nullopt;
  std::string config_path = {};
};

// What is said on standard error while a workflow runs.
enum class LogLevel {
  kError,  // nothing: errors are said in any case
  kWarn,   // what is unusual: notes of the engine
  kInfo,   // progress too
};

struct Settings {
  std::string directory = {};  // absolute
  uint32_t workers = 0;        // 0: one per core
  wal::Options log = {};       // its durability, with the interval's time and bytes
  uint32_t max_attempts = 1;   // of tasks whose file says nothing
  LogLevel log_level = LogLevel::kInfo;
  bool log_json = false;  // each line of it an object
};

// Environment: STET_DIR, STET_WORKERS, STET_DURABILITY, STET_MAX_ATTEMPTS, STET_LOG_LEVEL, STET_LOG_JSON.
// Keys of the file: dir, workers, durability, max_attempts, log_level, log_json.
// Errors: InvalidArgument naming the source of the bad value.
absl::StatusOr<Settings> ResolveSettings(const SettingFlags& flags);

}  // namespace stet::cli
