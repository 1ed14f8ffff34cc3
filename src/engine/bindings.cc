// Binds activities, once each.
#include "engine/bindings.h"

namespace stet::engine {

const Activity* Bindings::Find(const core::ActivityTable& table, uint32_t number) {
  while (bound_.size() < table.size()) {
    const auto activity = activities_.find(table[static_cast<uint32_t>(bound_.size())].name);
    bound_.push_back(activity == activities_.end() ? nullptr : &activity->second);
  }
  return bound_[number];
}

}  // namespace stet::engine
