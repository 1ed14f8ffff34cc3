// Reading JSON: whether a text is some, and values inside it.
#pragma once

#include <string_view>

namespace stet::schema {

// Deeper nesting is refused: reading must not recurse without bound.
inline constexpr size_t kJsonDepthMax = 100;

// Whether `text` is one JSON value, nested at most kJsonDepthMax deep.
bool IsJson(std::string_view text);

// Whether `text` has the form of a JSON pointer (RFC 6901).
bool IsJsonPointer(std::string_view text);

}  // namespace stet::schema
