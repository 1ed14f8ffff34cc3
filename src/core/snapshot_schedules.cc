// Schedules into parts of a snapshot, and back.
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/column.h"
#include "core/snapshot_decoder.h"
#include "core/snapshot_parse.h"
#include "core/snapshot_signals.h"
#include "stet/cron.h"

namespace stet::core {

absl::Status EncodeSchedules(const State& state, SnapshotSink sink) {
  flatbuffers::FlatBufferBuilder builder;
  for (const auto& [seq, owned] : state.schedules().all()) {
    const Schedule& s = *owned;
    uint32_t definition = 0;
    for (const auto& [hash, stored] : state.definitions()) {
      if (stored.get() == s.definition) break;
      ++definition;
    }
    fb::SnapshotScheduleT t;
    t.seq = s.seq;
    t.name = s.name;
    t.definition = definition;
    t.input_seq = s.input.seq;
    t.input_digest = s.input.digest;
    t.input_bytes = s.input.bytes;
    t.cron = s.cron;
    t.zone = s.zone;
    t.every = s.every;
    t.anchor = s.anchor;
    t.misfire = static_cast<uint8_t>(s.misfire);
    t.overlap = static_cast<uint8_t>(s.overlap);
    t.catch_up_max = s.catch_up_max;
    t.paused = s.paused;
    t.next_at = s.next_at;
    t.last_at = s.last_at;
    t.started = s.started;
    t.skipped = s.skipped;
    t.waiting = s.waiting;
    t.running = s.running;
    builder.Clear();
    builder.Finish(fb::SnapshotSchedule::Pack(builder, &t));
    RETURN_IF_ERROR(sink(SnapshotPart::Schedule,
                         std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()))));
  }
  return absl::OkStatus();
}

absl::Status SnapshotDecoder::AddSchedule(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Schedule;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotSchedule>(kPart, payload));
  const Column waiting(t->waiting());
  const Column running(t->running());
  const std::string_view name = TextOf(t->name());
  const std::string_view cron = TextOf(t->cron());
  const ScheduleBook& book = state_.schedules_;
  const uint64_t before = book.all().empty() ? 0 : book.all().rbegin()->first;
  const bool timed = cron.empty() ? t->every() >= kScheduleEveryMinNs
                                  : t->every() == 0 && CronExpression::Parse(cron).ok();
  if (t->seq() <= before || t->definition() >= definitions_.size() || !IsName(name) ||
      book.FindByName(name) != nullptr || !timed || t->misfire() > 2 || t->overlap() > 3 ||
      t->catch_up_max() == 0 || !waiting.Fits(CountOf(t->waiting())) ||
      !running.Fits(CountOf(t->running()))) {
    return WrongPart(kPart, fmt::format("schedule {:016x} cannot be", t->seq()));
  }
  Schedule schedule = {
      .seq = t->seq(),
      .name = std::string(name),
      .definition = definitions_[t->definition()],
      .input = {.seq = t->input_seq(), .digest = t->input_digest(), .bytes = t->input_bytes()},
      .cron = std::string(cron),
      .zone = std::string(TextOf(t->zone())),
      .every = t->every(),
      .anchor = t->anchor(),
      .misfire = static_cast<Misfire>(t->misfire()),
      .overlap = static_cast<Overlap>(t->overlap()),
      .catch_up_max = t->catch_up_max(),
      .paused = t->paused(),
      .next_at = t->next_at(),
      .last_at = t->last_at(),
      .started = t->started(),
      .skipped = t->skipped()};
  for (size_t i = 0; i < CountOf(t->waiting()); ++i) schedule.waiting.push_back(waiting[i]);
  for (size_t i = 0; i < CountOf(t->running()); ++i) schedule.running.push_back(running[i]);
  state_.schedules_.Add(std::move(schedule));
  return absl::OkStatus();
}

}  // namespace stet::core
