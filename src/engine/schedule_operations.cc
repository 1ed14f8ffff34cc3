// From names and specs to commands; reports.
#include "engine/schedule_operations.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/decide.h"
#include "core/refusal.h"
#include "core/schedule_rules.h"
#include "engine/calendar.h"
#include "engine/calls.h"

namespace stet::engine {
namespace {

constexpr size_t kNextShown = 5;
constexpr size_t kNamesShown = 10;

absl::StatusOr<const core::Schedule*> FindSchedule(const Ledger& ledger, std::string_view name) {
  RETURN_IF_ERROR(ledger.failure());
  if (const core::Schedule* found = ledger.state().schedules().FindByName(name)) return found;
  return core::Refuse(absl::StatusCode::kNotFound, Reason::kUnknownSchedule,
                      fmt::format("no schedule \"{}\"", name), {{"schedule", std::string(name)}});
}

int64_t WallNs(const Ledger& ledger) { return absl::ToUnixNanos(ledger.time().wall()); }

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// Why it does not fire now.
std::string TextOf(const core::State& state, const core::Schedule& schedule,
                   const ScheduleReport& report, bool executes) {
  if (core::TurnOf(state, schedule) != core::Turn::kNone) {
    return executes ? "it is about to act" : "no process executes this directory";
  }
  if (!schedule.waiting.empty()) {
    return fmt::format("{} wait for '{}' to end", report.waiting_count, report.running.front());
  }
  if (schedule.paused) return "it is paused; someone resumes it";
  if (report.next.empty()) return "its calendar has no further time";
  std::string text = fmt::format("it waits for its next time, {}", TimeText(report.next.front()));
  if (!executes) text += "; no process executes this directory";
  return text;
}

ScheduleReport ReportOf(const core::State& state, const core::Schedule& s, absl::Time wall,
                        bool executes) {
  ScheduleReport report = {.name = s.name,
                           .seq = s.seq,
                           .workflow = std::string(s.definition->name()),
                           .workflow_hash = s.definition->hash(),
                           .cron = s.cron,
                           .every = absl::Nanoseconds(s.every),
                           .zone = s.zone,
                           .misfire = s.misfire,
                           .catch_up_max = s.catch_up_max,
                           .overlap = s.overlap,
                           .paused = s.paused,
                           .started = s.started,
                           .skipped = s.skipped,
                           .waiting_count = s.waiting.size(),
                           .running_count = s.running.size()};
  if (s.last_at != 0) report.last = absl::FromUnixNanos(s.last_at);
  int64_t next = s.paused ? NextTime(s, absl::ToUnixNanos(wall)) : s.next_at;
  for (; next != 0 && report.next.size() < kNextShown; next = NextTime(s, next)) {
    report.next.push_back(absl::FromUnixNanos(next));
  }
  for (size_t i = 0; i < std::min(kNamesShown, s.waiting.size()); ++i) {
    report.waiting.push_back(absl::FromUnixNanos(s.waiting[i]));
  }
  for (size_t i = 0; i < std::min(kNamesShown, s.running.size()); ++i) {
    if (const core::Execution* one = state.FindExecution(s.running[i])) {
      report.running.push_back(one->key);
    }
  }
  report.text = TextOf(state, s, report, executes);
  return report;
}

}  // namespace

absl::StatusOr<uint64_t> CreateScheduleNow(Ledger& ledger, core::PreparedWorkflow& workflow,
                                           const Limits& limits, const ScheduleSpec& spec,
                                           const StoredInput& stored) {
  RETURN_IF_ERROR(ledger.failure());
  const core::Schedule* existing = ledger.state().schedules().FindByName(spec.name);
  SharedPayload keep;
  const core::PayloadView input =
      stored.View(spec.input, ledger.payloads(),
                  existing == nullptr ? core::PayloadRef() : existing->input, keep);
  if (input.bytes.size() > limits.payload_bytes) {
    return core::Refuse(
        absl::StatusCode::kResourceExhausted, Reason::kTooLarge,
        fmt::format("input of {} bytes: the limit is {}", input.bytes.size(), limits.payload_bytes),
        {{"what", "input"},
         {"bytes", fmt::format("{}", input.bytes.size())},
         {"limit", fmt::format("{}", limits.payload_bytes)}});
  }
  if (!spec.cron.empty()) RETURN_IF_ERROR(ZoneOf(spec.zone).status());
  core::CreateSchedule create = {.name = spec.name,
                                 .workflow = workflow.hash(),
                                 .input = input,
                                 .cron = spec.cron,
                                 .zone = spec.cron.empty() ? std::string_view() : spec.zone,
                                 .every = absl::ToInt64Nanoseconds(spec.every),
                                 .anchor = spec.cron.empty() ? WallNs(ledger) : 0,
                                 .misfire = spec.misfire,
                                 .overlap = spec.overlap,
                                 .catch_up_max = spec.catch_up_max,
                                 .paused = spec.paused};
  // What will be refused is refused before a definition is stored for it.
  RETURN_IF_ERROR(core::CheckSpec(create));
  RETURN_IF_ERROR(Define(ledger, workflow));
  const core::Schedule times = {
      .cron = spec.cron, .zone = spec.zone, .every = create.every, .anchor = create.anchor};
  create.next_at = NextTime(times, WallNs(ledger));
  return ledger.Execute(create);
}

absl::StatusOr<uint64_t> RemoveScheduleNow(Ledger& ledger, std::string_view name) {
  ASSIGN_OR_RETURN(const core::Schedule* schedule, FindSchedule(ledger, name));
  return ledger.Execute(core::RemoveSchedule{.schedule = schedule->seq});
}

absl::StatusOr<uint64_t> PauseScheduleNow(Ledger& ledger, std::string_view name, bool pause) {
  ASSIGN_OR_RETURN(const core::Schedule* schedule, FindSchedule(ledger, name));
  return ledger.Execute(
      core::PauseSchedule{.schedule = schedule->seq,
                          .pause = pause,
                          .next_at = pause ? 0 : NextTime(*schedule, WallNs(ledger))});
}

absl::StatusOr<uint64_t> TriggerScheduleNow(Ledger& ledger, std::string_view name) {
  ASSIGN_OR_RETURN(const core::Schedule* schedule, FindSchedule(ledger, name));
  const int64_t now = WallNs(ledger);
  return ledger.Execute(core::PlanSchedule{.schedule = schedule->seq,
                                           .cause = schema::PlanCause::Trigger,
                                           .wall = now,
                                           .times = std::span(&now, 1)});
}

absl::StatusOr<uint64_t> BackfillScheduleNow(Ledger& ledger, std::string_view name, absl::Time from,
                                             absl::Time to) {
  ASSIGN_OR_RETURN(const core::Schedule* schedule, FindSchedule(ledger, name));
  std::vector<int64_t> times;
  const int64_t last = absl::ToUnixNanos(to);
  int64_t at = NextTime(*schedule, absl::ToUnixNanos(from) - 1);
  // One more than may be: the command refuses it.
  for (; at != 0 && at <= last && times.size() <= core::kOccurrencesMax;
       at = NextTime(*schedule, at)) {
    times.push_back(at);
  }
  if (times.empty()) {
    return core::Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidSchedule,
                        fmt::format("schedule '{}' has no time from {} to {}", schedule->name,
                                    TimeText(from), TimeText(to)),
                        {{"field", "from"}});
  }
  return ledger.Execute(core::PlanSchedule{.schedule = schedule->seq,
                                           .cause = schema::PlanCause::Backfill,
                                           .wall = WallNs(ledger),
                                           .times = times});
}

std::vector<ScheduleReport> SchedulesOf(const core::State& state, absl::Time wall, bool executes) {
  std::vector<ScheduleReport> reports;
  for (const auto& [seq, schedule] : state.schedules().all()) {
    reports.push_back(ReportOf(state, *schedule, wall, executes));
  }
  return reports;
}

}  // namespace stet::engine
