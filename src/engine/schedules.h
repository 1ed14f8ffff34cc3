// Fires schedules when their times come on the wall clock.
#pragma once

#include <memory>
#include <utility>

#include <absl/time/time.h>

#include "engine/ledger.h"
#include "stet/engine.h"

namespace stet::engine {

// The loop's thread owns it.  It needs no effects: what is to be done stands in the state.
class ScheduleRules {
 public:
  // `ledger` is kept.
  ScheduleRules(Ledger* ledger, const Limits& limits, std::shared_ptr<PayloadCodec> codec)
      : ledger_(*ledger), limits_(limits), codec_(std::move(codec)) {}

  // Does a part of what is due.  False if there was nothing.
  bool Run();

  // How long until something may be due; infinite if nothing is to come.  While a schedule exists never more than a
  // second: someone may set the clock.
  absl::Duration wait() const;

 private:
  // False if it could not be: no room.
  bool Plan(const core::Schedule& schedule);
  bool RunOne(const core::Schedule& schedule);
  bool has_room() const;

  Ledger& ledger_;
  const Limits limits_;
  const std::shared_ptr<PayloadCodec> codec_;
};

}  // namespace stet::engine
