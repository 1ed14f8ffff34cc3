// Workers elsewhere: they take runs under leases, fall silent, come back late.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/host.h"
#include "stet/lease.h"
#include "tests/sim_engine/oracle.h"
#include "tests/sim_engine/plan.h"

namespace stet::sim {

// They outlive the engines that give them work.
class RemoteWorkers {
 public:
  using Tell = std::function<void(std::string)>;

  RemoteWorkers(const EnginePlan& plan, Oracle* oracle, Tell tell)
      : plan_(plan), random_(plan.seed ^ 0x1ea5e), oracle_(*oracle), tell_(std::move(tell)) {}

  // One of all that they do.
  void Act(engine::Host& host);
  // What is left is given back, or reported.
  void Finish(engine::Host& host);

 private:
  struct Held {
    std::string worker = {};
    LeasedRun run = {};
  };
  void Acquire(engine::Host& host);
  void Renew(engine::Host& host);
  void Report(engine::Host& host, size_t index);

  const EnginePlan& plan_;
  Random random_;
  Oracle& oracle_;
  Tell tell_;
  std::vector<Held> held_;  // as they believe
};

}  // namespace stet::sim
