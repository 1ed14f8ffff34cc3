// What a file says, without running it.
#include "tools/stet/validation.h"

#include <cstdio>
#include <optional>

#include <fmt/format.h>
#include <stet/graph.h>

#include "tools/stet/graph_drawing.h"
#include "tools/stet/plural.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/settings.h"
#include "tools/stet/terminal.h"

namespace stet::cli {

namespace {

// Nothing when it was refused, and that was said.
std::optional<Workflow> Load(const ValidateOptions& options, ExitStatus* exit) {
  absl::StatusOr<Workflow> workflow = absl::UnknownError("");
  const absl::StatusOr<Settings> settings = ResolveSettings({});
  if (settings.ok()) {
    workflow = LoadWorkflow(options.file, {.format = options.format,
                                           .time_scale = options.time_scale,
                                           .max_attempts = settings->max_attempts});
  } else {
    workflow = settings.status();
  }
  if (workflow.ok()) return *std::move(workflow);
  Failure failure = FailureFrom(workflow.status());
  failure.file = options.file;
  Print(failure, options.json);
  *exit = failure.exit;
  return std::nullopt;
}

}  // namespace

ExitStatus ValidateFile(const ValidateOptions& options) {
  ExitStatus exit = ExitStatus::kCompleted;
  const std::optional<Workflow> workflow = Load(options, &exit);
  if (!workflow) return exit;
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
  return exit;
}

ExitStatus GraphFile(const ValidateOptions& options) {
  ExitStatus exit = ExitStatus::kCompleted;
  const std::optional<Workflow> workflow = Load(options, &exit);
  if (!workflow) return exit;
  const absl::StatusOr<WorkflowGraph> graph = WorkflowGraph::Of(*workflow);
  if (!graph.ok()) {
    const Failure failure = FailureFrom(graph.status());
    Print(failure, options.json);
    return failure.exit;
  }
  if (options.json) {
    Say(stdout, Dump(GraphJson(*workflow, *graph)) + "\n");
  } else if (options.drawing == Drawing::kMermaid) {
    Say(stdout, GraphMermaid(*workflow, *graph));
  } else {
    Say(stdout, GraphDot(*workflow, *graph));
  }
  return exit;
}

}  // namespace stet::cli
