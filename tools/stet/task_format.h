// What a task of a workflow file can say besides its command: its kind, and when and how often it runs.
//
//   {"id": "check", "if": {"task": "probe", "pointer": "/ok", "op": "==", "value": true},   without "if": by its command, which prints
//    "then": ["go"], "else": ["stop"]}              true or false; the tasks of the branch not taken are skipped
//   {"id": "poll", "run": "...", "loop": {"max_iterations": 10, "break_when": {"pointer": "/done"}}}
//   {"id": "approval", "signal": {"name": "approved", "timeout": "24h"}}    then its command, if it has one
//   {"id": "pause", "sleep": "5m"}
//   {"id": "each", "run": "...", "map": {"items": {"task": "list", "pointer": "/files"}, "parallelism": 8}}
//   {"id": "child", "workflow": {"name": "other", "input": {"task": "list"}}}
//   {"id": "count", "run": "...", "stateful": true}
//
// and, beside these: "repeat": {"count": 3, "interval": "1s"} or {"cron": "0 * * * *", "max_occurrences": 5},
// "on_upstream_failure": "run", "trigger": "exit" (a cleanup task), "timeouts": {"schedule_to_start", "schedule_to_close",
// "heartbeat"}, "concurrency_key": {"key": "${input/account}", "held_in_retry": true}, "breaker": "name".
#pragma once

#include <initializer_list>
#include <string_view>

#include <absl/status/status.h>
#include <stet/workflow.h>

#include "tools/stet/field.h"

namespace stet::cli {

// The keys of a task that ParseTaskExtras knows.
inline constexpr std::string_view kTaskExtraKeys[] = {"stateful",
                                                      "if",
                                                      "then",
                                                      "else",
                                                      "loop",
                                                      "signal",
                                                      "sleep",
                                                      "map",
                                                      "workflow",
                                                      "repeat",
                                                      "on_upstream_failure",
                                                      "trigger",
                                                      "timeouts",
                                                      "concurrency_key",
                                                      "breaker"};

// Reads them from `object`, a task.  Errors: InvalidArgument naming the place.
absl::Status ParseTaskExtras(const Field& object, Task& task);

// Whether a task of this kind must have a command, may have one, or cannot.
enum class CommandUse { kNeeded, kAllowed, kNone };
CommandUse CommandUseOf(const Task& task);

}  // namespace stet::cli
