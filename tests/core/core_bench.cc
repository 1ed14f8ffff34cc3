// Decide and Apply without a log: what the sequencer's part of a step costs.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <absl/time/clock.h>
#include <fmt/format.h>

#include "bench/harness.h"
#include "core/apply.h"
#include "core/decide.h"
#include "core/outstanding.h"

namespace stet::core {
namespace {

constexpr uint32_t kExecutions = 256;
constexpr uint32_t kChain = 10;

Workflow Chain() {
  Workflow workflow = {.name = "chain"};
  for (uint32_t i = 0; i < kChain; ++i) {
    Task task = {.name = fmt::format("step{}", i), .activity = "step"};
    if (i > 0) task.after = {fmt::format("step{}", i - 1)};
    workflow.tasks.push_back(std::move(task));
  }
  return workflow;
}

// `layers` layers of 1000 tasks, each depending on one of the layer above.
Workflow Layers(uint32_t layers) {
  Workflow workflow = {.name = "layers"};
  for (uint32_t i = 0; i < layers * 1000; ++i) {
    Task task = {.name = fmt::format("t{}", i), .activity = "step"};
    if (i >= 1000) task.after = {fmt::format("t{}", i - 1000)};
    workflow.tasks.push_back(std::move(task));
  }
  return workflow;
}

struct Kept {
  EventRef event = {};
  size_t begin = 0;
};

// A state that commands are put to, and the bytes of all events.
class Machine {
 public:
  explicit Machine(bool keep) : keep_(keep) {
    Do(OpenEngine{.epoch = 1, .wall = absl::FromUnixSeconds(1)});
  }

  void Do(const Command& command) {
    now_ += absl::Microseconds(1);
    Fail(Decide(state_, command, now_, buffer_));
    for (const EventRef& event : buffer_.events()) {
      Fail(Apply(event, state_, &effects_));
      ++events_;
      bytes_ += event.payload.size();
      if (!keep_) continue;
      kept_.push_back({.event = event, .begin = arena_.size()});
      arena_.insert(arena_.end(), event.payload.begin(), event.payload.end());
      arena_.resize((arena_.size() + 7) & ~size_t{7});
    }
    for (const Effect& effect : effects_) {
      if (effect.kind == Effect::Kind::kDispatchAttempt) running_.push_back(effect);
      if (effect.kind == Effect::Kind::kContinue) more_.push_back(effect.execution);
    }
    effects_.clear();
    while (!more_.empty()) {
      const uint64_t execution = more_.back();
      more_.pop_back();
      if (HasBacklog(state_, execution)) Do(Continue{.execution = execution});
    }
  }

  void Define(const PreparedWorkflow& workflow) {
    while (state_.FindDefinition(workflow.hash()) == nullptr) {
      Do(DefineWorkflow{.workflow = &workflow});
    }
  }

  // Starts all that is ready, then finishes all that runs, until nothing is left.
  void Drain() {
    std::vector<Effect> batch;
    for (;;) {
      for (auto run = NextReady(state_); run.has_value(); run = NextReady(state_)) {
        Do(StartAttempt{.run = *run});
      }
      if (running_.empty()) return;
      batch.clear();
      batch.swap(running_);
      for (const Effect& effect : batch) {
        Do(FinishAttempt{.run = {.execution = effect.execution, .task = effect.task},
                         .token = effect.token});
      }
    }
  }

  // The kept events into an empty state.
  void Replay() const {
    State state;
    for (const Kept& one : kept_) {
      EventRef event = one.event;
      event.payload = Bytes(arena_).subspan(one.begin, event.payload.size());
      Fail(Apply(event, state, nullptr));
    }
    if (state.digest() != state_.digest()) Fail(absl::InternalError("replay differs"));
  }

  uint64_t events() const { return events_; }
  uint64_t bytes() const { return bytes_; }

 private:
  static void Fail(const absl::Status& status) {
    if (status.ok()) return;
    fmt::print(stderr, "{}\n", status.ToString());
    std::abort();
  }

  const bool keep_;
  State state_;
  EventBuffer buffer_;
  Effects effects_;
  Effects running_;
  std::vector<uint64_t> more_;
  std::vector<Kept> kept_;
  std::vector<std::byte> arena_;
  absl::Time now_ = absl::FromUnixSeconds(1);
  uint64_t events_ = 0;
  uint64_t bytes_ = 0;
};

template <class Work>
double Seconds(Work work) {
  const absl::Time begin = absl::Now();
  work();
  return absl::ToDoubleSeconds(absl::Now() - begin);
}

bench::Samples RateOf(uint64_t count, const std::string& what, double seconds) {
  return {{what, static_cast<double>(count) / seconds, "1/s"},
          {"each", seconds / static_cast<double>(count) * 1e9, "ns"}};
}

void StartAll(Machine& machine, const PreparedWorkflow& chain, uint32_t rounds) {
  for (uint32_t round = 0; round < rounds; ++round) {
    for (uint32_t i = 0; i < kExecutions; ++i) {
      machine.Do(StartExecution{.workflow = chain.hash(), .key = fmt::format("{}-{}", round, i)});
    }
    machine.Drain();
  }
}

absl::StatusOr<bench::Samples> Steps() {
  const PreparedWorkflow chain = *PreparedWorkflow::Make(Chain());
  Machine machine(false);
  machine.Define(chain);
  const double seconds = Seconds([&] { StartAll(machine, chain, 100); });
  return RateOf(machine.events(), "events", seconds);
}

absl::StatusOr<bench::Samples> Replay() {
  const PreparedWorkflow chain = *PreparedWorkflow::Make(Chain());
  Machine machine(true);
  machine.Define(chain);
  StartAll(machine, chain, 100);
  return RateOf(machine.events(), "events", Seconds([&] { machine.Replay(); }));
}

absl::StatusOr<bench::Samples> Million() {
  const Workflow layers = Layers(1000);
  const double validate = Seconds([&] { (void)Validate(layers); });
  const PreparedWorkflow prepared = *PreparedWorkflow::Make(layers);
  Machine machine(false);
  const double define = Seconds([&] { machine.Define(prepared); });
  const uint64_t bytes = machine.bytes();
  const double seconds = Seconds([&] {
    machine.Do(StartExecution{.workflow = prepared.hash(), .key = "k"});
    machine.Drain();
  });
  return bench::Samples{
      {"validate", validate, "s"},
      {"define", define, "s"},
      {"tasks", 1e6 / seconds, "1/s"},
      {"payload_per_task", static_cast<double>(machine.bytes() - bytes) / 1e6, "B"},
      {"slot", sizeof(TaskSlot), "B"}};
}

}  // namespace
}  // namespace stet::core

int main(int argc, char** argv) {
  stet::bench::Harness harness("core", argc, argv);
  harness.Add("steps", stet::core::Steps);
  harness.Add("replay", stet::core::Replay);
  harness.Add("million", stet::core::Million);
  return harness.Run();
}
