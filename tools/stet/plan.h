// What `stet run` is about to do, decided before anything is written.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <stet/breaker.h>
#include <stet/payload.h>
#include <stet/report.h>
#include <stet/workflow.h>

#include "tools/stet/run.h"
#include "tools/stet/settings.h"

namespace stet::cli {

struct RunPlan {
  Settings settings = {};
  Workflow workflow = {};
  std::string key = {};
  Payload input = {};
  std::vector<Workflow> others = {};  // known by name to tasks that run a workflow
  absl::Duration delay = absl::ZeroDuration();
  std::map<std::string, BreakerPolicy> breakers = {};
  // The execution as the directory holds it: it is resumed, or has ended and is only reported.
  std::optional<ExecutionReport> prior = std::nullopt;
};

// Reads files and directory; writes nothing.
// Errors: those of the workflow file, of the settings and of the log; AlreadyExists naming both hashes when the key stands for another
// definition; NotFound for --pinned without an execution; FailedPrecondition for a directory of another program.
absl::StatusOr<RunPlan> MakePlan(const RunOptions& options, const Settings& settings);

}  // namespace stet::cli
