// Encoding of command configs.
#include "tools/stet/command_config.h"

#include <absl/status/status.h>
#include <nlohmann/json.hpp>

#include "tools/stet/json_document.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {

std::string CommandConfig::ToJson() const {
  // nlohmann::json keeps keys in order, which makes the text canonical.
  nlohmann::json json = {{"command", argv}};
  if (!cwd.empty()) json["cwd"] = cwd;
  if (!env.empty()) json["env"] = env;
  if (!compensate.empty()) json["compensate"] = compensate;
  if (stateful) json["stateful"] = true;
  return json.dump();
}

absl::StatusOr<CommandConfig> CommandConfig::FromJson(const std::string& text) {
  STET_ASSIGN_OR_RETURN(const JsonValue json, ParseJson(text, "task config"));
  CommandConfig config;
  if (const JsonValue* argv = json.Find("command")) {
    for (const JsonValue& item : argv->items) config.argv.push_back(item.text);
  }
  if (const JsonValue* argv = json.Find("compensate")) {
    for (const JsonValue& item : argv->items) config.compensate.push_back(item.text);
  }
  config.stateful = json.Find("stateful") != nullptr;
  if (const JsonValue* cwd = json.Find("cwd")) config.cwd = cwd->text;
  if (const JsonValue* env = json.Find("env")) {
    for (const auto& [name, value] : env->members) config.env[name] = value.text;
  }
  if (config.argv.empty()) return absl::InvalidArgumentError("task config holds no command");
  return config;
}

}  // namespace stet::cli
