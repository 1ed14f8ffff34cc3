// A Status on its way through the control socket: nothing of it is lost.
#pragma once

#include <absl/status/status.h>
#include <nlohmann/json.hpp>

namespace stet::cli {

// {"code": number, "message", "details": {TYPE: TEXT}}
nlohmann::ordered_json StatusJson(const absl::Status& status);

// What does not look like one becomes an Internal error that says so.
absl::Status StatusFrom(const nlohmann::ordered_json& json);

}  // namespace stet::cli
