// What users and operators ask of a simulated engine, at random.
#pragma once

#include <functional>
#include <string>

#include "engine/host.h"
#include "tests/sim_engine/oracle.h"
#include "tests/sim_engine/plan.h"

namespace stet::sim {

class Operator {
 public:
  using Tell = std::function<void(std::string)>;

  Operator(const EnginePlan& plan, Oracle* oracle, Tell tell)
      : plan_(plan), random_(plan.seed ^ 0x0b), oracle_(*oracle), tell_(std::move(tell)) {}

  // Starts an execution of a new key, or of one that may be known.
  void Start(engine::Host& host);
  // One of all that operators do.
  void Act(engine::Host& host);
  // A report of an attempt that owns its run no more: has to be refused, and to change nothing.
  void ReportStale(engine::Host& host);
  // What is paused would wait for ever.
  void ResumeAll(engine::Host& host);
  // What waits for a signal without a timeout would, too.
  void SignalAll(engine::Host& host);

 private:
  using Command = std::function<absl::StatusOr<uint64_t>(engine::Sequencer&)>;
  void Ask(engine::Host& host, std::string what, Command command);
  void AskOf(engine::Host& host, const std::string& key);
  void Signal(engine::Host& host, const std::string& key);
  std::string AnyKey();
  std::string AnyTask(const engine::Host& host);

  const EnginePlan& plan_;
  Random random_;
  Oracle& oracle_;
  Tell tell_;
  uint32_t keys_ = 0;
  uint32_t reopened_ = 0;
  uint32_t signals_ = 0;
};

}  // namespace stet::sim
