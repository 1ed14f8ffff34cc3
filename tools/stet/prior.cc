// Reading of a directory before it is opened.
#include "tools/stet/prior.h"

#include <unistd.h>

#include <filesystem>
#include <set>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/stet/attempt_files.h"
#include "tools/stet/command_format.h"
#include "tools/stet/failure.h"
#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/wfformat.h"

namespace stet::cli {

namespace {

// Where commands have written, a log has named them: without it their executions would be begun anew in silence.
absl::Status CheckNeverUsed(const std::string& directory) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(directory + "/logs", none)) {
    const std::string name = entry.path().filename().string();
    if (name.size() != 16 || name.find_first_not_of("0123456789abcdef") != name.npos) continue;
    return WithExit(
        absl::DataLossError(fmt::format(
            "{0}/logs holds what execution {1} printed, but there is no log in {0}/wal: it was "
            "deleted or moved",
            OneLine(directory), name)),
        ExitStatus::kData, "put it back, or use another --dir");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Prior> Prior::Read(const std::string& directory) {
  const bool log = access((directory + "/wal").c_str(), F_OK) == 0;
  absl::StatusOr<Replayed> state = absl::NotFoundError("");
  if (log) state = Replay({.directory = directory});
  if (absl::IsNotFound(state.status())) {
    STET_RETURN_IF_ERROR(CheckNeverUsed(directory));
    return Prior(std::nullopt);
  }
  if (!state.ok()) return state.status();
  return Prior(std::move(state).value());
}

std::optional<ExecutionReport> Prior::Find(const std::string& key) const {
  if (!state_.has_value()) return std::nullopt;
  absl::StatusOr<ExecutionReport> report = state_->Report(key);
  // The search also finds ids and prefixes.
  if (!report.ok() || report->key != key) return std::nullopt;
  return std::move(report).value();
}

absl::StatusOr<Workflow> Prior::Definition(const std::string& key) const {
  if (!state_.has_value()) {
    return absl::NotFoundError(fmt::format("there is no execution {}", Quote(key)));
  }
  return state_->Definition(key);
}

std::string Prior::FreeKey(const std::string& key) const {
  std::set<std::string> taken;
  if (state_.has_value()) {
    for (const ExecutionSummary& execution : state_->List()) taken.insert(execution.key);
  }
  if (taken.count(key) == 0) return key;
  for (int n = 2;; ++n) {
    std::string numbered = fmt::format("{}#{}", key, n);
    if (taken.count(numbered) == 0) return numbered;
  }
}

absl::Status Prior::CheckActivities() const {
  if (!state_.has_value()) return absl::OkStatus();
  for (const ExecutionSummary& execution : state_->List()) {
    STET_ASSIGN_OR_RETURN(const Workflow workflow, state_->Definition(PrintId(execution.id)));
    for (const Task& task : workflow.tasks) {
      if (task.activity.empty() || task.activity == kCommandActivity ||
          task.activity == kSleepActivity)
        continue;
      return absl::FailedPreconditionError(fmt::format(
          "execution {} needs the activity {}: this directory belongs to the program that provides "
          "it, and stet never executes it; run that program, or use another --dir",
          Quote(execution.key), Quote(task.activity)));
    }
  }
  return absl::OkStatus();
}

}  // namespace stet::cli
