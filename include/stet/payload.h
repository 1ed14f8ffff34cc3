// Bytes that belong to the user: inputs and outputs.  The engine stores and hands them on; it never
// looks inside.
#pragma once

#include <string>
#include <utility>

#pragma GCC visibility push(default)

namespace stet {

// A value with its content type.  The default limit is 1 MiB (`Limits::payload_bytes`), the hard
// limit 8 MiB; a larger one is refused with ResourceExhausted before anything is written.
struct Payload {
  std::string bytes = {};
  std::string content_type = "application/json";

  Payload() = default;
  // Implicit: JSON text is the common case.  NOLINTNEXTLINE(google-explicit-constructor)
  Payload(std::string text) : bytes(std::move(text)) {}
  Payload(const char* text) : bytes(text) {}  // NOLINT(google-explicit-constructor)

  friend bool operator==(const Payload&, const Payload&) = default;
};

}  // namespace stet

#pragma GCC visibility pop
