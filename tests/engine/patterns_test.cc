// Shapes of workflows, as they run.
#include "stet/patterns.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "tests/engine/fixture.h"

namespace stet {
namespace {

using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;

Task Named(std::string name) { return {.name = std::move(name), .activity = "join"}; }

// Its config, or all that stands above it.
absl::StatusOr<Payload> Join(ActivityContext& context) {
  const absl::StatusOr<std::vector<Payload>> outputs = UpstreamOutputs(context);
  if (!outputs.ok()) return outputs.status();
  std::string text(context.config());
  for (const Payload& output : *outputs) text += output.bytes;
  return Payload(std::move(text));
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("a pipeline hands each output on; what it depends on already stays") {
  std::vector<Task> stages = {Named("a"), Named("b"), Named("c")};
  stages[0].config = "1";
  stages[2].after = {"a"};
  stages = Pipeline(std::move(stages));
  CHECK_EQ(stages[1].after, std::vector<std::string>{"a"});
  CHECK_EQ(stages[2].after, std::vector<std::string>{"a", "b"});
  CHECK_EQ(Pipeline(stages), stages);
  CHECK(Pipeline({}).empty());
  const auto engine =
      MustOpen({.workflows = {{.name = "main", .tasks = stages}}, .activities = {{"join", Join}}});
  MustStart(*engine, "k");
  CHECK_EQ(MustWait(*engine, "k").output("c"), "11");
}

TEST_CASE("a fan-out is gathered in the order of its index") {
  const auto worker = [](uint32_t index) {
    Task task = Named(fmt::format("w{}", index));
    task.config = fmt::format("{},", index);
    task.priority = static_cast<int32_t>(index);
    return task;
  };
  const std::vector<Task> tasks = FanOutIn(12, worker, Named("gather"));
  CHECK_EQ(tasks.size(), 13);
  CHECK_EQ(FanOutIn(0, worker, Named("gather")), std::vector<Task>{Named("gather")});
  const auto engine =
      MustOpen({.workflows = {{.name = "main", .tasks = tasks}}, .activities = {{"join", Join}}});
  MustStart(*engine, "k");
  CHECK_EQ(MustWait(*engine, "k").output("gather"), "0,1,2,3,4,5,6,7,8,9,10,11,");
}

TEST_CASE("outputs may be asked for in any order, and again") {
  const auto ask = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    if (context.upstream().empty()) return Payload(std::string(context.config()));
    std::string text;
    for (const std::string_view task : {"c", "c", "a", "b", "nobody", "a", "c", "b"}) {
      const absl::StatusOr<Payload> output = context.output(task);
      text += output.ok() ? output->bytes : std::string(1, '-');
    }
    return Payload(std::move(text));
  };
  std::vector<Task> tasks = {Named("a"), Named("b"), Named("c"), Named("all")};
  for (Task& task : tasks) task.config = task.name;
  tasks[3].after = {"a", "b", "c"};
  const auto engine =
      MustOpen({.workflows = {{.name = "main", .tasks = tasks}}, .activities = {{"join", ask}}});
  MustStart(*engine, "k");
  CHECK_EQ(MustWait(*engine, "k").output("all"), "ccab-acb");
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet
