// Lives, one after the other; the last one ends in order.
#include "tests/sim_engine/story.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status_macros.h"
#include "engine/host.h"
#include "tests/sim_engine/operator.h"
#include "tests/sim_engine/oracle.h"
#include "tests/sim_engine/remote.h"
#include "tests/sim_engine/script.h"
#include "tests/sim_engine/sim_world.h"

namespace stet::sim {
namespace {

constexpr uint32_t kQuietSteps = 20'000;

class Story {
 public:
  Story(uint64_t seed, uint32_t steps_max, bool tell, bool calls)
      : plan_(DrawPlan(seed)),
        random_(seed * 0x9e37'79b9'7f4a'7c15 + 1),
        disk_random_(seed),
        oracle_(plan_),
        workers_(seed),
        operator_(plan_, &oracle_, [this](std::string what) { Tell(std::move(what)); }),
        remote_(plan_, &oracle_, [this](std::string what) { Tell(std::move(what)); }),
        steps_max_(steps_max),
        tell_(tell),
        calls_(calls) {}

  StoryResult Run() {
    Tell(ToString(plan_));
    for (uint32_t i = 0; i < plan_.lives && Fine(); ++i) Live(DrawLife(plan_, random_));
    if (Fine()) LastLife();
    result_.status = oracle_.status();
    result_.events = oracle_.seq();
    result_.attempts = oracle_.starts().size();
    result_.fingerprint = oracle_.fingerprint();
    return std::move(result_);
  }

 private:
  bool Fine() const { return oracle_.status().ok(); }
  void Tell(std::string line) {
    if (tell_) result_.lines.push_back(fmt::format("{:5} {}", result_.steps, line));
  }

  EngineOptions OptionsFor(const LifePlan& life);
  bool Open(const LifePlan& life);
  void Live(const LifePlan& life);
  void Step();
  void PollOnce(absl::Duration wait);
  bool Check();
  void End(const LifePlan& life);
  void LastLife();
  void UntilAllEnded();
  void ReopenOnce();
  void TellStuck();
  bool Excused() const { return storage_->dead() || storage_->errors() > 0 || full(); }
  bool full() const { return storage_->faults.capacity != UINT64_MAX; }

  const EnginePlan plan_;
  Random random_;
  std::mt19937_64 disk_random_;
  Oracle oracle_;
  SimClock clock_;
  SimWorkers workers_;
  Operator operator_;
  RemoteWorkers remote_;
  wal::SimDisk disk_;
  std::unique_ptr<wal::SimStorage> storage_;
  std::unique_ptr<engine::Host> host_;
  uint64_t at_least_ = 0;  // what the next opening must find
  const uint32_t steps_max_;
  const bool tell_;
  const bool calls_;
  StoryResult result_;
};

EngineOptions Story::OptionsFor(const LifePlan& life) {
  EngineOptions options = plan_.options;
  options.open_pause_max = absl::ZeroDuration();
  options.log.storage = storage_.get();
  options.clock = &clock_;
  options.executor = workers_.executor(
      [this] { return storage_->MonotonicNanos(); },
      [this] {
        return host_->machine() == nullptr ? 0 : host_->machine()->writer()->watermarks().durable;
      });
  for (const char* name : kActivities) {
    if (life.missing == name) continue;
    options.activities[name] = [this](ActivityContext& context) {
      if (!workers_.stranded()) oracle_.Ran(context, workers_.durable());
      // What is left is what was left before, and one more run.
      const std::optional<Payload> state = context.state();
      (void)context.SetState(Payload((state ? state->bytes : std::string()) + "1"));
      return Perform(ScriptOf(plan_.seed, context.execution_key(), context.task()), context);
    };
  }
  options.on_note = [this](std::string_view note) { Tell("  note: " + std::string(note)); };
  return options;
}

// False if the disk does not let it.
bool Story::Open(const LifePlan& life) {
  ++result_.lives;
  auto storage = std::make_unique<wal::SimStorage>(disk_, disk_random_());
  clock_.Use(storage.get(), absl::Milliseconds(random_.Below(20'000)));
  storage_ = std::move(storage);
  storage_->order = life.order;
  storage_->keep_history = calls_;
  storage_->faults = life.faults;
  if (life.full_disk) {
    storage_->faults.capacity = storage_->disk().UsedBytes() + (uint64_t{random_.Below(8)} << 16);
  }
  Tell(ToString(life));
  oracle_.BeginLife(at_least_);
  EngineOptions options = OptionsFor(life);
  absl::StatusOr<engine::Catalog> catalog = engine::MakeCatalog(options);
  if (!catalog.ok()) {
    oracle_.Broken("catalog: " + catalog.status().ToString());
    return false;
  }
  host_ =
      std::make_unique<engine::Host>(std::move(options), *std::move(catalog),
                                     [this](const core::EventRef& event, const core::State& state,
                                            engine::Outbox&) { oracle_.See(event, state); });
  const absl::Status opened = host_->Open();
  if (opened.ok()) {
    Tell(fmt::format("open: epoch {}, {} events, at least {}", host_->recovery().epoch,
                     oracle_.seq(), at_least_));
    return Fine();
  }
  Tell("open: " + opened.ToString());
  if (!Excused()) oracle_.Broken("open: " + opened.ToString());
  return false;
}

void Story::Live(const LifePlan& life) {
  if (Open(life)) {
    for (int i = 0; i < 2; ++i) operator_.Start(*host_);
    for (uint32_t i = 0; i < life.steps && result_.steps < steps_max_; ++i) {
      Step();
      if (!Check()) break;
    }
  }
  End(life);
}

// The watermarks are asked through the machine, which is there as long as the engine is open.
void Story::PollOnce(absl::Duration wait) {
  storage_->Advance(5'000);  // What a turn takes.
  const absl::Status status = host_->Poll(wait);
  if (status.ok() || Excused()) return;
  oracle_.Broken("poll: " + status.ToString());
}

void Story::Step() {
  ++result_.steps;
  switch (random_.Below(plan_.remote ? 18 : 16)) {
    case 16:
    case 17:
      return remote_.Act(*host_);
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return PollOnce(absl::ZeroDuration());
    case 5:
    case 6:
    case 7:
      return PollOnce(absl::Milliseconds(random_.Below(1000)));
    case 8:
    case 9:
    case 10:
      workers_.RunDue(storage_->MonotonicNanos());
      return;
    case 11:
    case 12:
      return plan_.operators ? operator_.Act(*host_) : operator_.Start(*host_);
    case 13:
      operator_.ReportStale(*host_);
      workers_.RunStranded();
      return;
    case 14:
      (void)host_->Maintain(absl::Milliseconds(random_.Below(3)));
      return;
    default:
      if (plan_.clock_jumps && random_.OneIn(3)) {
        clock_.Jump(absl::Seconds(static_cast<int64_t>(random_.Below(7200)) - 3600));
      }
      if (full() && random_.OneIn(3)) storage_->faults.capacity += 256 << 10;
      return PollOnce(absl::Seconds(1));
  }
}

// False when this life is over.
bool Story::Check() {
  if (storage_->dead() || !host_->machine()->ledger().failure().ok()) return false;
  oracle_.CheckTurn(*host_->machine());
  if (!storage_->misuse().empty()) oracle_.Broken(storage_->misuse());
  return Fine();
}

// The machine after this life, and what must be found there.
void Story::End(const LifePlan& life) {
  uint64_t durable = 0;
  engine::Machine* machine = host_ == nullptr ? nullptr : host_->machine();
  if (machine != nullptr) durable = machine->writer()->watermarks().durable;
  const bool opened = machine != nullptr;
  const bool closes = opened && life.ending == Ending::kClose && Fine() && !storage_->dead() &&
                      machine->ledger().failure().ok();
  bool closed = false;
  if (closes) {
    const absl::Status status = host_->Close();
    Tell("close: " + status.ToString());
    closed = status.ok();
    if (!closed && !Excused()) oracle_.Broken("close: " + status.ToString());
  }
  if (host_ != nullptr) host_->Abandon();
  workers_.Strand();
  at_least_ = std::max({at_least_, oracle_.promised(), durable});
  if (closed) at_least_ = oracle_.seq();
  const bool cut = storage_->dead() || life.ending == Ending::kPowerCut;
  if (cut) {
    ++result_.power_cuts;
    disk_ = storage_->Crash(wal::CrashPolicy::kRandom);
  } else {
    storage_->disk().Kill(disk_random_);
    disk_ = storage_->disk();
  }
  Tell(fmt::format("{}: at least {} of {} events",
                   cut      ? "power cut"
                   : closed ? "closed"
                            : "killed",
                   at_least_, oracle_.seq()));
  for (const std::string& call : storage_->history()) result_.lines.push_back("        " + call);
}

// Nothing goes wrong any more: all that was begun has to end.
void Story::LastLife() {
  const LifePlan life = {.ending = Ending::kClose, .order = wal::SimOrder::kTimed};
  if (Open(life)) {
    if (oracle_.state().executions().empty()) operator_.Start(*host_);
    UntilAllEnded();
    result_.executions = oracle_.state().executions().size();
    if (Fine()) oracle_.CheckEnd(oracle_.state(), static_cast<uint32_t>(result_.lives));
  }
  End(life);
  if (Fine()) ReopenOnce();
}

void Story::UntilAllEnded() {
  for (uint32_t i = 0; i < kQuietSteps && Fine(); ++i) {
    if (i % 64 == 0) operator_.ResumeAll(*host_);
    if (i % 64 == 32) operator_.SignalAll(*host_);
    if (i % 64 == 0) remote_.Finish(*host_);
    PollOnce(absl::Milliseconds(100));
    if (!Check()) return;
    const int64_t now = storage_->MonotonicNanos();
    if (workers_.RunDue(now)) continue;
    if (i > 2 && oracle_.state().live_executions() == 0 && oracle_.state().lost_cursor().done)
      return;
    if (i % 16 == 15 && workers_.RunLost()) continue;
    // Straight to the next thing that happens.
    const auto idle = host_->NextDeadline();
    if (!idle.ok()) continue;
    const int64_t wait = std::min(absl::ToInt64Nanoseconds(*idle), workers_.next() - now);
    if (wait > 0 && i % 16 > 8) storage_->Advance(wait);
  }
  if (Fine()) TellStuck();
}

void Story::TellStuck() {
  std::string text = "stuck:";
  for (const auto& execution : oracle_.state().executions()) {
    if (IsTerminal(execution->state)) continue;
    text += fmt::format(" {} is {}", execution->key, ToString(execution->state));
    const WhyReport why = host_->machine()->loop().Explain(*execution, 5);
    for (const TaskWait& wait : why.tasks) {
      text += fmt::format(", {} {} ({}; ends: {})", wait.task, ToString(wait.state), wait.reason,
                          wait.ends);
    }
  }
  oracle_.Broken(text);
}

// What was closed in order is whole.
void Story::ReopenOnce() {
  const LifePlan life = {.ending = Ending::kClose};
  const uint64_t before = oracle_.seq();
  if (Open(life)) {
    if (!host_->recovery().log.clean) oracle_.Broken("closed, and not clean");
    if (oracle_.seq() != before + 1) oracle_.Broken("closed, and something was left to resolve");
  }
  End(life);
}

}  // namespace

StoryResult RunStory(uint64_t seed, uint32_t steps_max, bool tell, bool calls) {
  return Story(seed, steps_max, tell, calls).Run();
}

}  // namespace stet::sim
