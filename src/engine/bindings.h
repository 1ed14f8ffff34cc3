// Which function runs a task: activities by their number in the state, found without comparing names.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/activity_table.h"
#include "stet/activity.h"

namespace stet::engine {

// By name.
using Activities = std::map<std::string, Activity>;

// The loop's thread owns it.
class Bindings {
 public:
  // `activities` is kept.
  explicit Bindings(const Activities* activities) : activities_(*activities) {}

  // Null when there is no activity of that name: its tasks have to wait.
  const Activity* Find(const core::ActivityTable& table, uint32_t number);

 private:
  const Activities& activities_;
  std::vector<const Activity*> bound_;  // by number
};

}  // namespace stet::engine
