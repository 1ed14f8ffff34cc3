// What an operator asks of a directory: one command, as it travels through the control socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <nlohmann/json.hpp>
#include <stet/engine.h>

#include "tools/stet/schedule_order.h"

namespace stet::cli {

enum class Action {
  kWhy,
  kRetry,
  kCancel,
  kPause,
  kResume,
  kPriority,
  kPurge,
  kDeadRequeue,
  kDeadDrop,
  kSignal,
  kScheduleCreate,
  kScheduleTrigger,
  kScheduleBackfill,
  kSchedulePause,
  kScheduleResume,
  kScheduleRemove,
  kSnapshot,
  kBreakerReset,
};

// As in JSON: "dead_requeue".
std::string_view ToString(Action action);

struct Operation {
  Action action = Action::kWhy;
  std::string execution = {};  // its key, its id, or a unique prefix of either
  std::string task = {};       // of the dead letters'
  std::string activity =
      {};  // to pause or resume instead of an execution; with neither, the engine
  int32_t priority = 0;
  std::string signal = {};      // its name
  std::string payload = {};     // JSON
  std::string id = {};          // of the signal; empty: none
  ScheduleOrder schedule = {};  // of the schedules'
  std::string breaker = {};
  bool compensate = false;  // cancel: undo what has completed
  bool confirmed = true;    // false: say what would be destroyed, and leave it
};

// Whether it may take longer than anybody waits without a sign.
bool IsLong(const Operation& operation);

// {"action", "execution", "task", "activity", "priority", "signal", "payload", "id", "schedule", "breaker", "compensate", "confirmed"}
nlohmann::ordered_json OperationJson(const Operation& operation);
// Errors: InvalidArgument.
absl::StatusOr<Operation> OperationFrom(const nlohmann::ordered_json& json);

// Does it.  What it answers is what --json prints: {"action", "execution", "id", "state", ..., "seq"}; `seq` is null when
// nothing was changed.  Errors: those of the engine.
absl::StatusOr<nlohmann::ordered_json> Perform(Engine& engine, const Operation& operation);

// An answer for people.
std::string AnswerText(const nlohmann::ordered_json& answer);

}  // namespace stet::cli
