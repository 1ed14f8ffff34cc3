// The tool's own workflow format, as JSON or YAML: its tasks are commands.
//
//   {
//     "name": "report",                          the execution's default key; default: the file's base name
//     "defaults": { ... },                       cwd, env, timeout, retry, priority for tasks that do not say
//     "tasks": [
//       {"id": "fetch",                          unique
//        "command": ["curl", "-fsS", "https://example.org/data"],   argv, run without a shell; or
//        "run": "curl -fsS https://example.org/data | gzip",        text for /bin/sh -c
//        "after": ["login"],                     ids of tasks that must have completed
//        "cwd": "work",                          relative to where stet was started; default: there
//        "env": {"LANG": "C"},                   added to stet's environment; may refer to outputs, as "command" may
//        "timeout": "30s",                       of one attempt; then TERM, and KILL after a grace period
//        "priority": 0,                          higher first
//        "compensate": ["refund", "${tasks.fetch.output}"],   argv or {"run": TEXT}: undoes it if the execution fails later
//        "retry": {"max_attempts": 3,            failures and timeouts, the first attempt included; default 1
//                  "max_lost": 10,               attempts lost with a killed stet
//                  "backoff": {"kind": "exponential", "base": "1s", "factor": 2, "cap": "5m", "jitter": 0.25}}}
//     ]
//   }
//
// "id", and one of "command" and "run", are required; task_format.h has the keys of kinds of task that run none.  In an element of "command" and in a value of "env", ${tasks.ID.output} stands
// for the output of an upstream task and ${tasks.ID.output/a/0} for a value inside it (a JSON pointer); it always stays within one
// argument or variable.  "$${tasks." stands for the text itself.
#pragma once

#include <absl/status/statusor.h>
#include <stet/workflow.h>

#include "tools/stet/field.h"
#include "tools/stet/workflow_file.h"

namespace stet::cli {

// The activity of every task of such a workflow; its config is a CommandConfig as JSON.
inline constexpr char kCommandActivity[] = "command";
// The activity that undoes such a task; it gets the same config.
inline constexpr char kCompensateActivity[] = "compensate";

// The workflow in `root`, an object; its name is empty when the file gives none.
// Errors: InvalidArgument naming the place: unknown key, wrong type, missing or duplicate id, missing or self-dependency, no tasks,
// a bad policy, a bad reference to an output.
absl::StatusOr<Workflow> ParseCommandWorkflow(const Field& root, const FileOptions& options);

}  // namespace stet::cli
