// Which function runs a task: activities by definition and number, found without comparing names.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "core/definition.h"
#include "stet/activity.h"

namespace stet::engine {

// By name.
using Activities = std::map<std::string, Activity>;

// The loop's thread owns it.
class Bindings {
 public:
  // `activities` is kept.
  explicit Bindings(const Activities* activities) : activities_(*activities) {}

  // Null when there is no activity of that name: the task has to wait.
  const Activity* Find(const core::Definition& definition, uint32_t task);

 private:
  using Bound = std::vector<const Activity*>;  // by Definition::activity_index
  const Bound& Bind(const core::Definition& definition);

  const Activities& activities_;
  // Looked up only.  Definitions live as long as the state.
  absl::flat_hash_map<const core::Definition*, Bound> bound_;
};

}  // namespace stet::engine
