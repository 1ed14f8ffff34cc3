// Events as JSON: one function per table.
#include "schema/describe.h"

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "schema/describe_end.h"
#include "schema/describe_extra.h"
#include "schema/describe_parts.h"
#include "schema/describe_schedule.h"
#include "schema/event_list.h"
#include "schema/json.h"
#include "schema/parse.h"

namespace stet::schema {
namespace {

std::string TextsJson(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>& texts) {
  std::string json = "[";
  for (const auto* text : texts) {
    if (json.size() > 1) json += ',';
    json += JsonString(View(text));
  }
  return json += ']';
}

template <class Numbers>
std::string ArrayJson(const Numbers* numbers) {
  std::string text = "[";
  if (numbers != nullptr) {
    for (const auto number : *numbers) {
      if (text.size() > 1) text += ',';
      text += fmt::format("{}", number);
    }
  }
  return text += ']';
}

std::string Json(const fb::EngineOpened& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time()).Time("wall_time", e.wall_time()).Unsigned("epoch", e.epoch());
  return std::move(object).Finish();
}

// The tasks as a person would write them, edges by number.
std::string Json(const fb::DefinitionChunk& e, const DescribeOptions& options) {
  JsonObject object;
  object.Time("time", e.time())
      .Text("hash", Hash(e.hash_high(), e.hash_low()))
      .Unsigned("index", e.index());
  if (e.name() != nullptr) object.Text("name", View(e.name()));
  object.Unsigned("first_task", e.first_task());
  const std::string_view text = View(e.text());
  std::string tasks = "[";
  uint32_t begin = 0;
  const auto count = e.task_name_end() == nullptr ? 0 : e.task_name_end()->size();
  const auto activities = e.activities() == nullptr ? 0 : e.activities()->size();
  for (flatbuffers::uoffset_t i = 0; i < count; ++i) {
    if (e.config_end() == nullptr || e.activity() == nullptr || i >= e.config_end()->size() ||
        i >= e.activity()->size()) {
      break;
    }
    const uint32_t middle = e.task_name_end()->Get(i);
    const uint32_t end = e.config_end()->Get(i);
    if (middle < begin || end < middle || end > text.size()) break;
    JsonObject task;
    task.Text("name", text.substr(begin, middle - begin));
    const uint32_t activity = e.activity()->Get(i);
    if (activity < activities) task.Text("activity", View(e.activities()->Get(activity)));
    if (end > middle) {
      task.Text("config", Cut(text.substr(middle, end - middle), options.payload_chars_max));
    }
    if (i > 0) tasks += ',';
    tasks += std::move(task).Finish();
    begin = end;
  }
  object.Raw("tasks", tasks + "]");
  object.Raw("child", ArrayJson(e.child())).Raw("parent", ArrayJson(e.parent()));
  if (e.extras() != nullptr) {
    std::string extras;
    for (const fb::TaskExtra* extra : *e.extras()) {
      extras += (extras.empty() ? "" : ",") + DescribeExtra(*extra);
    }
    object.Raw("extras", "[" + extras + "]");
  }
  return std::move(object).Finish();
}

std::string Json(const fb::DefinitionSealed& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time())
      .Text("hash", Hash(e.hash_high(), e.hash_low()))
      .Unsigned("task_count", e.task_count())
      .Unsigned("chunk_count", e.chunk_count());
  return std::move(object).Finish();
}

std::string Json(const fb::ExecutionStarted& e, const DescribeOptions& options) {
  JsonObject object;
  object.Time("time", e.time())
      .Text("key", View(e.key()))
      .Text("hash", Hash(e.hash_high(), e.hash_low()))
      .Raw("input", PayloadJson(View(e.input()), e.content_type(), options));
  if (e.start_at() != 0) object.Time("start_at", e.start_at());
  if (e.parent() != 0) {
    object.Text("parent", fmt::format("{:016x}", e.parent()))
        .Unsigned("parent_task", e.parent_task())
        .Unsigned("parent_attempt", e.parent_attempt());
    if (e.parent_item() != 0) object.Unsigned("parent_item", e.parent_item());
  }
  if (e.schedule() != 0) {
    object.Unsigned("schedule", e.schedule()).Time("occurrence", e.occurrence());
  }
  if (e.keys() != nullptr) object.Raw("keys", TextsJson(*e.keys()));
  return std::move(object).Finish();
}

// Events that say when, and no more.
template <class T>
std::string TimeJson(const T& e) {
  JsonObject object;
  object.Time("time", e.time());
  return std::move(object).Finish();
}

template <class TaskSet>
std::string TaskSetJson(const TaskSet& e) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("cause", e.cause())
      .Raw("tasks", ArrayJson(e.tasks()))
      .Bool("more", e.more());
  if constexpr (std::is_same_v<TaskSet, fb::TasksSkipped>) {
    if (e.skip() != SkipCause::Upstream) object.Text("skip", ToString(e.skip()));
  }
  return std::move(object).Finish();
}

std::string Json(const fb::TasksReady& e, const DescribeOptions&) { return TaskSetJson(e); }
std::string Json(const fb::TasksSkipped& e, const DescribeOptions&) { return TaskSetJson(e); }
std::string Json(const fb::TasksCancelled& e, const DescribeOptions&) { return TaskSetJson(e); }

std::string Json(const fb::TaskDeadLettered& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time()).Unsigned("cause", e.cause()).Unsigned("task", e.task());
  return std::move(object).Finish();
}

std::string Json(const fb::AttemptStarted& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("task", e.task())
      .Unsigned("attempt", e.attempt())
      .Unsigned("epoch", e.epoch())
      .Time("deadline", e.deadline());
  if (e.owner() != AttemptOwner::Worker) object.Text("owner", ToString(e.owner()));
  if (e.worker() != nullptr) {
    object.Text("worker", View(e.worker())).Time("lease_until", e.lease_until());
  }
  return std::move(object).Finish();
}

std::string Json(const fb::AttemptFinished& e, const DescribeOptions& options) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("task", e.task())
      .Unsigned("attempt_seq", e.attempt_seq())
      .Text("outcome", ToString(e.outcome()))
      .Text("next", ToString(e.next()));
  if (e.failure() != FailureKind::None) object.Text("failure", ToString(e.failure()));
  if (e.outcome() == AttemptOutcome::Timeout) object.Text("timeout", ToString(e.timeout()));
  if (e.wake_at() != 0) object.Time("wake_at", e.wake_at());
  if (e.signal() != 0) {
    object.Unsigned("signal", e.signal());
  } else if (e.outcome() == AttemptOutcome::Success) {
    object.Raw("output", PayloadJson(View(e.output()), e.content_type(), options));
  } else {
    object.Text("error", Cut(View(e.error()), options.payload_chars_max));
  }
  return std::move(object).Finish();
}

std::string Json(const fb::RetriesWoken& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time()).Raw("tasks", ArrayJson(e.tasks()));
  return std::move(object).Finish();
}

std::string Json(const fb::RunScheduled& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time()).Unsigned("task", e.task()).Time("at", e.at());
  return std::move(object).Finish();
}

std::string Json(const fb::ExecutionBegun& e, const DescribeOptions&) { return TimeJson(e); }

std::string Json(const fb::SignalReceived& e, const DescribeOptions& options) {
  JsonObject object;
  object.Time("time", e.time()).Text("name", View(e.name()));
  if (e.id() != nullptr) object.Text("id", View(e.id()));
  object.Raw("payload", PayloadJson(View(e.payload()), e.content_type(), options));
  return std::move(object).Finish();
}

std::string Json(const fb::CheckpointRecorded& e, const DescribeOptions& options) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("task", e.task())
      .Unsigned("attempt_seq", e.attempt_seq())
      .Raw("checkpoint", PayloadJson(View(e.checkpoint()), e.content_type(), options));
  return std::move(object).Finish();
}

std::string Json(const fb::MapExpanded& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("task", e.task())
      .Unsigned("attempt_seq", e.attempt_seq())
      .Unsigned("items", e.items());
  return std::move(object).Finish();
}

std::string Json(const fb::StateSaved& e, const DescribeOptions& options) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("task", e.task())
      .Unsigned("attempt_seq", e.attempt_seq())
      .Raw("state", PayloadJson(View(e.state()), e.content_type(), options));
  return std::move(object).Finish();
}

std::string Json(const fb::MetadataSet& e, const DescribeOptions& options) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("task", e.task())
      .Unsigned("attempt_seq", e.attempt_seq())
      .Text("key", View(e.key()))
      .Text("value", Cut(View(e.value()), options.payload_chars_max));
  return std::move(object).Finish();
}

std::string Json(const fb::BreakerMoved& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("cause", e.cause())
      .Text("name", View(e.name()))
      .Text("state", ToString(e.state()));
  if (e.state() == BreakerState::Closed) object.Unsigned("failures", e.failures());
  if (e.state() == BreakerState::Open) object.Time("until", e.until());
  if (e.state() == BreakerState::HalfOpen) {
    object.Unsigned("successes", e.successes()).Raw("probes", ArrayJson(e.probes()));
  }
  return std::move(object).Finish();
}

std::string Json(const fb::RunTimedOut& e, const DescribeOptions& options) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("task", e.task())
      .Text("timeout", ToString(e.timeout()))
      .Text("error", Cut(View(e.error()), options.payload_chars_max));
  return std::move(object).Finish();
}

std::string Json(const fb::LeasesRenewed& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time())
      .Text("worker", View(e.worker()))
      .Time("until", e.until())
      .Raw("executions", ArrayJson(e.executions()))
      .Raw("tasks", ArrayJson(e.tasks()))
      .Raw("attempts", ArrayJson(e.attempts()));
  return std::move(object).Finish();
}

std::string Json(const fb::StepRecorded& e, const DescribeOptions& options) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("task", e.task())
      .Unsigned("attempt_seq", e.attempt_seq())
      .Text("name", View(e.name()))
      .Unsigned("occurrence", e.occurrence())
      .Raw("result", PayloadJson(View(e.result()), e.content_type(), options));
  return std::move(object).Finish();
}

template <class T>
std::string ActivityJson(const T& e) {
  JsonObject object;
  object.Time("time", e.time()).Text("activity", View(e.activity()));
  return std::move(object).Finish();
}

std::string Json(const fb::EnginePaused& e, const DescribeOptions&) { return TimeJson(e); }
std::string Json(const fb::EngineResumed& e, const DescribeOptions&) { return TimeJson(e); }
std::string Json(const fb::ActivityPaused& e, const DescribeOptions&) { return ActivityJson(e); }
std::string Json(const fb::ActivityResumed& e, const DescribeOptions&) { return ActivityJson(e); }
std::string Json(const fb::ExecutionPaused& e, const DescribeOptions&) { return TimeJson(e); }
std::string Json(const fb::ExecutionResumed& e, const DescribeOptions&) { return TimeJson(e); }

std::string Json(const fb::PrioritySet& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time()).Number("priority", e.priority());
  return std::move(object).Finish();
}

std::string Json(const fb::ExecutionsPurged& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time())
      .Text("cause", ToString(e.cause()))
      .Time("forget_at", e.forget_at())
      .Raw("executions", ArrayJson(e.executions()));
  return std::move(object).Finish();
}

std::string Json(const fb::TasksReopened& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time())
      .Unsigned("generation", e.generation())
      .Raw("tasks", ArrayJson(e.tasks()));
  return std::move(object).Finish();
}

std::string Json(const fb::DeadLetterDropped& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time()).Unsigned("task", e.task());
  return std::move(object).Finish();
}

template <class T>
absl::StatusOr<std::string> ParseAndDescribe(Bytes payload, const DescribeOptions& options) {
  absl::StatusOr<const T*> table = Parse<T>(payload);
  if (!table.ok()) return table.status();
  return Json(**table, options);
}

}  // namespace

absl::StatusOr<std::string> Describe(uint16_t type, Bytes payload, const DescribeOptions& options) {
  switch (static_cast<EventType>(type)) {
    case EventType::None:
      break;
#define STET_CASE(name) \
  case EventType::name: \
    return ParseAndDescribe<fb::name>(payload, options);
      STET_EVENT_TYPES(STET_CASE)
#undef STET_CASE
  }
  return absl::UnimplementedError(fmt::format("event type {} is unknown", type));
}

}  // namespace stet::schema
