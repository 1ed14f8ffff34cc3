// How walinspect writes numbers, times and colours.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
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

// "1 batch", "2 batches".
std::string Counted(uint64_t count, std::string_view one, std::string_view many);

// The whole of `text` as a number; nothing if it is none, or does not fit.
template <typename T>
std::optional<T> NumberFrom(std::string_view text, int base = 10) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole ? std::optional(value) : std::nullopt;
}

// An LSN as people write it: "0x100004000", the 16 hex digits of any output here, or "1:16384", a
// segment's number and an offset in it.
std::optional<uint64_t> LsnFrom(std::string_view text);

// RFC 3339 as ns since the Unix epoch.
std::optional<int64_t> NanosFrom(std::string_view text);

// Two hex digits for each of at most `bytes_max` bytes, and how many there are if that is not all.
std::string HexDump(std::span<const std::byte> bytes, size_t bytes_max);

// One line on standard error: "walinspect: message".
void Complain(std::string_view message);

// Why a command gives no answer: one line as Complain, or {"error": {"code", "message", "file",
// "offset", "next"}} on standard output, as stet says it.
struct Trouble {
  std::string code = {};  // snake_case, or the log's finding in capitals
  std::string message = {};
  std::string file = {};
  std::optional<uint64_t> offset = {};
  std::string next = {};  // what to do next
};
void Say(const Trouble& trouble, bool json);
// The same of arguments that make no sense.
void SayUsage(std::string message, bool json);

// One JSON object on a line of standard output.  Bytes that are no UTF-8 become U+FFFD.
void PrintLine(const Json& json);

}  // namespace stet::walinspect
