// Listing of executions.
#include "tools/stet/listing.h"

#include <cstdio>

#include <absl/status/status.h>
#include <fmt/format.h>
#include <stet/inspect.h>

#include "tools/stet/control.h"
#include "tools/stet/failure.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/report_text.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/terminal.h"

namespace stet::cli {
namespace {

absl::StatusOr<Replayed> ReplayAt(const std::string& directory, std::optional<uint64_t> at_seq) {
  STET_RETURN_IF_ERROR(CheckDirectory(directory));
  ReplayOptions options = {.directory = directory};
  if (at_seq.has_value()) options.at_seq = *at_seq;
  absl::StatusOr<Replayed> state = Replay(options);
  if (state.ok() && at_seq.has_value() && state->seq() < *at_seq) {
    return absl::OutOfRangeError(
        fmt::format("--at {}: the log ends at event {}", *at_seq, state->seq()));
  }
  return state;
}

absl::StatusOr<std::string> ListOutput(const std::string& directory, bool json) {
  STET_ASSIGN_OR_RETURN(const Replayed state, ReplayAt(directory, std::nullopt));
  const std::vector<ExecutionSummary> executions = state.List();
  if (!json) return ListText(executions);
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ExecutionSummary& execution : executions) list.push_back(SummaryJson(execution));
  nlohmann::ordered_json object;
  object["executions"] = std::move(list);
  object["seq"] = state.seq();
  return Dump(object) + "\n";
}

absl::StatusOr<std::string> ShowOutput(const std::string& directory, const ShowOptions& options) {
  STET_ASSIGN_OR_RETURN(const Replayed state, ReplayAt(directory, options.at_seq));
  const absl::StatusOr<ExecutionReport> report = state.Report(options.execution);
  if (absl::IsNotFound(report.status())) {
    return WithExit(report.status(), ExitStatus::kUsage, "stet ls");
  }
  STET_RETURN_IF_ERROR(report.status());
  return options.json ? Dump(ShownJson(*report)) + "\n" : ReportText(*report, directory);
}

ExitStatus Finish(const absl::StatusOr<std::string>& output, const std::string& directory,
                  bool json) {
  if (!output.ok()) {
    const Failure failure = FailureFrom(output.status(), directory);
    Print(failure, json);
    return failure.exit;
  }
  Say(stdout, *output);
  return ExitStatus::kCompleted;
}

}  // namespace

ExitStatus List(const ListOptions& options) {
  const absl::StatusOr<Settings> settings = ResolveSettings(options.settings);
  if (!settings.ok()) return Finish(settings.status(), {}, options.json);
  return Finish(ListOutput(settings->directory, options.json), settings->directory, options.json);
}

ExitStatus Show(const ShowOptions& options) {
  const absl::StatusOr<Settings> settings = ResolveSettings(options.settings);
  if (!settings.ok()) return Finish(settings.status(), {}, options.json);
  return Finish(ShowOutput(settings->directory, options), settings->directory, options.json);
}

}  // namespace stet::cli
