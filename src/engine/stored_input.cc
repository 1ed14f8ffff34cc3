// Encodes inputs, and compares them with those that are there.
#include "engine/stored_input.h"

#include <utility>

#include "base/status_macros.h"

namespace stet::engine {

absl::StatusOr<StoredInput> StoredInput::Make(PayloadCodec* codec, const Payload& input) {
  StoredInput stored = {.codec = codec};
  if (codec != nullptr) {
    ASSIGN_OR_RETURN(stored.payload, Encode(codec, input));
  }
  return stored;
}

core::PayloadView StoredInput::View(const Payload& input, const PayloadStore& payloads,
                                    const core::PayloadRef& existing, SharedPayload& keep) const {
  if (!payload) return ViewOf(input);
  core::PayloadView view = ViewOf(*payload);
  keep = existing ? payloads.Get(existing) : nullptr;
  if (keep != nullptr) {
    const absl::StatusOr<Payload> given = Decode(codec, *keep);
    if (given.ok() && *given == input) view = ViewOf(*keep);
  }
  view.plain = input.bytes;
  return view;
}

}  // namespace stet::engine
