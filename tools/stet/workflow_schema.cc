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
      "oneOf": [{"required": ["command"]}, {"required": ["run"]}],
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
        "retry": {"$ref": "#/$defs/retry"}
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
