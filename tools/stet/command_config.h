// What a command task needs to run: the content of Task::config of the activity "command".
#pragma once

#include <map>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

namespace stet::cli {

struct CommandConfig {
  std::vector<std::string> argv = {};           // may hold ${tasks.ID.output} references
  std::string cwd = {};                         // empty: where stet was started
  std::map<std::string, std::string> env = {};  // values may, too
  std::vector<std::string> compensate = {};     // argv of what undoes it; empty: nothing does

  bool stateful = false;  // the file STET_STATE keeps its state

  // Canonical JSON: equal configs give equal bytes.
  std::string ToJson() const;
  static absl::StatusOr<CommandConfig> FromJson(const std::string& text);
};

}  // namespace stet::cli
