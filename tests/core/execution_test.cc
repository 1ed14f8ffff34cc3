// The life of an execution, command by command.
#include <string>

#include <doctest/doctest.h>

#include "tests/core/world.h"

namespace stet::core {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

// a -> b -> c
Workflow Chain() {
  return {.name = "chain", .tasks = {Named("a"), Named("b", {"a"}), Named("c", {"b"})}};
}

TEST_SUITE_BEGIN("core::execution");

TEST_CASE("a successful local task costs three events") {
  World w;
  w.CompareAlways();
  w.Open();
  const uint64_t id = w.Start(w.Define(Chain()));
  const RunRef a = w.Begin();
  CHECK_EQ(w.group(), std::vector{EventType::AttemptStarted});
  w.Succeed(a);
  CHECK_EQ(w.group(), std::vector{EventType::AttemptFinished, EventType::TasksReady});
  w.Succeed(w.Begin());
  w.Succeed(w.Begin());
  CHECK_EQ(w.group(), std::vector{EventType::AttemptFinished, EventType::ExecutionEnded});
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  CHECK_EQ(w.state().live_executions(), 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core
