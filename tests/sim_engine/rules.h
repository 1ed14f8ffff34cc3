// When a task may start, and how it may end, by the states of others: written down without a look at how core does it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "core/execution.h"

namespace stet::sim {

// By execution and task: the seq of the event by which it completed last.
using Completions = std::map<std::pair<uint64_t, uint32_t>, uint64_t>;

// Why `task` must not start; empty when it may.
std::string WhyNot(const core::Execution& execution, uint32_t task, const Completions& completed);

// What the ends of those above a task allow for it.
struct Upstream {
  bool allows = false;       // that it ran
  bool untaken = false;      // that it was skipped by a branch
  bool forbids = false;      // that it was skipped because of a failure
  bool untriggered = false;  // that it was skipped for want of its trigger
  bool Skips(schema::SkipCause cause) const;
};
Upstream UpstreamOf(const core::Execution& execution, uint32_t task);

// What is wrong with how the execution ended; empty: nothing.
std::string WrongEnd(const core::Execution& execution);

}  // namespace stet::sim
