// What the engine does for tasks that wait: its timers, the executions they start, and a world of signals.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/waits.h"
#include "tests/core/random_workflow.h"
#include "tests/core/world.h"

namespace stet::core {

inline Task TimerOf(std::string name, absl::Duration duration,
                    std::vector<std::string> after = {}) {
  return {
      .name = std::move(name), .after = std::move(after), .kind = TimerTask{.duration = duration}};
}

inline Task EventOf(std::string name, std::string signal,
                    std::optional<absl::Duration> timeout = std::nullopt,
                    std::vector<std::string> after = {}) {
  return {.name = std::move(name),
          .after = std::move(after),
          .kind = EventTask{.signal = std::move(signal), .timeout = timeout}};
}

inline Task ChildTask(std::string name, std::string workflow, std::vector<std::string> after = {}) {
  return {.name = std::move(name),
          .after = std::move(after),
          .kind = SubWorkflowTask{.workflow = std::move(workflow)}};
}

// The workflow of every child of a random history.
Workflow ChildWorkflow();

// The command that does what `effect` asks for, if it is about a wait.  Refusals are for the caller to judge.
std::optional<Command> CommandFor(const Effect& effect, const State& state,
                                  const WorkflowHash& child);

// Does what waits ask for, as far as its time has come.
void DriveWaits(World& world, const WorkflowHash& child);

// A signal that some task may wait for, with an id now and then.
absl::Status SendAny(Random& random, uint64_t id, World& world);

// A schedule whose times come now and then, and what they start.
void ScheduleSome(Random& random, const WorkflowHash& workflow, World& world);

}  // namespace stet::core
