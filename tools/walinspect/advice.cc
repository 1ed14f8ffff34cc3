// By cause: what sets it right, or what may be found elsewhere.
#include "tools/walinspect/advice.h"

#include <fmt/format.h>

namespace stet::walinspect {

std::string Quoted(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string NextFor(const wal::Explanation& said, const std::string& directory) {
  const std::string dir = Quoted(directory);
  switch (said.cause) {
    case wal::Cause::kIntact:
    case wal::Cause::kUnused:
    case wal::Cause::kDead:
      return {};
    case wal::Cause::kNewer:
      return "read it with the version that wrote it, or a later one";
    case wal::Cause::kForeign:
      return fmt::format("move {} to the log that it belongs to, and put the right file here",
                         Quoted(said.file));
    case wal::Cause::kBitFlip:
      if (said.spare) return {};
      return fmt::format("walinspect repair {} --fix-bit --out NEW", dir);
    case wal::Cause::kTorn:
    case wal::Cause::kStale:
      if (!said.promised) return {};
      break;
    default:
      if (said.spare) return {};
  }
  return fmt::format("walinspect verify {}", dir);
}

}  // namespace stet::walinspect
