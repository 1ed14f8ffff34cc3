// One thread starts executions as others end, or as time goes by.
#include "bench/chains.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace stet::bench {

void EndedChains::Push(std::string key, bool success) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_.emplace_back(std::move(key), NowNanos());
  all_succeeded_ = all_succeeded_ && success;
  some_.notify_one();
}

std::vector<std::pair<std::string, int64_t>> EndedChains::TakeSome(
    std::chrono::nanoseconds wait_max) {
  std::unique_lock<std::mutex> lock(mutex_);
  some_.wait_for(lock, wait_max, [this] { return !ended_.empty(); });
  return std::exchange(ended_, {});
}

bool EndedChains::all_succeeded() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return all_succeeded_;
}

EngineOptions ChainOptions(const ChainLoad& load, EndedChains& ended) {
  EngineOptions options;
  options.directory = load.directory;
  options.durability = load.durability;
  // A slot is held from the durable start of an attempt to its end: fewer would wait for the disk.
  options.concurrency = load.at_once;
  options.workflows = {Chain()};
  options.activities["nothing"] = [](ActivityContext&) -> absl::StatusOr<Payload> {
    return Payload();
  };
  options.on_ended = [&ended](const ExecutionSummary& summary) {
    ended.Push(summary.key, summary.state == ExecutionState::kCompleted);
  };
  return options;
}

namespace {

constexpr std::chrono::nanoseconds kLongWait = std::chrono::seconds(1);

class Driver {
 public:
  Driver(const ChainLoad& load, Engine& engine, EndedChains& ended, uint32_t round)
      : load_(load), engine_(engine), ended_(ended), round_(round) {}

  absl::StatusOr<ChainResult> Run() {
    ChainResult result;
    begin_ = NowNanos();
    const int64_t end = begin_ + static_cast<int64_t>(load_.seconds * 1e9);
    bool goes_on = true;
    while (true) {
      goes_on = goes_on && NowNanos() < end && Left() != 0 && !(load_.enough && load_.enough());
      if (goes_on) {
        if (absl::Status started = Start(StartableNow()); !started.ok()) return started;
      }
      if (since_.empty() && !goes_on) break;
      for (const auto& [key, at] : ended_.TakeSome(goes_on ? UntilNext() : kLongWait)) {
        result.latencies.Add(at - since_.extract(key).mapped());
      }
    }
    result.elapsed_ns = NowNanos() - begin_;
    result.executions = started_;
    if (!ended_.all_succeeded()) return absl::InternalError("an execution did not complete");
    return result;
  }

 private:
  uint64_t Left() const {
    return load_.executions_max == 0 ? UINT64_MAX : load_.executions_max - started_;
  }

  bool paced() const { return load_.executions_per_second > 0; }

  int64_t DueAt(uint64_t number) const {
    return begin_ +
           static_cast<int64_t>(static_cast<double>(number) * 1e9 / load_.executions_per_second);
  }

  uint64_t StartableNow() const {
    uint64_t count = std::min<uint64_t>(Left(), load_.at_once - since_.size());
    if (!paced()) return count;
    const double elapsed = static_cast<double>(NowNanos() - begin_) / 1e9;
    const uint64_t due = static_cast<uint64_t>(elapsed * load_.executions_per_second) + 1;
    return std::min(count, due > started_ ? due - started_ : 0);
  }

  std::chrono::nanoseconds UntilNext() const {
    if (!paced() || since_.size() >= load_.at_once) return kLongWait;
    return std::chrono::nanoseconds(std::max<int64_t>(DueAt(started_) - NowNanos(), 0));
  }

  absl::Status Start(uint64_t count) {
    if (count == 0) return absl::OkStatus();
    std::vector<StartRequest> requests;
    for (; count != 0; --count) {
      const int64_t since = paced() ? DueAt(started_) : NowNanos();
      std::string key = fmt::format("chain-{}-{}", round_, started_++);
      since_[key] = since;
      requests.push_back({.workflow = "chain", .key = std::move(key)});
    }
    for (const absl::StatusOr<Started>& started : engine_.StartAll(std::move(requests))) {
      if (!started.ok()) return started.status();
    }
    return absl::OkStatus();
  }

  const ChainLoad& load_;
  Engine& engine_;
  EndedChains& ended_;
  const uint32_t round_;
  int64_t begin_ = 0;
  std::map<std::string, int64_t> since_;
  uint64_t started_ = 0;
};

}  // namespace

Workflow Chain() {
  Workflow chain{.name = "chain"};
  for (uint32_t i = 0; i < kChainTasks; ++i) {
    Task task{.name = fmt::format("t{}", i), .activity = "nothing"};
    if (i > 0) task.after = {fmt::format("t{}", i - 1)};
    chain.tasks.push_back(std::move(task));
  }
  return chain;
}

absl::StatusOr<ChainResult> DriveChains(const ChainLoad& load, Engine& engine, EndedChains& ended,
                                        uint32_t round) {
  return Driver(load, engine, ended, round).Run();
}

absl::StatusOr<ChainResult> RunChains(const ChainLoad& load) {
  EndedChains ended;
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(ChainOptions(load, ended));
  if (!engine.ok()) return engine.status();
  absl::StatusOr<ChainResult> result = DriveChains(load, **engine, ended);
  if (absl::Status closed = (*engine)->Close(); !closed.ok()) return closed;
  return result;
}

}  // namespace stet::bench
