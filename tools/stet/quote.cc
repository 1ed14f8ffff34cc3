// Quoting of text for messages.
#include "tools/stet/quote.h"

#include <nlohmann/json.hpp>

namespace stet::cli {
namespace {

constexpr size_t kQuotedBytesMax = 80;

}  // namespace

std::string Quote(std::string_view text) {
  const bool cut = text.size() > kQuotedBytesMax;
  if (cut) text = text.substr(0, kQuotedBytesMax);
  std::string quoted = nlohmann::json(std::string(text))
                           .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (cut) quoted.insert(quoted.size() - 1, "...");
  return quoted;
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') {
      while (i + 1 < text.size() && (text[i + 1] == '\n' || text[i + 1] == '\r' ||
                                     text[i + 1] == ' ' || text[i + 1] == '\t')) {
        ++i;
      }
      if (i + 1 < text.size() && !line.empty()) line += "; ";
    } else {
      line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return line;
}

}  // namespace stet::cli
