// Reading of JSON arguments.
#include "tools/stet/input.h"

#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/stet/files.h"
#include "tools/stet/json_document.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {

absl::StatusOr<Payload> ReadInput(const std::optional<std::string>& given, std::string_view what,
                                  std::string_view fallback) {
  if (!given.has_value()) return Payload(std::string(fallback));
  if (given->empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{} is empty: give JSON or @FILE, or leave it out", what));
  }
  std::string text = *given;
  std::string name(what);
  if (text.front() == '@') {
    name = text.substr(1);
    STET_ASSIGN_OR_RETURN(text, ReadFile(name));
  }
  STET_RETURN_IF_ERROR(ParseJson(text, name).status());
  return Payload(std::move(text));
}

}  // namespace stet::cli
