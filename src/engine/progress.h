// Tells the host what happens to tasks and executions, once it is released.
#pragma once

#include <functional>
#include <string_view>

#include "core/event.h"
#include "core/state.h"
#include "engine/logger.h"
#include "engine/outbox.h"
#include "stet/report.h"

namespace stet::engine {

// The loop's thread owns it.
class Progress {
 public:
  using OnTask = std::function<void(const ExecutionSummary&, std::string_view, TaskState)>;
  using OnEnded = std::function<void(const ExecutionSummary&)>;

  // Each may be null.
  Progress(OnTask on_task, OnEnded on_ended, OnLog on_log)
      : on_task_(std::move(on_task)), on_ended_(std::move(on_ended)), log_(std::move(on_log)) {}

  bool wanted() const { return on_task_ != nullptr || on_ended_ != nullptr || log_.wanted(); }

  // `event` has just been applied to `state`.  Queues the notices about it.
  void Observe(const core::EventRef& event, const core::State& state, Outbox& outbox);

 private:
  void ObserveTask(const core::EventRef& event, const core::Execution& execution, uint32_t task,
                   Outbox& outbox);
  void Log(const core::EventRef& event, const core::Execution& execution, Outbox& outbox);

  OnTask on_task_;
  OnEnded on_ended_;
  Logger log_;
};

}  // namespace stet::engine
