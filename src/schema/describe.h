// Events as JSON text, for people and for scripts: field names are stable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "schema/pack.h"

namespace stet::schema {

struct DescribeOptions {
  size_t payload_chars_max =
      SIZE_MAX;  // of an input, output or error; what is cut is said in "bytes"
};

// One JSON object on one line without the record's own fields (seq, stream, type):
// {"time":"2026-...Z","task":3,...}.  Times are RFC 3339 UTC with nanoseconds or null; payloads are
// {"content_type":...,"bytes":n,"text":...} or "base64" if they are not UTF-8. Errors: those of
// Check.
absl::StatusOr<std::string> Describe(uint16_t type, Bytes payload,
                                     const DescribeOptions& options = {});

}  // namespace stet::schema
