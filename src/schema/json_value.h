// Reading JSON: whether a text is some, and values inside it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "schema/workflow.fbs.h"

namespace stet::schema {

// Deeper nesting is refused: reading must not recurse without bound.
inline constexpr size_t kJsonDepthMax = 100;

// Whether `text` is one JSON value, nested at most kJsonDepthMax deep.
bool IsJson(std::string_view text);

// Whether `text` has the form of a JSON pointer (RFC 6901).
bool IsJsonPointer(std::string_view text);

// The value at `pointer` in `text`, as JSON; nothing when there is none, or `text` is no JSON.
std::optional<std::string> JsonAt(std::string_view text, std::string_view pointer);

// The text, number or boolean at `pointer` in the JSON value `text`: a text without its quotes, the others as
// JSON writes them.  Nothing if there is none, or `text` is no JSON.
std::optional<std::string> ScalarAt(std::string_view text, std::string_view pointer);

// The items of the array that `text` is, each as JSON; nothing if it is something else.
std::optional<std::vector<std::string>> ReadArray(std::string_view text);

// The boolean that `text` is, and no other JSON value.
std::optional<bool> ReadBool(std::string_view text);

// Whether `op` holds between the value at `pointer` inside `text` and `operand`, both JSON.
// Errors: FailedPrecondition when `text` is no JSON.
absl::StatusOr<bool> Holds(std::string_view text, std::string_view pointer, fb::CompareOp op,
                           std::string_view operand);

}  // namespace stet::schema
