// The schema as text.  A test holds it against what the parser knows.
#include "tools/stet/workflow_schema.h"

namespace stet::cli {
namespace {

constexpr std::string_view kSchema = R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "A workflow of commands for stet",
  "type": "object",
  "required": ["tasks"],
  "additionalProperties": false,
  "properties": {
    "name": {"type": "string", "minLength": 1, "description": "The execution's default key; default: the file's base name"},
    "defaults": {"$ref": "#/$defs/defaults"},
    "tasks": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/task"}}
  },
  "$defs": {
    "task": {
      "type": "object",
      "required": ["id"],
      "anyOf": [{"required": ["command"]}, {"required": ["run"]}, {"required": ["if"]}, {"required": ["signal"]}, {"required": ["sleep"]}, {"required": ["workflow"]}],
      "not": {"required": ["command", "run"]},
      "additionalProperties": false,
      "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 255, "description": "Unique in the workflow"},
        "command": {
          "type": "array", "minItems": 1, "items": {"type": "string"},
          "description": "Program and arguments, run without a shell; ${tasks.ID.output} is the output of a task in \"after\""
        },
        "run": {"type": "string", "minLength": 1, "description": "Text for /bin/sh -c; outputs are the files $STET_OUTPUT_<ID>"},
        "after": {
          "type": "array", "uniqueItems": true, "items": {"type": "string", "minLength": 1},
          "description": "Ids of tasks that must have completed"
        },
        "cwd": {"$ref": "#/$defs/cwd"},
        "env": {"$ref": "#/$defs/env"},
        "timeout": {"$ref": "#/$defs/timeout"},
        "priority": {"$ref": "#/$defs/priority"},
        "retry": {"$ref": "#/$defs/retry"},
        "stateful": {"type": "boolean", "description": "Its state is there for its next attempt or run"},
        "if": {"$ref": "#/$defs/when", "description": "Chooses \"then\" or \"else\"; without it the command does, which prints true or false"},
        "then": {"$ref": "#/$defs/branch"},
        "else": {"$ref": "#/$defs/branch"},
        "loop": {"$ref": "#/$defs/loop"},
        "signal": {"$ref": "#/$defs/signal"},
        "sleep": {"$ref": "#/$defs/duration", "description": "Waits, without a worker"},
        "map": {"$ref": "#/$defs/map"},
        "workflow": {"$ref": "#/$defs/child"},
        "repeat": {"$ref": "#/$defs/repeat"},
        "on_upstream_failure": {"type": "string", "enum": ["skip", "run"], "description": "When one of \"after\" fails; default skip"},
        "trigger": {"type": "string", "enum": ["success", "failure", "cancel", "exit"], "description": "A cleanup task: runs when all others have ended, if the execution ends so"},
        "timeouts": {"$ref": "#/$defs/timeouts"},
        "concurrency_key": {"$ref": "#/$defs/concurrency_key"},
        "breaker": {"type": "string", "minLength": 1, "description": "The circuit breaker that it shares"},
        "compensate": {
          "type": ["array", "object"], "items": {"type": "string"}, "minItems": 1,
          "properties": {"run": {"type": "string", "minLength": 1}}, "additionalProperties": false,
          "description": "Undoes the task if the execution fails after it has completed: program and arguments, or {\"run\": TEXT}"
        }
      }
    },
    "when": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "task": {"type": "string", "minLength": 1, "description": "Whose output; one of \"after\""},
        "pointer": {"type": "string", "description": "JSON pointer of the value; default: the whole"},
        "op": {"type": "string", "enum": ["true", "exists", "==", "!=", "<", "<=", ">", ">="], "description": "Default: == with a value, else true"},
        "value": {"type": ["string", "number", "boolean", "null"]}
      }
    },
    "value_at": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "task": {"type": "string", "minLength": 1, "description": "Whose output; default: the execution's input"},
        "pointer": {"type": "string", "description": "JSON pointer of the value; default: the whole"}
      }
    },
    "branch": {"type": "array", "items": {"type": "string", "minLength": 1}, "description": "Tasks that depend on this one"},
    "loop": {
      "type": "object",
      "required": ["max_iterations"],
      "additionalProperties": false,
      "properties": {
        "max_iterations": {"type": "integer", "minimum": 1},
        "break_when": {"$ref": "#/$defs/when", "description": "About the iteration's own output"}
      }
    },
    "signal": {
      "type": "object",
      "required": ["name"],
      "additionalProperties": false,
      "properties": {
        "name": {"type": "string", "minLength": 1},
        "timeout": {"$ref": "#/$defs/duration", "description": "Of the wait; then the task fails"}
      }
    },
    "map": {
      "type": "object",
      "required": ["items"],
      "additionalProperties": false,
      "properties": {
        "items": {"$ref": "#/$defs/value_at", "description": "A JSON array: the command runs once for each item"},
        "parallelism": {"type": "integer", "minimum": 1, "description": "Items at once; default 16"}
      }
    },
    "child": {
      "type": "object",
      "required": ["name"],
      "additionalProperties": false,
      "properties": {
        "name": {"type": "string", "minLength": 1},
        "input": {"$ref": "#/$defs/value_at"}
      }
    },
    "repeat": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "count": {"type": "integer", "minimum": 1},
        "interval": {"$ref": "#/$defs/duration"},
        "cron": {"type": "string", "minLength": 1, "description": "5, 6 or 7 fields, UTC"},
        "max_occurrences": {"type": "integer", "minimum": 1}
      }
    },
    "timeouts": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "schedule_to_start": {"$ref": "#/$defs/duration", "description": "Ready to start"},
        "schedule_to_close": {"$ref": "#/$defs/duration", "description": "Ready to end, retries included"},
        "heartbeat": {"$ref": "#/$defs/duration", "description": "A command that prints nothing for so long is stopped; looked at every 50 ms"}
      }
    },
    "concurrency_key": {
      "type": "object",
      "required": ["key"],
      "additionalProperties": false,
      "properties": {
        "key": {"type": "string", "minLength": 1, "description": "Runs of equal keys do not run at once; may hold ${key} and ${input/a}"},
        "held_in_retry": {"type": "boolean"}
      }
    },
    "defaults": {
      "type": "object",
      "additionalProperties": false,
      "description": "For tasks that do not say",
      "properties": {
        "cwd": {"$ref": "#/$defs/cwd"},
        "env": {"$ref": "#/$defs/env"},
        "timeout": {"$ref": "#/$defs/timeout"},
        "priority": {"$ref": "#/$defs/priority"},
        "retry": {"$ref": "#/$defs/retry"}
      }
    },
    "cwd": {"type": "string", "minLength": 1, "description": "Relative to where stet was started; default: there"},
    "env": {
      "type": "object", "additionalProperties": {"type": "string"},
      "description": "Added to stet's environment; may refer to outputs, as \"command\" may"
    },
    "timeout": {"$ref": "#/$defs/duration", "description": "Of one attempt; then TERM, and KILL after a grace period"},
    "priority": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647, "description": "Higher first"},
    "retry": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "max_attempts": {"type": "integer", "minimum": 1, "description": "Failures and timeouts, the first attempt included; default 1"},
        "max_lost": {"type": "integer", "minimum": 1, "description": "Attempts lost with a killed stet"},
        "non_retryable": {"type": "array", "items": {"type": "string"}, "description": "Status codes that end the run at once, such as aborted"},
        "deadline": {"$ref": "#/$defs/duration", "description": "Since the first start; no attempt begins after it"},
        "backoff": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "kind": {"enum": ["fixed", "linear", "exponential"]},
            "base": {"$ref": "#/$defs/duration"},
            "factor": {"type": "number", "minimum": 1, "maximum": 1000},
            "cap": {"$ref": "#/$defs/duration"},
            "jitter": {"type": "number", "minimum": 0, "maximum": 1}
          }
        }
      }
    },
    "duration": {"type": "string", "pattern": "^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(h|m|s|ms|us|ns)", "examples": ["500ms", "30s", "1h30m"]}
  }
}
)json";

}  // namespace

std::string_view WorkflowSchema() { return kSchema; }

}  // namespace stet::cli
