// YAML documents, read into the same values as JSON.
#pragma once

#include <string_view>

#include <absl/status/statusor.h>

#include "tools/stet/json_document.h"

namespace stet::cli {

// Reads `text` as one YAML 1.2 document (core schema: true and false are booleans, yes and no are
// text).  `name` (a file name) begins each message: "name:line:column: what".
// Errors: InvalidArgument for what is not YAML, or more than one document, for keys that are no
// text or occur twice in one mapping, for aliases and tags (a file that means what it says needs
// neither; "defaults" of a workflow serves instead), for nesting deeper than kJsonDepthMax and for
// an integer beyond 64 bits.
absl::StatusOr<JsonValue> ParseYaml(std::string_view text, std::string_view name);

}  // namespace stet::cli
