// Binds definitions to activities, once each.
#include "engine/bindings.h"

namespace stet::engine {

const Activity* Bindings::Find(const core::Definition& definition, uint32_t task) {
  return Bind(definition)[definition.activity_index(task)];
}

const Bindings::Bound& Bindings::Bind(const core::Definition& definition) {
  const auto [entry, is_new] = bound_.try_emplace(&definition);
  if (is_new) {
    for (const std::string& name : definition.activities()) {
      const auto activity = activities_.find(name);
      entry->second.push_back(activity == activities_.end() ? nullptr : &activity->second);
    }
  }
  return entry->second;
}

}  // namespace stet::engine
