// JSON that is given on the command line, or in a file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <stet/payload.h>

namespace stet::cli {

// `text` is JSON, or @FILE; none: `fallback`.  `what` names it in messages: "--input".
// Errors: InvalidArgument with line and column; those of the file.
absl::StatusOr<Payload> ReadInput(const std::optional<std::string>& text, std::string_view what,
                                  std::string_view fallback = "null");

}  // namespace stet::cli
