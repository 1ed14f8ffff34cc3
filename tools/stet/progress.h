// Live progress of one execution on standard error.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include <absl/time/time.h>
#include <stet/report.h>

#include "tools/stet/settings.h"

namespace stet::cli {

// On a terminal one line that is rewritten; elsewhere a line for each task that ends or is retried.  Thread-safe.
class Progress {
 public:
  // Follows the execution `key`.  A quiet one shows nothing; otherwise `settings` tell what is shown, and how.
  Progress(std::string key, bool quiet, const Settings& settings);

  // Something happened to a task: EngineOptions::on_task.
  void OnTask(const ExecutionSummary& execution, std::string_view task, TaskState state);
  // A note of the engine, or of the tool itself.
  void OnNote(std::string_view note);

  // Shows what is new.  Call it now and then.
  void Show();
  // Shows what is new for the last time, and takes the updating line away.
  void Finish();

 private:
  std::string StatusLine() const;
  void WriteLines();

  const std::string key_;
  const LogLevel level_;
  const bool json_;
  const bool terminal_;  // and the line on it is wanted
  const absl::Time begin_;

  mutable std::mutex mutex_;
  std::array<uint32_t, kTaskStateCount> counts_ = {};
  std::set<std::string, std::less<>> running_;
  std::deque<std::string> lines_;  // not yet written
  bool line_shown_ = false;
};

}  // namespace stet::cli
