// What an execution has come to, as one payload.
#pragma once

#include <absl/status/statusor.h>

#include "core/state.h"
#include "engine/payload_store.h"
#include "stet/payload.h"

namespace stet::engine {

// The output of the only task that no other depends on; if there are several, a JSON object of their outputs by name: those that
// are JSON as they are, others as strings (base64 if they are no UTF-8).
Payload ResultOf(const core::Execution& execution, const PayloadStore& payloads);

// The value that `source` names, for a task of `execution`: an output, or the input, or what stands in it at a JSON pointer.
// Errors: InvalidArgument when there is no such value.
absl::StatusOr<Payload> ValueOf(const core::Execution& execution, std::string_view task,
                                std::string_view pointer, const PayloadStore& payloads);

}  // namespace stet::engine
