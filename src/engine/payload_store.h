// The bytes of inputs, outputs and errors, by the seq of the event that carries them.
//
// State holds references only.  The bytes of every execution that State holds are kept in memory:
// nothing is read back from the log.
#pragma once

#include <cstdint>

#include <absl/container/flat_hash_map.h>

#include "core/apply.h"
#include "core/ref.h"
#include "engine/attempt.h"

namespace stet::engine {

// Not thread-safe; what it gives may be kept and read anywhere.
class PayloadStore {
 public:
  // Takes in what the event carries, if it carries anything.
  void Keep(const core::EventRef& event);

  // Null when `ref` stands for nothing.
  SharedPayload Get(const core::PayloadRef& ref) const;

  size_t count() const { return payloads_.size(); }

 private:
  // Looked up only, never iterated: the order shows nowhere.
  absl::flat_hash_map<uint64_t, SharedPayload> payloads_;
};

}  // namespace stet::engine
