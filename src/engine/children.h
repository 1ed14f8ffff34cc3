// Executions that tasks start: begins them, hands their results to those who wait, and cancels them with those.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "core/effect.h"
#include "engine/catalog.h"
#include "engine/ledger.h"
#include "engine/map_items.h"
#include "stet/engine.h"

namespace stet::engine {

// The loop's thread owns it.
class Children {
 public:
  // All is kept.
  Children(Ledger* ledger, Catalog* catalog, const Limits& limits,
           std::shared_ptr<PayloadCodec> codec)
      : ledger_(*ledger), catalog_(*catalog), limits_(limits), codec_(std::move(codec)) {}

  // A kStartChild, kReadChild or kCancelChild whose events are released.  What there is no room for
  // is kept for Retry.
  void Run(const core::Effect& effect);
  // False if nothing of what was kept could be done.
  bool Retry();

  // Whether it is kept for Retry.
  bool Holds(const core::Effect& effect) const {
    return std::find(waiting_.begin(), waiting_.end(), effect) != waiting_.end();
  }

  // Whether executions of that workflow can be started.
  bool Knows(std::string_view workflow) const { return Find(workflow).ok(); }

 private:
  // False: to be tried again.
  bool Do(const core::Effect& effect);
  bool Start(const core::Effect& effect, const core::Execution& parent);
  bool Read(const core::Effect& effect, const core::Execution& parent);
  // Of a map: counts its items, or starts the next of them.
  bool StartItem(const core::Effect& effect, const core::Execution& parent);
  bool ReadItems(const core::Effect& effect, const core::Execution& parent);
  bool Finish(const core::Effect& effect, const std::string& what,
              const absl::StatusOr<Payload>& result);
  // Errors: NotFound.
  absl::StatusOr<WorkflowHash> Find(std::string_view workflow) const;
  bool Settled(const absl::Status& status) const {
    return status.ok() || !ledger_.out_of_room() || !ledger_.failure().ok();
  }

  Ledger& ledger_;
  Catalog& catalog_;
  const Limits limits_;
  const std::shared_ptr<PayloadCodec> codec_;
  MapItems items_ = {};
  std::vector<core::Effect> waiting_;  // for room, or for an execution to end
};

}  // namespace stet::engine
