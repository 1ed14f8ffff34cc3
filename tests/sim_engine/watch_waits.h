// What must hold of signals and of executions that tasks start.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/event.h"
#include "core/state.h"
#include "schema/event.fbs.h"

namespace stet::sim {

// A signal is received once and taken once, first come first served, by a task that waits for its name; none
// waits for one that is there.
class SignalWatch {
 public:
  // Looks at an event, and the state before it.  What is wrong; empty if nothing.
  std::string See(const core::EventRef& event, const core::State& before);
  // Behind a turn.
  std::string Look(const core::State& state) const;

 private:
  struct Signal {
    uint64_t execution = 0;
    std::string name = {};
  };
  std::string SeeReceived(const core::EventRef& event);
  std::string SeeTaken(const core::EventRef& event, const core::State& before);

  std::map<uint64_t, Signal> waiting_;  // by seq: not taken yet
  std::set<std::pair<uint64_t, std::string>> ids_;
};

// An attempt starts one execution, or one for each item of a map, in order, so many at once; it ends as they
// did.  One that ends before them has them cancelled.
class ChildWatch {
 public:
  std::string See(const core::EventRef& event, const core::State& before);
  std::string Look(const core::State& state) const;

 private:
  std::string SeeStarted(const core::EventRef& event, const core::State& before);
  std::string SeeEnded(const core::EventRef& event, const core::State& before);
  std::string SeeMapEnded(const fb::AttemptFinished& finish, const core::Execution& execution,
                          const core::State& before);
  void SeeCancelled(const core::EventRef& event, const core::State& before);
  // What the attempt of the task has started, in order.
  std::vector<uint64_t> ItemsOf(const core::Execution& execution, uint32_t task) const;
  // Null: the attempt of the task has started none.
  const core::Execution* ChildOf(const core::Execution& execution, uint32_t task,
                                 const core::State& before) const;
  void LetGo(const core::Execution* child);

  std::map<uint64_t, std::vector<uint64_t>>
      children_;                // by the seq of the attempt that started them
  std::set<uint64_t> orphans_;  // whose attempt has ended: to be cancelled, unless they have ended
};

}  // namespace stet::sim
