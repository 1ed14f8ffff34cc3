// Events of schedules.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/appliers.h"
#include "core/check_workflow.h"
#include "core/payload_ref.h"
#include "stet/cron.h"

namespace stet::core {
namespace {

absl::Status NoSchedule(uint64_t schedule) {
  return Contradiction(fmt::format("there is no schedule {}", schedule));
}

absl::Status SetPaused(uint64_t seq, bool paused, int64_t next_at, Editor& editor) {
  const Schedule* found = editor.state().schedules().Find(seq);
  if (found == nullptr) return NoSchedule(seq);
  if (found->paused == paused)
    return Contradiction(paused ? "it is paused already" : "it is not paused");
  Schedule& schedule = *editor.BeginEdit(seq);
  schedule.paused = paused;
  if (!paused) schedule.next_at = next_at;
  editor.EndEdit(schedule);
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyEvent(const fb::ScheduleCreated& event, Editor& editor) {
  const State& state = editor.state();
  const WorkflowHash hash = {.high = event.hash_high(), .low = event.hash_low()};
  const Definition* definition = state.FindDefinition(hash);
  if (definition == nullptr) {
    return Contradiction(fmt::format("definition {} is unknown", ToString(hash)));
  }
  if (editor.event().stream != editor.event().seq) {
    return Contradiction("its stream is not its own seq");
  }
  const std::string_view name = TextOf(event.name());
  const std::string_view cron = TextOf(event.cron());
  if (!IsName(name) || name.size() > kScheduleNameBytesMax ||
      state.schedules().FindByName(name) != nullptr) {
    return Contradiction(fmt::format("the name '{}' is taken, or none", name));
  }
  const bool timed = cron.empty() ? event.every() >= kScheduleEveryMinNs
                                  : event.every() == 0 && CronExpression::Parse(cron).ok();
  if (!timed) return Contradiction("its times make no sense");
  editor.AddSchedule({.seq = editor.event().seq,
                      .name = std::string(name),
                      .definition = definition,
                      .input = MakePayloadRef(editor.event().seq, TextOf(event.input()),
                                              ContentTypeOf(event.content_type())),
                      .cron = std::string(cron),
                      .zone = std::string(TextOf(event.zone())),
                      .every = event.every(),
                      .anchor = event.anchor(),
                      .misfire = static_cast<Misfire>(event.misfire()),
                      .overlap = static_cast<Overlap>(event.overlap()),
                      .catch_up_max = event.catch_up_max(),
                      .paused = event.paused(),
                      .next_at = event.next_at()});
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::ScheduleRemoved& event, Editor& editor) {
  if (editor.state().schedules().Find(event.schedule()) == nullptr) {
    return NoSchedule(event.schedule());
  }
  editor.RemoveSchedule(event.schedule());
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::SchedulePaused& event, Editor& editor) {
  return SetPaused(event.schedule(), true, 0, editor);
}

absl::Status ApplyEvent(const fb::ScheduleResumed& event, Editor& editor) {
  return SetPaused(event.schedule(), false, event.next_at(), editor);
}

absl::Status ApplyEvent(const fb::SchedulePlanned& event, Editor& editor) {
  const Schedule* found = editor.state().schedules().Find(event.schedule());
  if (found == nullptr) return NoSchedule(event.schedule());
  const bool calendar = event.cause() == schema::PlanCause::Calendar;
  if (calendar && (found->paused || found->next_at == 0 || event.wall_time() < found->next_at)) {
    return Contradiction(
        fmt::format("its next time is {}, it is {}", found->next_at, event.wall_time()));
  }
  if (calendar && event.next_at() != 0 && event.next_at() <= event.wall_time()) {
    return Contradiction("its next time has passed");
  }
  const size_t count = event.times() == nullptr ? 0 : event.times()->size();
  if (found->waiting.size() + count > kOccurrencesMax) {
    return Contradiction(fmt::format("{} times wait, and {} more", found->waiting.size(), count));
  }
  Schedule& schedule = *editor.BeginEdit(event.schedule());
  for (size_t i = 0; i < count; ++i) {
    schedule.waiting.push_back(event.times()->Get(static_cast<flatbuffers::uoffset_t>(i)));
  }
  schedule.skipped += event.missed();
  if (calendar) schedule.next_at = event.next_at();
  editor.EndEdit(schedule);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::ScheduleSkipped& event, Editor& editor) {
  const Schedule* found = editor.state().schedules().Find(event.schedule());
  if (found == nullptr) return NoSchedule(event.schedule());
  if (event.position() >= found->waiting.size() || found->waiting[event.position()] != event.at()) {
    return Contradiction(fmt::format("{} does not wait at {}", event.at(), event.position()));
  }
  Schedule& schedule = *editor.BeginEdit(event.schedule());
  schedule.waiting.erase(schedule.waiting.begin() + event.position());
  ++schedule.skipped;
  editor.EndEdit(schedule);
  return absl::OkStatus();
}

absl::Status CheckOccurrence(const fb::ExecutionStarted& event, const State& state) {
  if (event.schedule() == 0) return absl::OkStatus();
  const Schedule* schedule = state.schedules().Find(event.schedule());
  if (schedule == nullptr) return NoSchedule(event.schedule());
  const WorkflowHash hash = {.high = event.hash_high(), .low = event.hash_low()};
  const bool free = schedule->running.empty() || schedule->overlap == Overlap::kAllow;
  if (schedule->waiting.empty() || schedule->waiting.front() != event.occurrence() || !free ||
      schedule->definition->hash() != hash) {
    return Contradiction(fmt::format("schedule {} does not start it now", event.schedule()));
  }
  return absl::OkStatus();
}

void EnterSchedule(const Execution& execution, int64_t at, Editor& editor) {
  if (execution.schedule == 0) return;
  Schedule& schedule = *editor.BeginEdit(execution.schedule);
  schedule.waiting.erase(schedule.waiting.begin());
  schedule.running.push_back(execution.id);
  schedule.last_at = at;
  ++schedule.started;
  editor.EndEdit(schedule);
}

}  // namespace stet::core
