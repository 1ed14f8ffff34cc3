// Whether bytes are text.
#pragma once

#include <string_view>

namespace stet::schema {

// Valid UTF-8: shortest forms only, no surrogates, at most U+10FFFF.
bool IsUtf8(std::string_view bytes);

}  // namespace stet::schema
