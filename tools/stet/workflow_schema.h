// `stet schema`: the JSON Schema of workflow files, for editors and for whoever generates them.
#pragma once

#include <string_view>

namespace stet::cli {

// JSON Schema 2020-12 of the tool's own format, as JSON or YAML.  What it cannot say (cycles,
// references to outputs) `stet validate` says.
std::string_view WorkflowSchema();

}  // namespace stet::cli
