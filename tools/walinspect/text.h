// How walinspect writes numbers, times and colours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <nlohmann/json.hpp>

namespace stet::walinspect {

using Json = nlohmann::ordered_json;

// 16 hex digits, as LSNs, salts and execution ids are written.
std::string Hex(uint64_t value);

// RFC 3339, UTC, nanoseconds, from ns since the Unix epoch; null in JSON and "-" in text if 0.
std::string TimeText(int64_t ns);
Json TimeJson(int64_t ns);

// "4.0 MiB".
std::string BytesText(uint64_t bytes);

enum class Colour { kPlain, kRed, kGreen, kYellow, kDim };

// `text` in colour if standard output is a terminal (and NO_COLOR is not set), else as it is.
std::string Painted(Colour colour, std::string_view text);

// One line on standard error: "walinspect: message".
void Complain(std::string_view message);

// One JSON object on a line of standard output.  Bytes that are no UTF-8 become U+FFFD.
void PrintLine(const Json& json);

}  // namespace stet::walinspect
