// Definitions through the log: cut into chunks, interrupted, put together again.
#include "core/definition.h"

#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/core/random_workflow.h"
#include "tests/core/world.h"

namespace stet::core::definition_test {
namespace {

PreparedWorkflow Prepare(Workflow workflow) {
  auto prepared = PreparedWorkflow::Make(std::move(workflow));
  REQUIRE(prepared.ok());
  return *std::move(prepared);
}

// As many tasks as it takes for several chunks of 200 bytes.
Workflow Many(const std::string& name) {
  Workflow workflow = {.name = name};
  for (int i = 0; i < 40; ++i) {
    Task task = {.name = fmt::format("task{}", i), .activity = fmt::format("a{}", i % 3)};
    for (int k = 0; k < i; k += 4) task.after.push_back(fmt::format("task{}", k));
    if (i % 5 == 0) task.config = fmt::format("config {}", i);
    task.retry.max_attempts = 1 + static_cast<uint32_t>(i % 2);
    workflow.tasks.push_back(task);
  }
  return workflow;
}

TEST_SUITE_BEGIN("core::Definition");

TEST_CASE("what was written comes back, whatever the size of the chunks") {
  const uint64_t seed = SeedOr(7);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  for (int i = 0; i < 50; ++i) {
    World w(DecideOptions{.part_bytes = 1 + random.Below(1000)});
    const Workflow workflow = RandomWorkflow(random, 30);
    const WorkflowHash hash = w.Define(workflow);
    const Definition* definition = w.state().FindDefinition(hash);
    REQUIRE_NE(definition, nullptr);
    CHECK(definition->ToWorkflow() == workflow);
    for (uint32_t task = 0; task < definition->size(); ++task) {
      CHECK_EQ(definition->Find(definition->task_name(task)), task);
    }
    CHECK_FALSE(definition->Find("nobody").has_value());
  }
}

TEST_CASE("the same definition again is no event") {
  World w;
  const PreparedWorkflow prepared = Prepare(Many("w"));
  w.Define(prepared);
  const uint64_t seq = w.state().seq();
  w.Must(DefineWorkflow{.workflow = &prepared});
  CHECK_EQ(w.state().seq(), seq);
}

TEST_CASE("a definition cut short by a crash is finished, or gives way to another") {
  const PreparedWorkflow one = Prepare(Many("one"));
  const PreparedWorkflow two = Prepare(Many("two"));
  for (int parts = 1; parts < 8; ++parts) {
    World w(DecideOptions{.part_bytes = 200});
    w.CompareAlways();
    for (int i = 0; i < parts; ++i) w.Must(DefineWorkflow{.workflow = &one});
    REQUIRE_EQ(w.state().FindDefinition(one.hash()), nullptr);
    w.Crash();
    const uint64_t seq = w.state().seq();
    if (parts % 2 == 0) w.Define(two);
    w.Define(one);
    CHECK(w.state().FindDefinition(one.hash())->ToWorkflow() == one.workflow());
    if (parts % 2 == 1) {
      // It went on where it stopped.
      World whole(DecideOptions{.part_bytes = 200});
      whole.Define(one);
      CHECK_EQ(w.state().seq(), whole.state().seq());
      CHECK_GT(seq, 0);
    }
  }
}

TEST_CASE("chunks that do not fit are refused by Apply") {
  const PreparedWorkflow prepared = Prepare(Many("w"));
  World w(DecideOptions{.part_bytes = 200});
  w.Define(prepared);
  // Each chunk left out.
  for (size_t skip = 0; skip + 1 < w.log().size(); ++skip) {
    State state;
    uint64_t seq = 0;
    absl::Status status;
    for (size_t i = 0; i < w.log().size() && status.ok(); ++i) {
      if (i == skip) continue;
      EventRef event = w.log()[i].ref();
      event.seq = ++seq;
      status = Apply(event, state, nullptr);
    }
    CHECK_EQ(status.code(), absl::StatusCode::kDataLoss);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::definition_test
