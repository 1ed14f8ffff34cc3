// An event as core sees it: the fields of its record and its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace stet::core {

using Bytes = std::span<const std::byte>;

struct EventRef {
  uint64_t seq = 0;     // dense, from 1
  uint64_t stream = 0;  // the execution's id; 0: the engine
  uint16_t type = 0;    // schema::EventType
  Bytes payload = {};
  // The payload was taken by schema::Check, for this type: Apply need not look at it again.
  bool checked = false;
};

}  // namespace stet::core
