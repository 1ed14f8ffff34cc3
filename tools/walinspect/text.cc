// Colours only for a person who looks at a terminal.
#include "tools/walinspect/text.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace stet::walinspect {
namespace {

bool Coloured() {
  static const bool coloured = ::isatty(STDOUT_FILENO) == 1 &&
                               ::getenv("NO_COLOR") == nullptr;  // NOLINT(concurrency-mt-unsafe)
  return coloured;
}

}  // namespace

std::string Hex(uint64_t value) { return fmt::format("{:016x}", value); }

std::string TimeText(int64_t ns) {
  if (ns == 0) return "-";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E9SZ", absl::FromUnixNanos(ns), absl::UTCTimeZone());
}

Json TimeJson(int64_t ns) { return ns == 0 ? Json(nullptr) : Json(TimeText(ns)); }

std::string BytesText(uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::array<std::string_view, 3> kUnits = {"KiB", "MiB", "GiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string Painted(Colour colour, std::string_view text) {
  constexpr std::array<int, 5> kCodes = {0, 31, 32, 33, 2};
  if (!Coloured() || colour == Colour::kPlain) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<size_t>(colour)], text);
}

std::optional<uint64_t> LsnFrom(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X"))
    return NumberFrom<uint64_t>(text.substr(2), 16);
  if (text.size() == 16) return NumberFrom<uint64_t>(text, 16);
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto segno = NumberFrom<uint32_t>(text.substr(0, colon));
  const auto offset = NumberFrom<uint32_t>(text.substr(colon + 1));
  if (!segno || !offset) return std::nullopt;
  return uint64_t{*segno} << 32 | *offset;
}

std::optional<int64_t> NanosFrom(std::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, std::string(text), &time, &error)) return std::nullopt;
  return absl::ToUnixNanos(time);
}

std::string HexDump(std::span<const std::byte> bytes, size_t bytes_max) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * std::min(bytes.size(), bytes_max));
  for (const std::byte byte : bytes.first(std::min(bytes.size(), bytes_max))) {
    text += kDigits[static_cast<size_t>(byte >> 4)];
    text += kDigits[static_cast<size_t>(byte & std::byte{15})];
  }
  if (bytes.size() > bytes_max) text += fmt::format("... ({} bytes)", bytes.size());
  return text;
}

void Complain(std::string_view message) { fmt::print(stderr, "walinspect: {}\n", message); }

std::string Counted(uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

void Say(const Trouble& trouble, bool json) {
  if (!json) {
    Complain(trouble.next.empty() ? trouble.message
                                  : fmt::format("{}; {}", trouble.message, trouble.next));
    return;
  }
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
  };
  PrintLine({{"error",
              {{"code", trouble.code},
               {"message", trouble.message},
               {"file", text_or_null(trouble.file)},
               {"offset", trouble.offset ? Json(*trouble.offset) : Json(nullptr)},
               {"next", text_or_null(trouble.next)}}}});
}

void SayUsage(std::string message, bool json) {
  Say({.code = "usage", .message = std::move(message)}, json);
}

void PrintLine(const Json& json) {
  fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace stet::walinspect
