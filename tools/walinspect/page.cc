// The page: a heading, the graph, the bars.
#include "tools/walinspect/page.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "stet/graph.h"
#include "tools/escaped.h"
#include "tools/stet/status_macros.h"
#include "tools/walinspect/drawing.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

// More would make a page that no browser likes.
constexpr size_t kRowsMax = 2000;
constexpr uint32_t kGraphMax = 500;

constexpr std::string_view kStyle = R"(
body { font: 14px sans-serif; margin: 1.5em; color: #222; background: #fff }
svg { display: block; overflow: visible; font: 12px sans-serif }
.box { stroke: #666; stroke-width: .6 } .edge { fill: none; stroke: #999 }
.grid { stroke: #e2e2e2 } .scale, .note { fill: #777; font-size: 11px } .name { fill: #222 }
div { overflow-x: auto; margin-bottom: 1.5em } span { padding: 0 .6em; border: 1px solid #999 }
@media (prefers-color-scheme: dark) { body { background: #fafafa } }
)";

std::string Legend() {
  std::string text = "<p>";
  for (size_t i = 0; i < kTaskStateCount; ++i) {
    const auto state = static_cast<TaskState>(i);
    text += fmt::format("<span style=\"background:{}\">{}</span> ", FillOf(state), ToString(state));
  }
  return text + "</p>\n";
}

std::string TipOf(const AttemptSpan& span, std::string_view task) {
  std::string tip = fmt::format("{}, attempt {}", task, span.attempt);
  if (span.generation > 1) tip += fmt::format(" of generation {}", span.generation);
  const bool ended = span.finished_at != absl::InfiniteFuture();
  tip += fmt::format(": {}\n{}", ended ? ToString(span.outcome) : "in flight",
                     TimeText(absl::ToUnixNanos(span.started_at)));
  if (ended)
    tip += fmt::format("\nfor {}", absl::FormatDuration(span.finished_at - span.started_at));
  if (span.ready_at != absl::InfinitePast()) {
    tip += fmt::format("\nwaited {}", absl::FormatDuration(span.started_at - span.ready_at));
  }
  tip += fmt::format("\nepoch {}, seq {}", span.epoch, span.seq);
  if (!span.error.empty()) tip += "\n" + span.error;
  return tip;
}

Bar BarOf(const AttemptSpan& span, std::string_view task) {
  const bool ended = span.finished_at != absl::InfiniteFuture();
  return {.begin = span.started_at,
          .end = span.finished_at,
          .colour = std::string(ended ? FillOf(span.outcome) : FillOf(TaskState::kRunning)),
          .tip = TipOf(span, task)};
}

// Tasks in the order of their first starts, then those that never started.
std::vector<BarRow> RowsOf(const Timeline& timeline, const ExecutionReport& report) {
  std::vector<BarRow> rows;
  std::map<uint32_t, size_t> row_of;
  for (const AttemptSpan& span : timeline.attempts) {
    const std::string& name = report.tasks[span.task].id;
    const auto [row, fresh] = row_of.try_emplace(span.task, rows.size());
    if (fresh) rows.push_back({.label = name});
    rows[row->second].bars.push_back(BarOf(span, name));
  }
  for (uint32_t task = 0; task < report.tasks.size(); ++task) {
    if (!row_of.contains(task)) rows.push_back({.label = report.tasks[task].id});
  }
  return rows;
}

std::vector<BarRow> RowsOf(const std::vector<ExecutionSummary>& executions) {
  std::vector<BarRow> rows;
  for (const ExecutionSummary& execution : executions) {
    rows.push_back(
        {.label = execution.key,
         .bars = {{.begin = execution.started_at,
                   .end = execution.finished_at,
                   .colour = std::string(FillOf(execution.state)),
                   .tip = fmt::format("{}: {} ({})\n{}", execution.key, ToString(execution.state),
                                      execution.workflow,
                                      TimeText(absl::ToUnixNanos(execution.started_at)))}}});
  }
  return rows;
}

std::string Bars(std::vector<BarRow> rows, absl::Time now) {
  std::string text;
  if (rows.size() > kRowsMax) {
    text = fmt::format("<p>the first {} of {} rows</p>\n", kRowsMax, rows.size());
    rows.resize(kRowsMax);
  }
  return text + "<div>" + BarsSvg(rows, now) + "</div>\n";
}

std::string Page(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title>"
      "<style>{1}</style></head>\n<body><h1>{0}</h1>\n{2}{3}</body></html>\n",
      Escaped(title), kStyle, body, Legend());
}

}  // namespace

absl::StatusOr<std::string> TimelinePage(const TimelineView& view) {
  const Replayed& state = view.timeline->state;
  std::string body = fmt::format("<p>{}, behind event {}, {}</p>\n", Escaped(view.directory),
                                 state.seq(), TimeText(absl::ToUnixNanos(state.time())));
  if (view.execution.empty()) {
    return Page(fmt::format("executions of {}", view.directory),
                body + Bars(RowsOf(state.List()), state.time()));
  }
  STET_ASSIGN_OR_RETURN(const ExecutionReport report, state.Report(view.execution));
  STET_ASSIGN_OR_RETURN(const Workflow workflow, state.Definition(view.execution));
  STET_ASSIGN_OR_RETURN(const WorkflowGraph graph, WorkflowGraph::Of(workflow));
  body += fmt::format("<p>{} ({}) of workflow {}: {}</p>\n", Escaped(report.key), Hex(report.id),
                      Escaped(report.workflow), ToString(report.state));
  if (graph.size() <= kGraphMax) {
    body += "<div>" + GraphSvg(graph, report) + "</div>\n";
  } else {
    body += fmt::format("<p>{} tasks: too many to draw their graph</p>\n", graph.size());
  }
  return Page(report.key, body + Bars(RowsOf(*view.timeline, report), state.time()));
}

}  // namespace stet::walinspect
