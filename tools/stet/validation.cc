// Validation of files.
#include "tools/stet/validation.h"

#include <cstdio>

#include <fmt/format.h>

#include "tools/stet/plural.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/settings.h"
#include "tools/stet/terminal.h"

namespace stet::cli {

ExitStatus ValidateFile(const ValidateOptions& options) {
  absl::StatusOr<Workflow> workflow = absl::UnknownError("");
  const absl::StatusOr<Settings> settings = ResolveSettings({});
  if (settings.ok()) {
    workflow = LoadWorkflow(options.file, {.format = options.format,
                                           .time_scale = options.time_scale,
                                           .max_attempts = settings->max_attempts});
  } else {
    workflow = settings.status();
  }
  if (!workflow.ok()) {
    Failure failure = FailureFrom(workflow.status());
    failure.file = options.file;
    Print(failure, options.json);
    return failure.exit;
  }
  size_t dependencies = 0;
  for (const Task& task : workflow->tasks) dependencies += task.after.size();
  const std::string hash = ToString(HashOf(*workflow));
  if (options.json) {
    Say(stdout, fmt::format("{}\n", Dump({{"workflow", workflow->name},
                                          {"tasks", workflow->tasks.size()},
                                          {"dependencies", dependencies},
                                          {"hash", hash}})));
  } else {
    Say(stdout, fmt::format("{}: valid: workflow {}, {}, {}, hash {}\n", OneLine(options.file),
                            Quote(workflow->name), Count(workflow->tasks.size(), "task"),
                            Count(dependencies, "dependency", "dependencies"), hash));
  }
  return ExitStatus::kCompleted;
}

}  // namespace stet::cli
