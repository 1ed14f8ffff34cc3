// An engine on a simulated disk, driven call by call: time, workers and power cuts are the test's.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "engine/calls.h"
#include "engine/host.h"
#include "engine/operations.h"
#include "engine/reports.h"
#include "tests/sim/sim_storage.h"

namespace stet::testing {

// Its steady time is the storage's, its wall the test's.
class StorageClock final : public Clock {
 public:
  explicit StorageClock(wal::SimStorage* storage) : storage_(*storage) {}
  absl::Time Wall() override { return absl::FromUnixNanos(storage_.WallNanos()) + stepped; }
  absl::Duration Monotonic() override { return absl::Nanoseconds(storage_.MonotonicNanos()); }

  absl::Duration stepped = absl::ZeroDuration();

 private:
  wal::SimStorage& storage_;
};

// One process.  Activities wait until RunOne.
class Life {
 public:
  explicit Life(wal::SimDisk disk = {}, uint64_t die_at_call = 0) : storage_(std::move(disk)) {
    storage_.faults.die_at_call = die_at_call;
    storage_.keep_history = false;
  }

  absl::Status Open(Workflow workflow, std::map<std::string, Activity> activities) {
    EngineOptions options{
        .directory = "/d",
        .threads = Threads::kNone,
        .executor = [this](std::function<void()> run) { waiting_.push_back(std::move(run)); },
        .concurrency = 4,
        .workflows = {std::move(workflow)},
        .activities = std::move(activities),
        .clock = &clock_,
        .close_grace = absl::ZeroDuration()};
    options.limits.payload_bytes = 4 << 10;
    options.log.segment_bytes = 576 << 10;
    options.log.first_segment_bytes = 64 << 10;
    options.log.inflight_bytes_max = 576 << 10;
    options.log.operation = wal::Operation::kDurableWrite;
    options.log.storage = &storage_;
    auto catalog = engine::MakeCatalog(options);
    REQUIRE_MESSAGE(catalog.ok(), catalog.status().ToString());
    host_ = std::make_unique<engine::Host>(std::move(options), *std::move(catalog));
    return host_->Open();
  }
  void MustOpen(Workflow workflow, std::map<std::string, Activity> activities) {
    const absl::Status opened = Open(std::move(workflow), std::move(activities));
    REQUIRE_MESSAGE(opened.ok(), opened.ToString());
  }

  // Turns until nothing is left to be done but to wait.  False when the disk has died.
  bool Settle() {
    for (int i = 0; i < 50; ++i) {
      if (!host_->Poll(absl::Milliseconds(1)).ok()) return false;
    }
    return true;
  }
  // Lets the activity that waits longest run; false if none waits.
  bool RunOne() {
    if (waiting_.empty()) return false;
    std::exchange(waiting_.front(), nullptr)();
    waiting_.pop_front();
    return true;
  }
  // Runs and turns until no activity is left, of at most `most`.
  bool RunAll(int most = 100) {
    bool alive = Settle();
    for (int i = 0; i < most && alive && RunOne(); ++i) alive = Settle();
    return alive;
  }
  void Pass(absl::Duration time) { storage_.Advance(absl::ToInt64Nanoseconds(time)); }

  // What a command says once its turn has come.
  absl::Status Do(std::function<absl::Status(engine::Ledger&)> command) {
    absl::Status result = absl::UnknownError("not run");
    host_->Post([&](engine::Sequencer& loop) { result = command(loop.ledger()); });
    Settle();
    return result;
  }
  absl::Status Start(std::string key) {
    return Do([this, key](engine::Ledger& ledger) {
      return engine::StartNow(ledger, host_->catalog(), host_->options().limits,
                              {.workflow = "main", .key = key})
          .status();
    });
  }
  absl::Status Execute(const core::Command& command) {
    return Do([&](engine::Ledger& ledger) { return ledger.Execute(command).status(); });
  }

  const core::State& state() { return host_->machine()->ledger().state(); }
  const core::Execution& execution(std::string_view key) {
    const core::Execution* found = state().FindExecutionByKey(key);
    REQUIRE(found != nullptr);
    return *found;
  }
  TaskState task(std::string_view key, std::string_view name) {
    const core::Execution& found = execution(key);
    return found.tasks[*found.definition->Find(name)].state;
  }
  engine::Host& host() { return *host_; }
  wal::SimStorage& storage() { return storage_; }
  StorageClock& clock() { return clock_; }
  size_t waiting() const { return waiting_.size(); }

  // The process is gone; what a power cut leaves of the disk.
  wal::SimDisk Cut(wal::CrashPolicy policy = wal::CrashPolicy::kLoseAll) {
    host_->Abandon();
    return storage_.Crash(policy);
  }

 private:
  wal::SimStorage storage_;
  StorageClock clock_{&storage_};
  std::deque<std::function<void()>> waiting_;
  std::unique_ptr<engine::Host> host_;
};

}  // namespace stet::testing
