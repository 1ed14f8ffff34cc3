// Fan-out and fan-in.
#include "engine/map_items.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/waits.h"
#include "engine/codec.h"
#include "engine/result.h"
#include "schema/json.h"
#include "schema/json_value.h"

namespace stet::engine {

absl::StatusOr<core::PreparedWorkflow*> MapItems::WorkflowOf(const core::Definition& definition,
                                                             uint32_t task) {
  const std::pair key(definition.hash(), task);
  if (const auto known = workflows_.find(key); known != workflows_.end()) return &known->second;
  Task item = definition.ToTask(task);
  item.after.clear();
  item.kind = {};
  item.concurrency_key = {};  // The map holds it.
  item.compensate.clear();
  item.on_upstream_failure = UpstreamFailure::kSkip;
  Timeouts timeouts = *item.timeouts;
  timeouts.schedule_to_close = std::nullopt;  // The map has to end in time.
  item.timeouts = timeouts;
  // No name that a workflow of the user's is likely to have.
  const bool fits = item.name.size() + 2 <= core::kNameBytesMax;
  const std::string name = fits ? item.name + "[]" : fmt::format("{}[]", task);
  ASSIGN_OR_RETURN(core::PreparedWorkflow prepared, core::PreparedWorkflow::Make(Workflow{
                                                        .name = name, .tasks = {std::move(item)}}));
  return &workflows_.emplace(key, std::move(prepared)).first->second;
}

absl::StatusOr<const std::vector<std::string>*> MapItems::ArrayOf(const core::Execution& execution,
                                                                  uint32_t task,
                                                                  const PayloadStore& payloads,
                                                                  PayloadCodec* codec) {
  const uint64_t attempt = execution.tasks[task].order;
  const auto known = std::find_if(arrays_.begin(), arrays_.end(), [attempt](const Array& array) {
    return array.attempt == attempt;
  });
  if (known != arrays_.end()) return &known->items;
  const core::TaskExtra& extra = *execution.definition->extra(task);
  ASSIGN_OR_RETURN(const Payload value,
                   ValueOf(execution, extra.value_task, extra.value_pointer, payloads, codec));
  std::optional<std::vector<std::string>> items = schema::ReadArray(value.bytes);
  if (!items) {
    // Not what they are: errors are stored as they stand, whatever a codec makes of payloads.
    return absl::InvalidArgumentError(
        fmt::format("its items are no JSON array, but {} bytes of {}", value.bytes.size(),
                    schema::IsJson(value.bytes) ? "other JSON" : "what is no JSON"));
  }
  if (arrays_.size() == kArraysMax) arrays_.erase(arrays_.begin());
  arrays_.push_back({.attempt = attempt, .items = *std::move(items)});
  return &arrays_.back().items;
}

void MapItems::Forget(uint64_t attempt) {
  std::erase_if(arrays_, [attempt](const Array& array) { return array.attempt == attempt; });
}

absl::StatusOr<Payload> ResultOfItems(const core::State& state, const core::Execution& execution,
                                      uint32_t task, const PayloadStore& payloads,
                                      PayloadCodec* codec, uint64_t bytes_max) {
  const uint32_t items = core::ProgressOf(execution, task).size();
  std::string array = "[";
  for (uint32_t item = 1; item <= items; ++item) {
    const core::Execution* child = core::ItemOf(state, execution, task, item);
    if (item > 1) array += ',';
    if (child == nullptr) {
      array += "null";
      continue;
    }
    ASSIGN_OR_RETURN(Payload stored, ResultOf(*child, payloads, codec));
    ASSIGN_OR_RETURN(const Payload result, Decode(codec, std::move(stored)));
    array += JsonOf(result);
    // Not gathered whole before it is refused: there may be many.
    if (array.size() > bytes_max) {
      return absl::ResourceExhaustedError(
          fmt::format("more than {} bytes, with {} of {} items", bytes_max, item, items));
    }
  }
  return Encode(codec, Payload(array + "]"));
}

}  // namespace stet::engine
