// Binds activities, once each.
#include "engine/bindings.h"

#include "engine/engine_activity.h"

namespace stet::engine {

const Activity* Bindings::Find(const core::ActivityTable& table, uint32_t number) {
  while (bound_.size() < table.size()) {
    const std::string& name = table[static_cast<uint32_t>(bound_.size())].name;
    if (name.empty()) {
      bound_.push_back(&EngineActivity());
      continue;
    }
    const auto activity = activities_.find(name);
    bound_.push_back(activity == activities_.end() ? nullptr : &activity->second);
  }
  return bound_[number];
}

}  // namespace stet::engine
