// A strict JSON document that remembers where each value stands, for error messages that name the place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

namespace stet::cli {

// A line and a column, both from 1; the column counts bytes.
struct TextPlace {
  size_t line = 1;
  size_t column = 1;
};

struct JsonValue {
  enum class Kind { kNull, kBool, kInteger, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  int64_t integer = 0;                                          // kInteger
  double number = 0;                                            // kInteger and kNumber
  std::string text = {};                                        // kString
  std::vector<JsonValue> items = {};                            // kArray
  std::vector<std::pair<std::string, JsonValue>> members = {};  // kObject, in the order of the text
  TextPlace place = {};

  // The member called `key`; null when there is none or this is no object.
  const JsonValue* Find(std::string_view key) const;
};

// "an object", "a string": for messages.
std::string_view Describe(JsonValue::Kind kind);

// Reads `text` as one JSON document.  `name` (a file name) begins each message: "name:line:column: what".
// Errors: InvalidArgument for anything that is not JSON, for a key that occurs twice in one object, for nesting deeper than
// kJsonDepthMax (neither reader nor result recurses deeper) and for an integer beyond 64 bits.
absl::StatusOr<JsonValue> ParseJson(std::string_view text, std::string_view name);

inline constexpr size_t kJsonDepthMax = 100;

}  // namespace stet::cli
