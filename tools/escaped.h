// Text as it may stand in HTML, XML and SVG.
#pragma once

#include <string>
#include <string_view>

#include <absl/strings/str_replace.h>

namespace stet {

// `text` with what markup reserves replaced, fit for quoted attributes too.  Control characters, which
// may not stand in a page at all, become spaces; line breaks stay.
inline std::string Escaped(std::string_view text) {
  std::string escaped = absl::StrReplaceAll(
      std::string(text), {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
  for (char& c : escaped) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') c = ' ';
  }
  return escaped;
}

}  // namespace stet
