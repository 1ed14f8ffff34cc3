// Encoding of reports.
#include "tools/stet/report_json.h"

#include <array>

#include <absl/time/time.h>

#include "tools/stet/attempt_files.h"
#include "tools/stet/time_text.h"

namespace stet::cli {
namespace {

nlohmann::ordered_json CountsJson(const std::array<uint32_t, kTaskStateCount>& counts) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (size_t i = 0; i < kTaskStateCount; ++i) {
    json[std::string(ToString(static_cast<TaskState>(i)))] = counts[i];
  }
  return json;
}

nlohmann::ordered_json TaskJson(const TaskRecord& task) {
  nlohmann::ordered_json json = {
      {"state", ToString(task.state)},
      {"attempts", task.attempts},
      {"lost", task.lost},
      {"started_at", TimeJson(task.started_at.value_or(absl::InfinitePast()))},
      {"finished_at", TimeJson(task.finished_at.value_or(absl::InfinitePast()))},
      {"error", nullptr}};
  if (task.state == TaskState::kSkipped) json["skip"] = ToString(task.skip);
  // Whoever looks for errors looks for tasks that have not got over theirs.
  if (!task.error.empty() && task.state != TaskState::kCompleted) json["error"] = task.error;
  if (task.steps != 0) json["steps"] = task.steps;
  if (!task.metadata.empty()) json["metadata"] = task.metadata;
  if (!task.worker.empty()) {
    json["worker"] = task.worker;
    json["lease_until"] = TimeJson(task.lease_until.value_or(absl::InfinitePast()));
  }
  return json;
}

}  // namespace

nlohmann::ordered_json ReportJson(const ExecutionReport& report) {
  nlohmann::ordered_json json = {{"execution", report.key},
                                 {"id", PrintId(report.id)},
                                 {"workflow", report.workflow},
                                 {"state", ToString(report.state)}};
  json["tasks"] = nlohmann::ordered_json::object();
  // Each id occurs once: push_back spares the search for it, which is linear in an ordered object.
  nlohmann::ordered_json::object_t tasks;
  std::array<uint32_t, kTaskStateCount> counts = {};
  for (const TaskRecord& task : report.tasks) {
    tasks.push_back({task.id, TaskJson(task)});
    ++counts[static_cast<size_t>(task.state)];
  }
  json["tasks"] = std::move(tasks);
  json["counts"] = CountsJson(counts);
  json["seq"] = report.seq;
  return json;
}

nlohmann::ordered_json ShownJson(const ExecutionReport& report) {
  nlohmann::ordered_json json = ReportJson(report);
  json["cancel_requested"] = report.cancel_requested;
  json["paused"] = report.paused;
  json["priority"] = report.priority;
  return json;
}

nlohmann::ordered_json SummaryJson(const ExecutionSummary& summary) {
  nlohmann::ordered_json json = {
      {"execution", summary.key},
      {"id", PrintId(summary.id)},
      {"workflow", summary.workflow},
      {"state", ToString(summary.state)},
      {"cancel_requested", summary.cancel_requested},
      {"paused", summary.paused},
      {"priority", summary.priority},
      {"started_at", TimeJson(summary.started_at)},
      {"finished_at", TimeJson(summary.finished_at)},
      {"starts_at", TimeJson(summary.starts_at.value_or(absl::InfinitePast()))},
      {"parent", nullptr}};
  if (summary.parent != 0) json["parent"] = PrintId(summary.parent);
  json["counts"] = CountsJson(summary.counts);
  return json;
}

nlohmann::ordered_json RecoveryJson(const EngineRecovery& recovery) {
  return {{"clean", recovery.log.clean},
          {"events_replayed", recovery.events_replayed},
          {"attempts_lost", recovery.attempts_lost},
          {"dropped_bytes", recovery.log.dropped_bytes}};
}

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace stet::cli
