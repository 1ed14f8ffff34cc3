// Encoding of statuses.
#include "tools/stet/status_json.h"

#include <string>

#include <absl/strings/cord.h>

namespace stet::cli {

nlohmann::ordered_json StatusJson(const absl::Status& status) {
  nlohmann::ordered_json details = nlohmann::ordered_json::object();
  status.ForEachPayload([&details](const auto& type, const absl::Cord& payload) {
    details[std::string(type)] = std::string(payload);
  });
  return {{"code", static_cast<int>(status.code())},
          {"message", std::string(status.message())},
          {"details", std::move(details)}};
}

absl::Status StatusFrom(const nlohmann::ordered_json& json) {
  const absl::Status strange = absl::InternalError("an answer that is no error and no result");
  if (!json.is_object() || !json.contains("code") || !json["code"].is_number_integer() ||
      !json.contains("message") || !json["message"].is_string()) {
    return strange;
  }
  const int code = json["code"].get<int>();
  if (code <= 0 || code > static_cast<int>(absl::StatusCode::kUnauthenticated)) return strange;
  absl::Status status(static_cast<absl::StatusCode>(code), json["message"].get<std::string>());
  const auto details = json.find("details");
  if (details == json.end() || !details->is_object()) return status;
  for (const auto& [type, text] : details->items()) {
    if (text.is_string()) status.SetPayload(type, absl::Cord(text.get<std::string>()));
  }
  return status;
}

}  // namespace stet::cli
