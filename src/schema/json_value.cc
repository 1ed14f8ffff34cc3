// The one place of the library that reads JSON.
#include "schema/json_value.h"

#include <nlohmann/json.hpp>

namespace stet::schema {
namespace {

// Brackets outside of strings.
bool TooDeep(std::string_view text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if ((c == '[' || c == '{') && ++depth > kJsonDepthMax) return true;
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return false;
}

}  // namespace

bool IsJson(std::string_view text) { return !TooDeep(text) && nlohmann::json::accept(text); }

bool IsJsonPointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (size_t at = text.find('~'); at != text.npos; at = text.find('~', at + 1)) {
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
  }
  return true;
}

std::optional<std::string> JsonAt(std::string_view text, std::string_view pointer) {
  using Json = nlohmann::ordered_json;
  if (TooDeep(text) || !IsJsonPointer(pointer)) return std::nullopt;
  const Json root = Json::parse(text, nullptr, false);
  if (root.is_discarded()) return std::nullopt;
  const Json::json_pointer at{std::string(pointer)};
  if (!root.contains(at)) return std::nullopt;
  return root.at(at).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace stet::schema
