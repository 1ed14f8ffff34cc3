// Attempts out of events, one pass over the log.
#include "stet/timeline.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "engine/replayed.h"
#include "engine/replayer.h"
#include "engine/resolve.h"
#include "schema/parse.h"

namespace stet {
namespace {

using engine::Replayer;
using schema::EventType;

AttemptOutcome OutcomeOf(schema::AttemptOutcome outcome) {
  return static_cast<AttemptOutcome>(outcome);
}

class Collector {
 public:
  // What a snapshot remembers.
  void TakeBase(const engine::Books& books) {
    for (const auto& execution : books.state.executions()) {
      for (const auto& [task, notes] : execution->history.by_task()) {
        for (const core::AttemptNote& note : notes) Add(books, execution->id, task, note);
      }
      for (uint32_t task = 0; task < execution->tasks.size(); ++task) {
        const core::TaskSlot& slot = execution->tasks[task];
        if (slot.state != TaskState::kRunning) continue;
        Begin({.execution = execution->id,
               .task = task,
               .seq = slot.order,
               .generation = slot.generation,
               .attempt = slot.attempts,
               .epoch = slot.epoch,
               .started_at = absl::FromUnixNanos(slot.started_at)});
      }
    }
    std::sort(spans_.begin(), spans_.end(),
              [](const AttemptSpan& a, const AttemptSpan& b) { return a.seq < b.seq; });
    by_seq_.clear();
    for (size_t i = 0; i < spans_.size(); ++i) by_seq_.emplace(spans_[i].seq, i);
  }

  // The event has been applied: its bytes are in order.
  void Take(const wal::Record& record, const core::State& state) {
    switch (static_cast<EventType>(record.type)) {
      case EventType::TasksReady:
        return SetReady<fb::TasksReady>(record);
      case EventType::RetriesWoken:
        return SetReady<fb::RetriesWoken>(record);
      case EventType::AttemptStarted:
        return Start(record, state);
      case EventType::AttemptFinished:
        return Finish(record);
      default:
        return;
    }
  }

  std::vector<AttemptSpan> TakeSpans() { return std::move(spans_); }

 private:
  using Place = std::pair<uint64_t, uint32_t>;

  void Begin(AttemptSpan span) {
    by_seq_.emplace(span.seq, spans_.size());
    spans_.push_back(std::move(span));
  }

  void Add(const engine::Books& books, uint64_t execution, uint32_t task,
           const core::AttemptNote& note) {
    const engine::SharedPayload error = books.payloads.Get(note.error);
    Begin({.execution = execution,
           .task = task,
           .seq = note.seq,
           .generation = note.generation,
           .attempt = note.attempt,
           .epoch = note.epoch,
           .started_at = absl::FromUnixNanos(note.started_at),
           .finished_at = absl::FromUnixNanos(note.finished_at),
           .outcome = OutcomeOf(note.outcome),
           .error = error == nullptr ? std::string() : error->bytes});
  }

  template <class Event>
  void SetReady(const wal::Record& record) {
    const auto event = schema::Parse<Event>(record.payload);
    if (!event.ok()) return;
    for (const uint32_t task : *(*event)->tasks()) {
      ready_[{record.stream, task}] = absl::FromUnixNanos((*event)->time());
    }
  }

  void Start(const wal::Record& record, const core::State& state) {
    const auto event = schema::Parse<fb::AttemptStarted>(record.payload);
    const core::Execution* execution = state.FindExecution(record.stream);
    if (!event.ok() || execution == nullptr) return;
    const uint32_t task = (*event)->task();
    AttemptSpan span = {.execution = record.stream,
                        .task = task,
                        .seq = record.seq,
                        .generation = execution->tasks[task].generation,
                        .attempt = (*event)->attempt(),
                        .epoch = (*event)->epoch(),
                        .started_at = absl::FromUnixNanos((*event)->time())};
    if (const auto ready = ready_.extract({record.stream, task})) span.ready_at = ready.mapped();
    Begin(std::move(span));
  }

  void Finish(const wal::Record& record) {
    const auto event = schema::Parse<fb::AttemptFinished>(record.payload);
    if (!event.ok()) return;
    const auto begun = by_seq_.find((*event)->attempt_seq());
    if (begun == by_seq_.end()) return;
    AttemptSpan& span = spans_[begun->second];
    by_seq_.erase(begun);
    span.finished_at = absl::FromUnixNanos((*event)->time());
    span.outcome = OutcomeOf((*event)->outcome());
    if ((*event)->error() != nullptr) span.error = (*event)->error()->str();
  }

  std::vector<AttemptSpan> spans_;
  std::map<uint64_t, size_t> by_seq_;  // of those that have not ended
  std::map<Place, absl::Time> ready_;
};

}  // namespace

absl::StatusOr<Timeline> ReadTimeline(const ReplayOptions& options, std::string_view execution) {
  ReplayOptions whole = options;
  whole.whole_log = true;
  ASSIGN_OR_RETURN(Replayer replayer, Replayer::Open(whole));
  Collector collector;
  collector.TakeBase(replayer.books());
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, replayer.Next());
    if (!more) break;
    collector.Take(replayer.record(), replayer.books().state);
  }
  auto impl = std::make_unique<Replayed::Impl>();
  impl->log = replayer.log();
  impl->books = replayer.TakeBooks();
  const core::State& state = impl->books.state;
  std::vector<AttemptSpan> spans = collector.TakeSpans();
  if (execution.empty()) {
    std::erase_if(spans, [&state](const AttemptSpan& span) {
      return state.FindExecution(span.execution) == nullptr;
    });
  } else {
    ASSIGN_OR_RETURN(const core::Execution* found, engine::Resolve(state, execution));
    std::erase_if(spans,
                  [id = found->id](const AttemptSpan& span) { return span.execution != id; });
  }
  return Timeline{.state = Replayed(std::move(impl)), .attempts = std::move(spans)};
}

}  // namespace stet
