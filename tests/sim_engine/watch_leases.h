// What must hold of attempts that workers have, here and elsewhere.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/event.h"
#include "core/state.h"

namespace stet::sim {

// A worker keeps what it has until its lease ends, as it was last renewed; a thread of this process until that dies.
class LeaseWatch {
 public:
  // Looks at an event, and the state before it.  What is wrong; empty if nothing.
  std::string See(const core::EventRef& event, const core::State& before);
  // Behind a turn.
  std::string Look(const core::State& state) const;

 private:
  struct Lease {
    core::RunRef run = {};
    core::RunLease had = {};
  };
  std::string SeeRenewed(const core::EventRef& event);
  std::string SeeEnd(const core::EventRef& event, const core::State& before);

  std::map<uint64_t, Lease> leases_;  // by the seq of the attempt's start
};

}  // namespace stet::sim
