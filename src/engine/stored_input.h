// What the input of a request is stored as.
#pragma once

#include <optional>

#include <absl/status/statusor.h>

#include "core/command.h"
#include "engine/codec.h"
#include "engine/payload_store.h"

namespace stet::engine {

// Made on the caller's thread: a codec may take its time.
struct StoredInput {
  PayloadCodec* codec = nullptr;  // null: the input itself is stored
  std::optional<Payload> payload = std::nullopt;

  // Errors: those of the codec.
  static absl::StatusOr<StoredInput> Make(PayloadCodec* codec, const Payload& input);

  // For a command.  A request that is made again is the same whatever a codec makes of its input: when
  // `existing` stands for it already, the view is of that.  `keep` must live as long as the view.
  core::PayloadView View(const Payload& input, const PayloadStore& payloads,
                         const core::PayloadRef& existing, SharedPayload& keep) const;
};

}  // namespace stet::engine
