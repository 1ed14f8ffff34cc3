// Trace events: processes, threads, complete slices.
#include <algorithm>
#include <map>
#include <string>

#include "tools/stet/status_macros.h"
#include "tools/walinspect/page.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

Json Named(const char* what, uint64_t pid, uint32_t tid, const std::string& name) {
  return {{"ph", "M"}, {"name", what}, {"pid", pid}, {"tid", tid}, {"args", {{"name", name}}}};
}

double Micros(absl::Duration duration) { return absl::ToDoubleMicroseconds(duration); }

Json SliceOf(const AttemptSpan& span, const std::string& task, uint64_t pid, absl::Time zero,
             absl::Time now) {
  const bool ended = span.finished_at != absl::InfiniteFuture();
  const absl::Time end = ended ? span.finished_at : std::max(now, span.started_at);
  Json slice = {{"ph", "X"},
                {"cat", "attempt"},
                {"name", task},
                {"pid", pid},
                {"tid", span.task + 1},
                {"ts", Micros(span.started_at - zero)},
                {"dur", Micros(end - span.started_at)},
                {"args",
                 {{"attempt", span.attempt},
                  {"generation", span.generation},
                  {"epoch", span.epoch},
                  {"seq", span.seq},
                  {"outcome", ended ? Json(ToString(span.outcome)) : Json(nullptr)}}}};
  if (!span.error.empty()) slice["args"]["error"] = span.error;
  if (span.ready_at != absl::InfinitePast()) {
    slice["args"]["waited_us"] = Micros(span.started_at - span.ready_at);
  }
  return slice;
}

}  // namespace

absl::StatusOr<std::string> PerfettoTrace(const TimelineView& view) {
  const Timeline& timeline = *view.timeline;
  Json events = Json::array();
  std::map<uint64_t, uint64_t> pids;
  std::map<uint64_t, ExecutionReport> reports;
  const absl::Time zero =
      timeline.attempts.empty() ? timeline.state.time() : timeline.attempts.front().started_at;
  for (const AttemptSpan& span : timeline.attempts) {
    auto report = reports.find(span.execution);
    if (report == reports.end()) {
      STET_ASSIGN_OR_RETURN(ExecutionReport found, timeline.state.Report(Hex(span.execution)));
      report = reports.emplace(span.execution, std::move(found)).first;
      const uint64_t pid = pids.emplace(span.execution, pids.size() + 1).first->second;
      events.push_back(Named("process_name", pid, 0, report->second.key));
      for (uint32_t task = 0; task < report->second.tasks.size(); ++task) {
        events.push_back(Named("thread_name", pid, task + 1, report->second.tasks[task].id));
      }
    }
    events.push_back(SliceOf(span, report->second.tasks[span.task].id, pids[span.execution], zero,
                             timeline.state.time()));
  }
  const Json trace = {{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}};
  return trace.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace stet::walinspect
