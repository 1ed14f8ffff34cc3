// walinspect graph: an execution's graph, with the states of its tasks.
#include "stet/graph.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stet/inspect.h"
#include "tools/stet/graph_drawing.h"
#include "tools/stet/status_macros.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/drawing.h"
#include "tools/walinspect/moment.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

Json GraphWithStates(const Workflow& workflow, const WorkflowGraph& graph,
                     const ExecutionReport& report) {
  Json json = {
      {"execution", report.key}, {"id", Hex(report.id)}, {"state", ToString(report.state)}};
  json.update(Json(cli::GraphJson(workflow, graph)));
  for (size_t i = 0; i < report.tasks.size(); ++i) {
    json["tasks"][i]["state"] = ToString(report.tasks[i].state);
    json["tasks"][i]["attempts"] = report.tasks[i].attempts;
  }
  json["seq"] = report.seq;
  return json;
}

absl::Status PrintGraph(const GraphArguments& arguments, const Replayed& state) {
  STET_ASSIGN_OR_RETURN(const ExecutionReport report, state.Report(arguments.execution));
  STET_ASSIGN_OR_RETURN(const Workflow workflow, state.Definition(arguments.execution));
  STET_ASSIGN_OR_RETURN(const WorkflowGraph graph, WorkflowGraph::Of(workflow));
  if (arguments.json) {
    PrintLine(GraphWithStates(workflow, graph, report));
    return absl::OkStatus();
  }
  std::vector<cli::TaskMark> marks;
  for (const TaskRecord& task : report.tasks) {
    marks.push_back({.note = NoteOf(task), .colour = std::string(FillOf(task.state))});
  }
  fmt::print("{}", arguments.mermaid ? cli::GraphMermaid(workflow, graph, marks)
                                     : cli::GraphDot(workflow, graph, marks));
  return absl::OkStatus();
}

}  // namespace

Exit RunGraph(const GraphArguments& arguments) {
  const auto state = StateAt(arguments.directory, arguments.at);
  if (!state.ok()) return ExitWithout(arguments.directory, state.status(), arguments.json);
  const absl::Status printed = PrintGraph(arguments, *state);
  if (!printed.ok()) return ExitWithout(arguments.directory, printed, arguments.json);
  return ExitOf(state->log());
}

}  // namespace stet::walinspect
