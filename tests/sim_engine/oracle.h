// What must hold of an engine at every event and behind every turn, whatever it has been through.
//
// It keeps all events from the first on, and a state that replays them, fed by nothing else: what the
// engine finds when it is opened again has to be a prefix of that.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <absl/status/status.h>

#include "core/effect.h"
#include "core/event.h"
#include "core/state.h"
#include "engine/machine.h"
#include "stet/activity.h"
#include "tests/sim_engine/plan.h"
#include "tests/sim_engine/rules.h"
#include "tests/sim_engine/script.h"
#include "tests/sim_engine/watch_gates.h"
#include "tests/sim_engine/watch_leases.h"
#include "tests/sim_engine/watch_waits.h"

namespace stet::sim {

class Oracle {
 public:
  explicit Oracle(const EnginePlan& plan);

  // A process is about to open the directory, and has to find at least the first `at_least` events.
  void BeginLife(uint64_t at_least);
  // One of its events.
  void See(const core::EventRef& event, const core::State& live);
  // Behind each turn of an engine whose log has not failed.
  void CheckTurn(engine::Machine& machine);
  // A caller was told that its command, up to `seq`, is released.
  void Acknowledged(uint64_t seq);
  // An activity runs; when it was handed out, all up to `durable` was flushed.
  void Ran(const ActivityContext& context, uint64_t durable);
  // All have ended, after so many lives.
  void CheckEnd(const core::State& live, uint32_t lives);

  // The first thing that was broken.
  const absl::Status& status() const { return status_; }
  void Broken(const std::string& what);

  uint64_t seq() const { return log_.size(); }
  // Of what may not be lost any more by a power cut.
  uint64_t promised() const { return promised_; }
  const core::State& state() const { return mirror_; }
  // Attempts that were started, in order; the newest of each seq.
  const std::map<uint64_t, core::RunRef>& starts() const { return starts_; }
  uint64_t fingerprint() const { return fingerprint_; }

 private:
  struct Stored {
    uint64_t stream = 0;
    uint16_t type = 0;
    std::vector<std::byte> bytes = {};
  };

  struct Watches {
    SignalWatch signals = {};
    ChildWatch children = {};
    LeaseWatch leases = {};
    KeyWatch keys;
    BreakerWatch breakers;
  };

  void Rewind(uint64_t events);
  void Watch(const core::EventRef& event);
  void Before(const core::EventRef& event);
  void BeforeStart(const core::EventRef& event);
  void BeforeFinish(const core::EventRef& event);
  void After(const core::EventRef& event);
  void CheckLimits(const core::State& live);
  void CheckRate(const std::string& activity, int64_t time);
  void CheckEffects(engine::Machine& machine);
  void CheckEnded(const core::Execution& execution, uint32_t lives);
  Possible PossibleOf(const core::Execution& execution, uint32_t task, uint32_t lives) const;
  bool flushes() const { return plan_.options.durability >= wal::Durability::kCommit; }

  const EnginePlan& plan_;
  std::vector<Stored> log_;
  core::State mirror_;
  std::optional<Watches> watches_;  // of what the mirror has replayed
  core::Effects effects_;
  std::set<core::Effect> pending_;
  std::map<uint64_t, core::RunRef> starts_;
  // Execution, task, run, attempt: the seq of its start.
  std::map<std::tuple<uint64_t, std::string, uint64_t, uint32_t>, uint64_t> started_;
  std::map<std::string, std::deque<int64_t>> rates_;
  Completions completed_;
  std::set<uint64_t> cancelled_;  // executions that somebody has cancelled at some time
  uint64_t at_least_ = 0;
  uint64_t promised_ = 0;
  uint64_t fingerprint_ = 0;
  bool fresh_ = true;  // no event of this life has been seen
  absl::Status status_;
};

// Whether a part of the engine's shell has the effect in hand.
bool Holds(engine::Machine& machine, const core::Effect& effect);

std::string ToString(const core::Effect& effect);

}  // namespace stet::sim
