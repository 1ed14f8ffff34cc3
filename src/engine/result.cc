// Outputs put together.
#include "engine/result.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "schema/json.h"
#include "schema/json_value.h"
#include "schema/utf8.h"

namespace stet::engine {
namespace {

Payload Get(const core::PayloadRef& ref, const PayloadStore& payloads) {
  const SharedPayload payload = ref ? payloads.Get(ref) : nullptr;
  return payload == nullptr ? Payload() : *payload;
}

// Nothing depends on it but what closes the execution.
bool IsLast(const core::Definition& definition, uint32_t task) {
  const auto children = definition.children(task);
  return std::all_of(children.begin(), children.end(),
                     [&definition](uint32_t child) { return definition.is_closing(child); });
}

}  // namespace

std::string JsonOf(const Payload& payload) {
  if (payload.bytes.empty()) return "null";
  if (payload.content_type == schema::kDefaultContentType && schema::IsJson(payload.bytes)) {
    return payload.bytes;
  }
  return schema::JsonString(schema::IsUtf8(payload.bytes) ? payload.bytes
                                                          : schema::Base64(payload.bytes));
}

absl::StatusOr<Payload> ResultOf(const core::Execution& execution, const PayloadStore& payloads,
                                 PayloadCodec* codec) {
  const core::Definition& definition = *execution.definition;
  std::vector<uint32_t> last;
  for (uint32_t task = 0; task < definition.declared(); ++task) {
    if (!definition.is_closing(task) && IsLast(definition, task)) last.push_back(task);
  }
  if (last.size() == 1) return Get(execution.tasks[last[0]].output, payloads);
  schema::JsonObject object;
  for (const uint32_t task : last) {
    ASSIGN_OR_RETURN(const Payload output,
                     Decode(codec, Get(execution.tasks[task].output, payloads)));
    object.Raw(definition.task_name(task), JsonOf(output));
  }
  return Encode(codec, Payload(std::move(object).Finish()));
}

absl::StatusOr<Payload> ValueOf(const core::Execution& execution, std::string_view task,
                                std::string_view pointer, const PayloadStore& payloads,
                                PayloadCodec* codec) {
  core::PayloadRef ref = execution.input;
  if (!task.empty()) ref = execution.tasks[*execution.definition->Find(task)].output;
  ASSIGN_OR_RETURN(Payload whole, Decode(codec, Get(ref, payloads)));
  if (pointer.empty()) return whole;
  const auto value = schema::JsonAt(whole.bytes, pointer);
  if (!value.has_value()) {
    return absl::InvalidArgumentError(
        fmt::format("there is no {} in the {}", pointer,
                    task.empty() ? "input" : fmt::format("output of '{}'", task)));
  }
  return Payload(std::string(*value));
}

}  // namespace stet::engine
