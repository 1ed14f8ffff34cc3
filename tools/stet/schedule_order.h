// What an operator asks of a schedule, as it travels through the control socket.
#pragma once

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <nlohmann/json.hpp>
#include <stet/engine.h>

namespace stet::cli {

// As it was typed; the workflow is taken along as text.
struct ScheduleOrder {
  std::string name = {};
  // To create one.
  std::string file = {};  // of the workflow: for messages, and its default name
  std::string text = {};
  std::string format = "auto";
  uint32_t max_attempts = 1;  // of tasks that say nothing about it
  std::string cron = {};
  std::string zone = "UTC";
  std::string every = {};  // a duration: 90s, 12h
  std::string misfire = "skip";
  uint32_t catch_up_max = 10;
  std::string overlap = "skip";
  std::string input = "null";  // JSON
  bool paused = false;
  // To fill in what was missed: RFC 3339.
  std::string from = {};
  std::string to = {};
};

nlohmann::ordered_json ScheduleOrderJson(const ScheduleOrder& order);
// What is absent or of the wrong kind is at its default.
ScheduleOrder ScheduleOrderFrom(const nlohmann::ordered_json& json);

// Errors: InvalidArgument; of the workflow with line and column.
absl::StatusOr<ScheduleSpec> SpecOf(const ScheduleOrder& order);
absl::StatusOr<absl::Time> TimeFrom(const std::string& text);

nlohmann::ordered_json ScheduleJson(const ScheduleReport& report);

}  // namespace stet::cli
