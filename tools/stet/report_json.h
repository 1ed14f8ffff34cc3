// Reports as JSON: the contract of `stet run --json`, `show --json` and `ls --json`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <stet/engine.h>
#include <stet/report.h>

namespace stet::cli {

// {"execution", "id", "workflow", "state", "tasks": {ID: {"state", "attempts", "lost", "started_at", "finished_at", "error"}},
//  "counts": {all nine states}, "seq"}
nlohmann::ordered_json ReportJson(const ExecutionReport& report);

// The same, and what was asked of it: "cancel_requested", "paused", "priority".
nlohmann::ordered_json ShownJson(const ExecutionReport& report);

// {"execution", "id", "workflow", "state", "cancel_requested", "paused", "priority", "started_at", "finished_at", "counts"}
nlohmann::ordered_json SummaryJson(const ExecutionSummary& summary);

// {"clean", "events_replayed", "attempts_lost", "dropped_bytes"}
nlohmann::ordered_json RecoveryJson(const EngineRecovery& recovery);

// One line; invalid UTF-8 is replaced.
std::string Dump(const nlohmann::ordered_json& json);

}  // namespace stet::cli
