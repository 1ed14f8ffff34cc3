// What a directory holds before stet opens it for writing.
#pragma once

#include <optional>
#include <string>

#include <absl/status/statusor.h>
#include <stet/inspect.h>
#include <stet/report.h>
#include <stet/workflow.h>

namespace stet::cli {

// The executions of a directory, read without the lock.
class Prior {
 public:
  // A directory without a log is an empty one.  Errors: those of stet::Replay; DataLoss when commands have run here and their log is
  // gone.
  static absl::StatusOr<Prior> Read(const std::string& directory);

  // The report of the execution `key`, exactly; nothing when there is none.
  std::optional<ExecutionReport> Find(const std::string& key) const;
  absl::StatusOr<Workflow> Definition(const std::string& key) const;

  // `key` if it is free, else the first free one of key#2, key#3...
  std::string FreeKey(const std::string& key) const;

  // Errors: FailedPrecondition when an execution needs an activity that stet does not provide: it belongs to a program.
  absl::Status CheckActivities() const;

 private:
  explicit Prior(std::optional<Replayed> state) : state_(std::move(state)) {}

  std::optional<Replayed> state_;
};

}  // namespace stet::cli
