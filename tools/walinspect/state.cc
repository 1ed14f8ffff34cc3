// walinspect state: what the engine knew at an event.
#include <optional>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "stet/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/moment.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

Json TimeOrNull(std::optional<absl::Time> time) {
  const bool known = time && *time != absl::InfinitePast() && *time != absl::InfiniteFuture();
  return known ? TimeJson(absl::ToUnixNanos(*time)) : Json(nullptr);
}

Json CountsJson(const ExecutionSummary& execution) {
  Json counts = Json::object();
  for (size_t i = 0; i < execution.counts.size(); ++i) {
    counts[std::string(ToString(static_cast<TaskState>(i)))] = execution.counts[i];
  }
  return counts;
}

Json TasksJson(const ExecutionReport& report) {
  Json tasks = Json::object();
  for (const TaskRecord& task : report.tasks) {
    tasks[task.id] = {{"state", ToString(task.state)},
                      {"attempts", task.attempts},
                      {"started_at", TimeOrNull(task.started_at)},
                      {"finished_at", TimeOrNull(task.finished_at)},
                      {"error", task.error.empty() ? Json(nullptr) : Json(task.error)}};
    if (task.steps != 0) tasks[task.id]["steps"] = task.steps;
    if (!task.metadata.empty()) tasks[task.id]["metadata"] = task.metadata;
    if (!task.worker.empty()) {
      tasks[task.id]["worker"] = task.worker;
      tasks[task.id]["lease_until"] = TimeOrNull(task.lease_until);
    }
  }
  return tasks;
}

void PrintJson(const Replayed& state) {
  Json executions = Json::array();
  for (const ExecutionSummary& execution : state.List()) {
    Json one = {{"execution", execution.key},
                {"id", Hex(execution.id)},
                {"workflow", execution.workflow},
                {"state", ToString(execution.state)},
                {"cancel_requested", execution.cancel_requested},
                {"starts_at", TimeOrNull(execution.starts_at)},
                {"parent", execution.parent == 0 ? Json(nullptr) : Json(Hex(execution.parent))},
                {"started_at", TimeOrNull(execution.started_at)},
                {"finished_at", TimeOrNull(execution.finished_at)},
                {"counts", CountsJson(execution)}};
    if (const auto report = state.Report(Hex(execution.id)); report.ok()) {
      one["tasks"] = TasksJson(*report);
    }
    executions.push_back(std::move(one));
  }
  Json dead = Json::array();
  for (const DeadLetter& letter : state.DeadLetters()) {
    dead.push_back({{"execution", letter.key},
                    {"id", Hex(letter.execution)},
                    {"task", letter.task},
                    {"attempts", letter.attempts},
                    {"error", letter.error},
                    {"at", TimeOrNull(letter.at)},
                    {"seq", letter.seq}});
  }
  Json breakers = Json::array();
  for (const BreakerInfo& breaker : state.Breakers()) {
    breakers.push_back({{"name", breaker.name},
                        {"state", ToString(breaker.state)},
                        {"failures", breaker.failures},
                        {"successes", breaker.successes},
                        {"probes", breaker.probes},
                        {"until", TimeOrNull(breaker.until)}});
  }
  PrintLine({{"seq", state.seq()},
             {"time", TimeOrNull(state.time())},
             {"epoch", state.epoch()},
             {"digest", Hex(state.digest())},
             {"executions", std::move(executions)},
             {"dead_letters", std::move(dead)},
             {"breakers", std::move(breakers)}});
}

void PrintText(const Replayed& state) {
  fmt::print("seq {}, epoch {}, digest {}\n", state.seq(), state.epoch(), Hex(state.digest()));
  for (const ExecutionSummary& execution : state.List()) {
    std::string counts;
    for (size_t i = 0; i < execution.counts.size(); ++i) {
      if (execution.counts[i] == 0) continue;
      counts += fmt::format("  {} {}", execution.counts[i], ToString(static_cast<TaskState>(i)));
    }
    fmt::print("{}  {:<24} {:<20} {:<10}{}{}\n", Hex(execution.id), execution.key,
               execution.workflow, ToString(execution.state),
               execution.cancel_requested ? " (cancel requested)" : "", counts);
  }
  for (const DeadLetter& letter : state.DeadLetters()) {
    fmt::print("dead letter  {} / {}: {}: {}\n", letter.key, letter.task,
               Counted(letter.attempts, "attempt", "attempts"), letter.error);
  }
  for (const BreakerInfo& breaker : state.Breakers()) {
    fmt::print("breaker  {}: {}, {}\n", breaker.name, ToString(breaker.state),
               Counted(breaker.failures, "failure", "failures"));
  }
}

// The refusal of the log with its place, or that some event does not replay.
void SayWhy(const StateArguments& arguments, const absl::Status& status) {
  Trouble trouble = {.code = "drift", .message = std::string(status.message())};
  const wal::RecoveryReport report = ExamineWithSnapshots(LogOptions(arguments.directory));
  if (const wal::Finding* finding = report.refusal_finding(); finding != nullptr) {
    trouble = {.code = finding->code,
               .message = std::string(status.message()),
               .file = finding->file,
               .offset = finding->offset};
    if (arguments.json) trouble.next = finding->next_command;  // in words it ends the message
  }
  Say(trouble, arguments.json);
}

}  // namespace

Exit RunState(const StateArguments& arguments) {
  ReplayOptions options = {.directory = arguments.directory};
  if (!SetMoment(arguments.at, &options)) {
    Say({.code = "usage", .message = NotAMoment("--at", arguments.at)}, arguments.json);
    return Exit::kUsage;
  }
  const uint64_t at = options.at_seq;
  const auto state = Replay(options);
  if (absl::IsOutOfRange(state.status())) {
    Say({.code = "usage", .message = std::string(state.status().message())}, arguments.json);
    return Exit::kUsage;
  }
  if (!state.ok()) {
    SayWhy(arguments, state.status());
    const Exit exit = ExitOf(ExamineWithSnapshots(LogOptions(arguments.directory)));
    return exit == Exit::kInputOutput ? exit : Exit::kDamage;
  }
  if (at != UINT64_MAX && at > state->seq()) {
    Say({.code = "usage",
         .message = fmt::format("--at {}: the log ends at event {}", at, state->seq())},
        arguments.json);
    return Exit::kUsage;
  }
  if (arguments.json) {
    PrintJson(*state);
  } else {
    PrintText(*state);
  }
  return ExitOf(state->log());
}

}  // namespace stet::walinspect
