// The canonical encoding of a definition, hashed as it is written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "schema/workflow.fbs.h"
#include "stet/workflow.h"

struct XXH3_state_s;

namespace stet::core {

// XXH3-128 over: "stet workflow 1", the name, the number of tasks, and for each task its name, activity, config, priority, policy, number
// of dependencies and their names; then for each task that has an extra its index + 1, each field of the extra that is not at its default
// behind its number, and 0.  A string is its length (u64) and its bytes; integers and doubles are 8 bytes, little-endian.
class WorkflowHasher {
 public:
  WorkflowHasher(std::string_view name, uint64_t tasks);
  void AddTask(std::string_view name, std::string_view activity, std::string_view config,
               int32_t priority, const fb::TaskPolicy& policy);
  void AddDependencies(uint64_t count) { Add(count); }
  void AddDependency(std::string_view name) { Add(name); }
  // After all tasks, in their order.
  void AddExtra(const fb::TaskExtraT& extra);
  WorkflowHash Finish();

 private:
  void Add(uint64_t value);
  void Add(double value);
  void Add(std::string_view text);

  void Flush();

  struct FreeState {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, FreeState> state_;
  std::string bytes_ = {};  // not hashed yet
};

// The policy of `task` as it is stored.
fb::TaskPolicy StoredPolicy(const Task& task);

}  // namespace stet::core
