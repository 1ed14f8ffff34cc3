// Payloads as they are stored, and as they were given.
#pragma once

#include <string_view>

#include <absl/status/statusor.h>

#include "core/command.h"
#include "stet/codec.h"
#include "stet/payload.h"

namespace stet::engine {

// Errors: InvalidArgument.
absl::Status CheckCodec(const PayloadCodec* codec);

// What is to be stored of `payload`: itself without a codec, or without a byte.  Errors: those of the codec.
absl::StatusOr<Payload> Encode(PayloadCodec* codec, Payload payload);

// What was given, of what is stored; itself unless a codec made it.
// Errors: those of the codec; FailedPrecondition when another one made it, or there is none.
absl::StatusOr<Payload> Decode(PayloadCodec* codec, Payload stored);

// Likewise; what cannot be decoded stays as it is.
void DecodeInPlace(PayloadCodec* codec, Payload& payload);

bool IsEncoded(const Payload& payload);

inline core::PayloadView ViewOf(const Payload& payload) {
  return {.bytes = payload.bytes, .content_type = payload.content_type};
}

}  // namespace stet::engine
