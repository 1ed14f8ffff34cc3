// What an execution has come to, as one payload.
#pragma once

#include <absl/status/statusor.h>

#include "core/state.h"
#include "engine/codec.h"
#include "engine/payload_store.h"
#include "stet/payload.h"

namespace stet::engine {

// The output of the only task that no other depends on; if there are several, a JSON object of their outputs by name: those that
// are JSON as they are, others as strings (base64 if they are no UTF-8).  As it is to be stored.  Errors: those of the codec.
absl::StatusOr<Payload> ResultOf(const core::Execution& execution, const PayloadStore& payloads,
                                 PayloadCodec* codec);

// The payload as a JSON value: as it is if it is JSON, else a string (base64 if it is no UTF-8); empty: null.
std::string JsonOf(const Payload& payload);

// The value that `source` names, for a task of `execution`: an output, or the input, or what stands in it at a JSON pointer.
// Decoded.  Errors: InvalidArgument when there is no such value; those of the codec.
absl::StatusOr<Payload> ValueOf(const core::Execution& execution, std::string_view task,
                                std::string_view pointer, const PayloadStore& payloads,
                                PayloadCodec* codec);

}  // namespace stet::engine
