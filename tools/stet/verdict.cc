// The text in which a supervisor says how its command ended: "KIND VALUE STOPPED WHAT\n".
#include <sstream>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/stet/supervisor.h"

namespace stet::cli {

std::string Verdict::Encode() const {
  return fmt::format("{} {} {} {}\n", static_cast<int>(kind), value, stopped ? 1 : 0, what);
}

absl::StatusOr<Verdict> Verdict::Decode(const std::string& text) {
  std::istringstream in(text);
  int kind = -1;
  int stopped = 0;
  Verdict verdict;
  const bool whole = !text.empty() && text.back() == '\n';
  if (!whole || !(in >> kind >> verdict.value >> stopped) || kind < 0 || kind > 2) {
    return absl::DataLossError("the supervisor of the command was killed");
  }
  verdict.kind = static_cast<Kind>(kind);
  verdict.stopped = stopped != 0;
  in.get();
  std::getline(in, verdict.what);
  return verdict;
}

}  // namespace stet::cli
