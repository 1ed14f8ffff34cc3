// Planned by the calendar, run by their policies.
#include "engine/schedules.h"

#include <algorithm>

#include "engine/calendar.h"
#include "engine/calls.h"
#include "engine/codec.h"

namespace stet::engine {
namespace {

constexpr int kStepsPerTurn = 64;
constexpr absl::Duration kClockLook = absl::Seconds(1);

}  // namespace

bool ScheduleRules::Run() {
  const core::ScheduleBook& book = ledger_.state().schedules();
  if (book.all().empty() || ledger_.out_of_room()) return false;
  const int64_t wall = absl::ToUnixNanos(ledger_.time().wall());
  int steps = 0;
  while (steps < kStepsPerTurn && !book.times().empty() && book.times().begin()->first <= wall) {
    if (!Plan(*book.Find(book.times().begin()->second))) return steps > 0;
    ++steps;
  }
  while (steps < kStepsPerTurn && !book.to_run().empty() && has_room()) {
    if (!RunOne(*book.Find(*book.to_run().begin()))) break;
    ++steps;
  }
  return steps > 0;
}

bool ScheduleRules::Plan(const core::Schedule& schedule) {
  const int64_t wall = absl::ToUnixNanos(ledger_.time().wall());
  const Times times = TimesBetween(schedule, schedule.next_at, wall, core::kCatchUpMax);
  return ledger_
      .Execute(core::PlanSchedule{
          .schedule = schedule.seq,
          .wall = wall,
          .times = times.newest,
          .left_out = static_cast<uint32_t>(std::min<uint64_t>(times.older, UINT32_MAX / 2)),
          .next_at = NextTime(schedule, wall)})
      .ok();
}

bool ScheduleRules::RunOne(const core::Schedule& schedule) {
  const SharedPayload input = ledger_.payloads().Get(schedule.input);
  core::RunSchedule run = {.schedule = schedule.seq};
  if (input == nullptr) return ledger_.Execute(run).ok();
  run.input = ViewOf(*input);
  if (!IsEncoded(*input)) return ledger_.Execute(run).ok();
  const absl::StatusOr<Payload> plain = Decode(codec_.get(), *input);
  // Keys look inside; what cannot be decoded has none of what they look for.
  if (plain.ok()) run.input.plain = plain->bytes;
  return ledger_.Execute(run).ok();
}

// While too many executions are live the times wait.
bool ScheduleRules::has_room() const { return CheckLive(ledger_.state(), limits_).ok(); }

absl::Duration ScheduleRules::wait() const {
  const core::ScheduleBook& book = ledger_.state().schedules();
  if (!book.to_run().empty() && has_room()) return absl::ZeroDuration();
  if (book.times().empty()) return absl::InfiniteDuration();
  const absl::Duration next =
      absl::FromUnixNanos(book.times().begin()->first) - ledger_.time().wall();
  return std::clamp(next, absl::ZeroDuration(), kClockLook);
}

}  // namespace stet::engine
