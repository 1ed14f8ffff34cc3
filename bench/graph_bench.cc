// One execution of many empty tasks: chain, fan-out, random layers; without a log and durable, beside a flow graph that
// keeps no state.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "bench/graphs.h"
#include "bench/harness.h"
#include "bench/latency.h"

namespace stet::bench {
namespace {

constexpr uint32_t kTasks = 1'000'000;
constexpr uint32_t kWidth = 1000;

absl::StatusOr<Samples> Validated(const Parents& parents) {
  const Workflow workflow = WorkflowOf(parents);
  const int64_t begin = NowNanos();
  if (absl::Status valid = Validate(workflow); !valid.ok()) return valid;
  return Samples{{"validate", static_cast<double>(NowNanos() - begin) / 1e6, "ms"}};
}

std::shared_ptr<const Parents> Share(Parents parents) {
  return std::make_shared<const Parents>(std::move(parents));
}

// `durable`: the same, or smaller where each task waits for the disk.
void AddShape(Harness& harness, const std::string& name,
              const std::shared_ptr<const Parents>& parents,
              const std::shared_ptr<const Parents>& durable) {
  harness.Add(name + "_valid", [parents] { return Validated(*parents); });
  harness.Add(name + "_memory", [parents] { return RunGraph(*parents, {}); });
  harness.Add(name + "_memory_poll",
              [parents] { return RunGraph(*parents, {.inline_activities = true}); });
  harness.Add(name + "_durable", [durable, &harness] {
    return RunGraph(*durable, {.directory = harness.NewFolder()});
  });
  harness.Add(name + "_tbb", [parents] { return RunFlowGraph(*parents); });
  harness.Ratio(name + "_memory_to_tbb", name + "_memory.tasks", name + "_tbb.tasks", {});
  harness.Ratio(name + "_durable_to_tbb", name + "_durable.tasks", name + "_tbb.tasks", {});
}

void AddAll(Harness& harness, uint32_t tasks) {
  const auto layers = Share(LayersOf(tasks, kWidth));
  const auto fan_out = Share(FanOutOf(tasks));
  AddShape(harness, "layers", layers, layers);
  AddShape(harness, "fan_out", fan_out, fan_out);
  AddShape(harness, "chain", Share(ChainOf(tasks)), Share(ChainOf(tasks / 100)));
  if (tasks != kTasks) return;
  harness.Expect("layers_valid.validate", {.at_most = 1000});
  harness.Expect("layers_memory.tasks", {.at_least = 1e6});
  harness.Expect("layers_durable.tasks", {.at_least = 0.7e6});
  harness.Expect("layers_memory.resident", {.at_most = 256});
}

}  // namespace
}  // namespace stet::bench

// Fewer tasks than a million: STET_BENCH_TASKS.
int main(int argc, char** argv) {
  stet::bench::Harness harness("graph", argc, argv);
  const char* wanted = std::getenv("STET_BENCH_TASKS");  // NOLINT(concurrency-mt-unsafe)
  stet::bench::AddAll(harness, wanted == nullptr
                                   ? stet::bench::kTasks
                                   : static_cast<uint32_t>(std::strtoul(wanted, nullptr, 10)));
  return harness.Run();
}
