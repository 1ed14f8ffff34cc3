// Field by field, in the order of the table.
#include "schema/describe_extra.h"

#include <string_view>
#include <utility>

#include "schema/json.h"

namespace stet::schema {
namespace {

std::string_view Chars(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

// "SubWorkflow" as "sub_workflow".
std::string Snake(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !snake.empty()) snake += '_';
    snake += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return snake;
}

void Text(JsonObject& object, std::string_view name, const flatbuffers::String* text) {
  if (text != nullptr && text->size() > 0) object.Text(name, Chars(text));
}

void Number(JsonObject& object, std::string_view name, int64_t value) {
  if (value != 0) object.Number(name, value);
}

void Texts(JsonObject& object, std::string_view name,
           const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* texts) {
  if (texts == nullptr || texts->size() == 0) return;
  std::string list = "[";
  for (const flatbuffers::String* text : *texts) {
    if (list.size() > 1) list += ',';
    list += JsonString(Chars(text));
  }
  object.Raw(name, list + "]");
}

}  // namespace

std::string DescribeExtra(const fb::TaskExtra& e) {
  JsonObject object;
  object.Unsigned("task", e.task());
  const auto choice = [&object](std::string_view name, auto value, const char* text) {
    if (static_cast<uint8_t>(value) != 0) object.Text(name, Snake(text));
  };
  choice("kind", e.kind(), fb::EnumNameTaskKind(e.kind()));
  choice("on_upstream_failure", e.on_upstream_failure(),
         fb::EnumNameUpstreamFailure(e.on_upstream_failure()));
  choice("trigger", e.trigger(), fb::EnumNameTrigger(e.trigger()));
  Text(object, "compensate", e.compensate());
  Text(object, "breaker", e.breaker());
  Number(object, "schedule_to_start", e.schedule_to_start());
  Number(object, "schedule_to_close", e.schedule_to_close());
  Number(object, "heartbeat", e.heartbeat());
  Text(object, "concurrency_key", e.concurrency_key());
  if (e.key_held_in_retry()) object.Bool("key_held_in_retry", true);
  Number(object, "non_retryable", e.non_retryable());
  Number(object, "retry_deadline", e.retry_deadline());
  choice("repeat", e.repeat(), fb::EnumNameRepeatKind(e.repeat()));
  Number(object, "repeat_count", e.repeat_count());
  Number(object, "repeat_interval", e.repeat_interval());
  Text(object, "cron", e.cron());
  choice("op", e.op(), fb::EnumNameCompareOp(e.op()));
  Text(object, "operand", e.operand());
  Text(object, "value_task", e.value_task());
  Text(object, "value_pointer", e.value_pointer());
  Texts(object, "then_tasks", e.then_tasks());
  Texts(object, "else_tasks", e.else_tasks());
  Number(object, "iterations_max", e.iterations_max());
  Number(object, "parallelism", e.parallelism());
  Text(object, "signal", e.signal());
  Number(object, "duration", e.duration());
  Text(object, "workflow", e.workflow());
  return std::move(object).Finish();
}

}  // namespace stet::schema
