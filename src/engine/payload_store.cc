// Keeps payloads.
#include "engine/payload_store.h"

#include <optional>
#include <utility>

namespace stet::engine {
namespace {

// Most tasks of a plain workflow have an empty output: it costs nothing.
const SharedPayload& EmptyPayload() {
  static const SharedPayload kEmpty = std::make_shared<const Payload>();
  return kEmpty;
}

}  // namespace

void PayloadStore::Keep(const core::EventRef& event) {
  const std::optional<core::CarriedPayload> carried = core::PayloadsIn(event);
  if (!carried) return;
  if (carried->bytes.empty() && carried->content_type == EmptyPayload()->content_type) return;
  Payload payload{std::string(carried->bytes)};
  payload.content_type = carried->content_type;
  payloads_.insert_or_assign(event.seq, std::make_shared<const Payload>(std::move(payload)));
}

SharedPayload PayloadStore::Get(const core::PayloadRef& ref) const {
  if (!ref) return nullptr;
  const auto found = payloads_.find(ref.seq);
  return found == payloads_.end() ? EmptyPayload() : found->second;
}

}  // namespace stet::engine
