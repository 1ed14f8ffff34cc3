// What a host puts between its payloads and the log: compression, encryption.
#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#pragma GCC visibility push(default)

namespace stet {

// Turns the bytes of a payload into those that are stored, and back.  Inputs, outputs, signals, results of
// steps, checkpoints and states go through it; errors, metadata, names, keys (concurrency keys too) and definitions
// do not.  Activities and reports get what was encoded.
//
// The content type of what is stored is "encoded/NAME", and ";" and the payload's own unless that is
// application/json: what has no such type is given as it is, so that a directory may get a codec later.
//
// Called from any thread, by several at once.  What it throws is an error.
class PayloadCodec {
 public:
  virtual ~PayloadCodec() = default;

  // Of what Encode makes: 1 to 32 of a-z, 0-9, "-", "_" and ".".  Must stay the same as long as Decode understands
  // it: which key or version was used belongs into the bytes.
  virtual std::string_view name() const = 0;

  // Need not make the same of the same bytes.  Is never given none.
  virtual absl::StatusOr<std::string> Encode(std::string_view bytes) = 0;

  // Of what Encode made, maybe years ago.
  virtual absl::StatusOr<std::string> Decode(std::string_view bytes) = 0;
};

}  // namespace stet

#pragma GCC visibility pop
