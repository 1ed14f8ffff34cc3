// Schedules: created, paused, planned, run.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/concurrency_key.h"
#include "core/decide.h"
#include "core/deciders.h"
#include "core/group.h"
#include "core/payload_ref.h"
#include "core/refusal.h"
#include "core/schedule_rules.h"
#include "stet/cron.h"

namespace stet::core {
namespace {

using schema::EventType;
using schema::PlanCause;
using schema::SkipReason;

absl::Status InvalidSchedule(std::string_view field, const std::string& rule) {
  return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidSchedule,
                fmt::format("schedule: {} must be {}", field, rule),
                {{"field", std::string(field)}});
}

absl::StatusOr<const Schedule*> FindSchedule(const State& state, uint64_t schedule) {
  if (const Schedule* found = state.schedules().Find(schedule)) return found;
  return Refuse(absl::StatusCode::kNotFound, Reason::kUnknownSchedule,
                fmt::format("there is no schedule {:016x}", schedule),
                {{"schedule", fmt::format("{:016x}", schedule)}});
}

bool IsSame(const Schedule& s, const CreateSchedule& c) {
  return s.definition->hash() == c.workflow && s.input.bytes == c.input.bytes.size() &&
         s.input.digest == PayloadDigest(c.input.bytes, c.input.content_type) && s.cron == c.cron &&
         s.zone == c.zone && s.every == c.every && s.misfire == c.misfire &&
         s.overlap == c.overlap && s.catch_up_max == c.catch_up_max;
}

absl::Status CheckScheduleTimes(const CreateSchedule& command) {
  if (command.cron.empty() == (command.every == 0)) {
    return InvalidSchedule("cron", "given, or every, and not both");
  }
  if (command.every != 0) {
    if (command.every >= kScheduleEveryMinNs) return absl::OkStatus();
    return InvalidSchedule("every", "at least a millisecond");
  }
  if (!IsName(command.zone)) return InvalidSchedule("zone", "the name of a time zone");
  const auto parsed = CronExpression::Parse(command.cron);
  if (parsed.ok()) return absl::OkStatus();
  return InvalidSchedule(
      "cron", fmt::format("a cron expression: {}", std::string(parsed.status().message())));
}

}  // namespace

absl::Status CheckSpec(const CreateSchedule& command) {
  if (!IsName(command.name) || command.name.size() > kScheduleNameBytesMax) {
    return InvalidSchedule("name", fmt::format("1 to {} bytes of UTF-8 without control characters",
                                               kScheduleNameBytesMax));
  }
  RETURN_IF_ERROR(CheckScheduleTimes(command));
  if (command.misfire > Misfire::kCatchUp)
    return InvalidSchedule("misfire", "skip, coalesce or catch_up");
  if (command.overlap > Overlap::kAllow) {
    return InvalidSchedule("overlap", "skip, queue_one, cancel_previous or allow");
  }
  if (command.catch_up_max >= 1 && command.catch_up_max <= kCatchUpMax) return absl::OkStatus();
  return InvalidSchedule("catch_up_max", fmt::format("1 to {}", kCatchUpMax));
}

namespace {

absl::Status CheckCalendar(const Schedule& schedule, const PlanSchedule& command) {
  if (schedule.paused) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kPaused,
                  fmt::format("schedule '{}' is paused", schedule.name), {{"what", schedule.name}});
  }
  const int64_t next = schedule.next_at == 0 ? INT64_MAX : schedule.next_at;
  return command.wall < next ? NotDue(next, command.wall) : absl::OkStatus();
}

// A group of its own, because a cancellation may be cut.
void Cancel(const Execution& execution, int64_t now, EventBuffer& out) {
  const uint64_t cause = out.next_seq();
  out.Add(execution.id, EventType::CancelRequested, out.pack().CancelRequested(now));
  Group group(execution, now, out);
  group.AddCancelled(0, cause);
  group.EndIfDone();
}

void Skip(const Schedule& schedule, uint32_t position, SkipReason reason, int64_t now,
          EventBuffer& out) {
  out.Add(schedule.seq, EventType::ScheduleSkipped,
          out.pack().ScheduleSkipped({.time = now,
                                      .schedule = schedule.seq,
                                      .at = schedule.waiting[position],
                                      .position = position,
                                      .reason = reason}));
}

void Start(const State& state, const Schedule& schedule, const PayloadView& input, int64_t now,
           EventBuffer& out) {
  const std::string key = OccurrenceKey(schedule, schedule.waiting.front());
  const Tombstone* tombstone = state.tombstones().Find(HashOfKey(key));
  // Whoever fills in what was missed may name times that have fired.
  if (state.FindExecutionByKey(key) != nullptr ||
      (tombstone != nullptr && tombstone->forget_at > now)) {
    return Skip(schedule, 0, SkipReason::KeyTaken, now, out);
  }
  const auto keys = ResolveKeys(*schedule.definition, key, input.text());
  if (!keys.ok()) return Skip(schedule, 0, SkipReason::InvalidKey, now, out);
  const uint64_t id = out.next_seq();
  out.Add(id, EventType::ExecutionStarted,
          out.pack().ExecutionStarted({.hash_high = schedule.definition->hash().high,
                                       .hash_low = schedule.definition->hash().low,
                                       .time = now,
                                       .key = key,
                                       .input = input.bytes,
                                       .content_type = input.content_type,
                                       .schedule = schedule.seq,
                                       .occurrence = schedule.waiting.front(),
                                       .keys = *keys}));
  AddRoots(*schedule.definition, id, now, out);
}

}  // namespace

absl::Status DecideOn(const State& state, const CreateSchedule& command, int64_t now,
                      EventBuffer& out) {
  RETURN_IF_ERROR(CheckSpec(command));
  if (const Schedule* existing = state.schedules().FindByName(command.name)) {
    if (IsSame(*existing, command)) return absl::OkStatus();
    return Refuse(absl::StatusCode::kAlreadyExists, Reason::kScheduleExists,
                  fmt::format("schedule '{}' exists and is another: remove it first", command.name),
                  {{"schedule", std::string(command.name)}});
  }
  const Definition* definition = state.FindDefinition(command.workflow);
  if (definition == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, Reason::kUnknownWorkflow,
                  fmt::format("no definition {} is stored", ToString(command.workflow)),
                  {{"workflow", ToString(command.workflow)}});
  }
  RETURN_IF_ERROR(CheckPayload("input", command.input));
  RETURN_IF_ERROR(ResolveKeys(*definition, command.name, command.input.text()).status());
  if (const size_t count = state.schedules().all().size(); count >= kSchedulesMax) {
    return Refuse(
        absl::StatusCode::kResourceExhausted, Reason::kTooManySchedules,
        fmt::format("there are {} schedules, the limit", count),
        {{"count", fmt::format("{}", count)}, {"limit", fmt::format("{}", kSchedulesMax)}});
  }
  out.Add(out.next_seq(), EventType::ScheduleCreated,
          out.pack().ScheduleCreated({.time = now,
                                      .hash_high = command.workflow.high,
                                      .hash_low = command.workflow.low,
                                      .name = command.name,
                                      .input = command.input.bytes,
                                      .content_type = command.input.content_type,
                                      .cron = command.cron,
                                      .zone = command.zone,
                                      .every = command.every,
                                      .anchor = command.anchor,
                                      .next_at = command.next_at,
                                      .catch_up_max = command.catch_up_max,
                                      .misfire = static_cast<uint8_t>(command.misfire),
                                      .overlap = static_cast<uint8_t>(command.overlap),
                                      .paused = command.paused}));
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const RemoveSchedule& command, int64_t now,
                      EventBuffer& out) {
  RETURN_IF_ERROR(FindSchedule(state, command.schedule).status());
  out.Add(command.schedule, EventType::ScheduleRemoved,
          out.pack().ScheduleRemoved(now, command.schedule));
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const PauseSchedule& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Schedule* schedule, FindSchedule(state, command.schedule));
  if (schedule->paused == command.pause) {
    return Refuse(absl::StatusCode::kFailedPrecondition,
                  command.pause ? Reason::kAlreadyPaused : Reason::kNotPaused,
                  fmt::format("schedule '{}' is {}", schedule->name,
                              command.pause ? "paused already" : "not paused"),
                  {{"what", schedule->name}});
  }
  if (command.pause) {
    out.Add(schedule->seq, EventType::SchedulePaused,
            out.pack().SchedulePaused(now, schedule->seq));
  } else {
    out.Add(schedule->seq, EventType::ScheduleResumed,
            out.pack().ScheduleResumed(now, schedule->seq, command.next_at));
  }
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const PlanSchedule& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Schedule* schedule, FindSchedule(state, command.schedule));
  const bool calendar = command.cause == PlanCause::Calendar;
  if (calendar) RETURN_IF_ERROR(CheckCalendar(*schedule, command));
  std::span<const int64_t> times = command.times;
  size_t missed = 0;
  if (calendar) missed = MissedOf(*schedule, times, command.wall);
  const size_t room = kOccurrencesMax - std::min(kOccurrencesMax, schedule->waiting.size());
  if (times.size() - missed > room) {
    if (!calendar) {
      return Refuse(
          absl::StatusCode::kResourceExhausted, Reason::kTooManyOccurrences,
          fmt::format("{} times of schedule '{}', and {} wait: the limit is {}", times.size(),
                      schedule->name, schedule->waiting.size(), kOccurrencesMax),
          {{"schedule", schedule->name},
           {"count", fmt::format("{}", times.size())},
           {"limit", fmt::format("{}", kOccurrencesMax)}});
    }
    missed = times.size() - room;
  }
  out.Add(schedule->seq, EventType::SchedulePlanned,
          out.pack().SchedulePlanned({.time = now,
                                      .wall_time = command.wall,
                                      .schedule = schedule->seq,
                                      .times = times.subspan(missed),
                                      .next_at = calendar ? command.next_at : 0,
                                      .missed = static_cast<uint32_t>(missed) + command.left_out,
                                      .cause = command.cause}));
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const RunSchedule& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Schedule* schedule, FindSchedule(state, command.schedule));
  switch (TurnOf(state, *schedule)) {
    case Turn::kNone:
      break;
    case Turn::kStart:
      Start(state, *schedule, command.input, now, out);
      return absl::OkStatus();
    case Turn::kSkipFirst:
      Skip(*schedule, 0, SkipReason::Overlap, now, out);
      return absl::OkStatus();
    case Turn::kSkipSecond:
      Skip(*schedule, 1, SkipReason::Overlap, now, out);
      return absl::OkStatus();
    case Turn::kCancel:
      Cancel(*NextToCancel(state, *schedule), now, out);
      return absl::OkStatus();
  }
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kNothingToContinue,
                fmt::format("schedule '{}' has nothing to do", schedule->name),
                {{"execution", fmt::format("{:016x}", schedule->seq)}});
}

}  // namespace stet::core
