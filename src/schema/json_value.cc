// The one place of the library that reads JSON.
#include "schema/json_value.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
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

using JsonDocument = nlohmann::json;

// The child that `token`, as it stands in a pointer, names; null: there is none.
const JsonDocument* ChildOf(const JsonDocument& value, std::string_view token) {
  if (value.is_array()) {
    size_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    const bool whole = error == std::errc() && end == token.data() + token.size() &&
                       (token.size() == 1 || token.front() != '0');
    return whole && index < value.size() ? &value[index] : nullptr;
  }
  if (!value.is_object()) return nullptr;
  std::string name;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool escaped = token[i] == '~';
    if (escaped) ++i;
    name += !escaped ? token[i] : token[i] == '0' ? '~' : '/';
  }
  const auto at = value.find(name);
  return at == value.end() ? nullptr : &*at;
}

// The value at `pointer` inside `root`; null: there is none.
const JsonDocument* At(const JsonDocument& root, std::string_view pointer) {
  const JsonDocument* at = &root;
  while (at != nullptr && !pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    at = ChildOf(*at, pointer.substr(0, end));
    pointer.remove_prefix(end);
  }
  return at;
}

bool Ordered(const JsonDocument& a, const JsonDocument& b) {
  return (a.is_number() && b.is_number()) || (a.is_string() && b.is_string());
}

bool Compare(const JsonDocument& value, fb::CompareOp op, const JsonDocument& operand) {
  switch (op) {
    case fb::CompareOp::None:
    case fb::CompareOp::Exists:
      return true;
    case fb::CompareOp::True:
      return value.is_boolean() && value.get<bool>();
    case fb::CompareOp::Equal:
      return value == operand;
    case fb::CompareOp::NotEqual:
      return value != operand;
    case fb::CompareOp::Less:
      return Ordered(value, operand) && value < operand;
    case fb::CompareOp::LessOrEqual:
      return Ordered(value, operand) && value <= operand;
    case fb::CompareOp::Greater:
      return Ordered(value, operand) && value > operand;
    case fb::CompareOp::GreaterOrEqual:
      return Ordered(value, operand) && value >= operand;
  }
  return false;
}

}  // namespace

std::optional<bool> ReadBool(std::string_view text) {
  if (TooDeep(text)) return std::nullopt;
  const JsonDocument value = JsonDocument::parse(text, nullptr, false);
  if (!value.is_boolean()) return std::nullopt;
  return value.get<bool>();
}

absl::StatusOr<bool> Holds(std::string_view text, std::string_view pointer, fb::CompareOp op,
                           std::string_view operand) {
  const JsonDocument root = TooDeep(text) ? JsonDocument(JsonDocument::value_t::discarded)
                                          : JsonDocument::parse(text, nullptr, false);
  if (root.is_discarded()) {
    return absl::FailedPreconditionError(
        fmt::format("{} bytes are no JSON, or nested deeper than {}", text.size(), kJsonDepthMax));
  }
  const JsonDocument* value = At(root, pointer);
  if (value == nullptr) return op == fb::CompareOp::NotEqual;
  return Compare(*value, op, JsonDocument::parse(operand, nullptr, false));
}

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

std::optional<std::vector<std::string>> ReadArray(std::string_view text) {
  using Json = nlohmann::ordered_json;
  if (TooDeep(text)) return std::nullopt;
  const Json root = Json::parse(text, nullptr, false);
  if (!root.is_array()) return std::nullopt;
  std::vector<std::string> items;
  items.reserve(root.size());
  for (const Json& item : root) {
    items.push_back(item.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return items;
}

std::optional<std::string> ScalarAt(std::string_view text, std::string_view pointer) {
  if (TooDeep(text) || !IsJsonPointer(pointer)) return std::nullopt;
  const JsonDocument document = JsonDocument::parse(text, nullptr, false);
  const JsonDocument* at = At(document, pointer);
  if (at == nullptr) return std::nullopt;
  if (at->is_string()) return at->get<std::string>();
  if (at->is_number() || at->is_boolean()) return at->dump();
  return std::nullopt;
}

}  // namespace stet::schema
