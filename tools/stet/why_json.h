// Why an execution is not further, as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <stet/why.h>

namespace stet::cli {

// {"action": "why", "execution", "id", "state", "paused", "cancel_requested", "summary", "open_tasks", "waits": [{"task",
//  "state", "kind", "on": [...], "until", "reason", "ends"}], "seq"}
nlohmann::ordered_json WhyJson(const WhyReport& why);

}  // namespace stet::cli
