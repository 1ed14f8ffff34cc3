// Where the files of one attempt of a command lie inside the engine's directory.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <stet/activity.h>

namespace stet::cli {

// `name` as part of a file name: other bytes than letters, digits and "._-+@=," become %XX; long names are cut and told apart by a hash.
std::string FileNameOf(std::string_view name);

// An execution's id as it is printed: 16 hex digits.
std::string PrintId(uint64_t id);

struct AttemptFiles {
  std::string log_folder;   // DIR/logs/EXECUTION
  std::string stdout_path;  // in it: TASK.RUN.ATTEMPT.out
  std::string stderr_path;
  std::string group_path;  // DIR/run/....group
  std::string folder;  // DIR/run/....files: input and upstream outputs, for the time of the attempt

  // `directory` must be absolute.
  static AttemptFiles For(const std::string& directory, const ActivityContext& context);

  // Creates the folders and writes input and outputs.  The variables that name them: STET_INPUT, STET_OUTPUT_<TASK>.
  absl::StatusOr<std::vector<std::string>> Prepare(const ActivityContext& context) const;
  // Waits until the attempt's group is gone, and removes what only lives as long as it.  When `stop` says to give up, all of it stays.
  // `note` (may be null) is told when that takes long.
  void Remove(const std::function<bool()>& stop,
              const std::function<void(std::string_view)>& note) const;
  // Errors: ResourceExhausted when the disk that holds the logs takes nothing more: what a command printed may be cut.
  absl::Status CheckRoom() const;
};

}  // namespace stet::cli
