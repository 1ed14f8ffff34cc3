// WfCommons' WfFormat 1.5: recorded scientific workflows, replayed as sleeps of the recorded length.
#pragma once

#include <absl/status/statusor.h>
#include <stet/workflow.h>

#include "tools/stet/field.h"
#include "tools/stet/workflow_file.h"

namespace stet::cli {

// The activity of every task of such a workflow; its config is a duration such as "1.293s".
inline constexpr char kSleepActivity[] = "sleep";

// The workflow in `root`, an object.  A task is known by its id (names repeat); its dependencies are its "parents", which must agree with
// the "children" of all tasks; it sleeps for runtimeInSeconds x options.time_scale.
// Errors: InvalidArgument naming the place; another schemaVersion is refused.
absl::StatusOr<Workflow> ParseWfFormat(const Field& root, const FileOptions& options);

}  // namespace stet::cli
