// What the engine tells a log of the host's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace stet {

enum class LogLevel : uint8_t {
  kInfo,     // opened, closed, an execution has ended
  kWarning,  // something to look at: a dead letter, a full disk, a clock step, a finding at open
  kError,    // the engine cannot go on
};
// Wire names: snake_case ("warning").
std::string_view ToString(LogLevel level);

struct LogField {
  std::string_view name = {};  // snake_case
  std::string value = {};
};

// Valid during the call.
struct LogLine {
  LogLevel level = LogLevel::kInfo;
  std::string_view message = {};  // the same for the same kind of thing, unless it is a note
  std::span<const LogField> fields = {};
};

}  // namespace stet

#pragma GCC visibility pop
