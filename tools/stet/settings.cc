// Resolution of settings.
#include "tools/stet/settings.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string_view>

#include <absl/status/status.h>
#include <absl/strings/numbers.h>
#include <fmt/format.h>

#include "tools/stet/field.h"
#include "tools/stet/files.h"
#include "tools/stet/json_document.h"
#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

constexpr uint32_t kWorkersMax = 10'000;

// A value as text, and where it came from: for messages.
struct Setting {
  std::string text;
  std::string source;
};
using SettingMap = std::map<std::string, Setting, std::less<>>;

absl::Status ReadConfig(const std::string& path, SettingMap& settings) {
  STET_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  STET_ASSIGN_OR_RETURN(const JsonValue document, ParseJson(text, path));
  const Field root(path, document);
  STET_RETURN_IF_ERROR(
      root.ExpectKeys({"dir", "workers", "durability", "max_attempts", "log_level", "log_json"}));
  for (const auto& [key, value] : document.members) {
    const Field field = root.Member(key, value);
    const std::string source = fmt::format("{}: /{}", path, key);
    if (key == "dir" || key == "durability" || key == "log_level") {
      STET_ASSIGN_OR_RETURN(std::string setting, field.NonEmptyString());
      settings[key] = {std::move(setting), source};
    } else {
      STET_ASSIGN_OR_RETURN(const int64_t number, field.Integer(0, UINT32_MAX));
      settings[key] = {fmt::format("{}", number), source};
    }
  }
  return absl::OkStatus();
}

void ReadEnvironment(SettingMap& settings) {
  constexpr std::pair<const char*, const char*> kVariables[] = {
      {"dir", "STET_DIR"},
      {"workers", "STET_WORKERS"},
      {"durability", "STET_DURABILITY"},
      {"max_attempts", "STET_MAX_ATTEMPTS"},
      {"log_level", "STET_LOG_LEVEL"},
      {"log_json", "STET_LOG_JSON"}};
  for (const auto& [key, variable] : kVariables) {
    const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): before threads.
    if (value != nullptr && *value != '\0') settings[key] = {value, variable};
  }
}

void ReadFlags(const SettingFlags& flags, SettingMap& settings) {
  if (flags.directory) settings["dir"] = {*flags.directory, "--dir"};
  if (flags.workers) settings["workers"] = {fmt::format("{}", *flags.workers), "--workers"};
  if (flags.durability) settings["durability"] = {*flags.durability, "--durability"};
}

absl::StatusOr<uint32_t> Count(const Setting& setting, uint32_t min, uint32_t max) {
  uint32_t count = 0;
  if (!absl::SimpleAtoi(setting.text, &count) || count < min || count > max) {
    return absl::InvalidArgumentError(fmt::format("{} must be a number from {} to {}, is {}",
                                                  setting.source, min, max, Quote(setting.text)));
  }
  return count;
}

absl::Status ResolveDurability(const Setting& setting, wal::Options* log) {
  if (wal::SetDurability(setting.text, log).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "{} must be commit, witness, interval, interval:TIME,BYTES (as interval:10ms,1MiB), os or "
      "memory, is {}",
      setting.source, Quote(setting.text)));
}

absl::StatusOr<LogLevel> LogLevelFrom(const Setting& setting) {
  if (setting.text == "error") return LogLevel::kError;
  if (setting.text == "warn") return LogLevel::kWarn;
  if (setting.text == "info") return LogLevel::kInfo;
  return absl::InvalidArgumentError(
      fmt::format("{} must be error, warn or info, is {}", setting.source, Quote(setting.text)));
}

absl::Status ResolveLog(const SettingMap& given, Settings& settings) {
  if (const auto found = given.find("log_level"); found != given.end()) {
    STET_ASSIGN_OR_RETURN(settings.log_level, LogLevelFrom(found->second));
  }
  if (const auto found = given.find("log_json"); found != given.end()) {
    STET_ASSIGN_OR_RETURN(const uint32_t number, Count(found->second, 0, 1));
    settings.log_json = number == 1;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Settings> ResolveSettings(const SettingFlags& flags) {
  SettingMap given;
  if (!flags.config_path.empty()) STET_RETURN_IF_ERROR(ReadConfig(flags.config_path, given));
  ReadEnvironment(given);
  ReadFlags(flags, given);
  Settings settings;
  std::string directory = ".stet";
  if (const auto found = given.find("dir"); found != given.end()) directory = found->second.text;
  if (directory.empty()) return absl::InvalidArgumentError("--dir must not be empty");
  std::error_code error;
  settings.directory = std::filesystem::absolute(directory, error).lexically_normal();
  if (error) return FileError(error.value(), "find the current folder for", directory);
  if (settings.directory.size() > 1 && settings.directory.back() == '/') {
    settings.directory.pop_back();
  }
  if (const auto found = given.find("workers"); found != given.end()) {
    STET_ASSIGN_OR_RETURN(settings.workers, Count(found->second, 0, kWorkersMax));
  }
  if (const auto found = given.find("max_attempts"); found != given.end()) {
    STET_ASSIGN_OR_RETURN(settings.max_attempts, Count(found->second, 1, UINT32_MAX));
  }
  if (const auto found = given.find("durability"); found != given.end()) {
    STET_RETURN_IF_ERROR(ResolveDurability(found->second, &settings.log));
  }
  STET_RETURN_IF_ERROR(ResolveLog(given, settings));
  return settings;
}

}  // namespace stet::cli
