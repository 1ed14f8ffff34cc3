// One thread starts executions as others end.
#include "bench/chains.h"

#include <utility>

#include <fmt/format.h>

namespace stet::bench {
namespace {

// Keys of ended executions, from the engine's thread to ours.
class Ended {
 public:
  void Push(std::string key, bool success) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_.emplace_back(std::move(key), NowNanos());
    all_succeeded_ = all_succeeded_ && success;
    some_.notify_one();
  }

  std::vector<std::pair<std::string, int64_t>> TakeSome() {
    std::unique_lock<std::mutex> lock(mutex_);
    some_.wait(lock, [this] { return !ended_.empty(); });
    return std::exchange(ended_, {});
  }

  bool all_succeeded() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return all_succeeded_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable some_;
  std::vector<std::pair<std::string, int64_t>> ended_;
  bool all_succeeded_ = true;
};

EngineOptions OptionsFor(const ChainLoad& load, Ended& ended) {
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

class Driver {
 public:
  Driver(const ChainLoad& load, Engine& engine, Ended& ended)
      : load_(load), engine_(engine), ended_(ended) {}

  absl::StatusOr<ChainResult> Run() {
    ChainResult result;
    const int64_t begin = NowNanos();
    const int64_t end = begin + static_cast<int64_t>(load_.seconds * 1e9);
    uint64_t free = load_.at_once;
    while (true) {
      if (NowNanos() < end) {
        if (absl::Status started = Start(free); !started.ok()) return started;
      }
      if (since_.empty()) break;
      free = 0;
      for (const auto& [key, at] : ended_.TakeSome()) {
        result.latencies.Add(at - since_.extract(key).mapped());
        ++free;
      }
    }
    result.elapsed_ns = NowNanos() - begin;
    result.executions = started_;
    if (!ended_.all_succeeded()) return absl::InternalError("an execution did not complete");
    return result;
  }

 private:
  uint64_t Left() const {
    return load_.executions_max == 0 ? UINT64_MAX : load_.executions_max - started_;
  }

  absl::Status Start(uint64_t count) {
    std::vector<StartRequest> requests;
    for (; count != 0 && Left() != 0; --count) {
      std::string key = fmt::format("chain-{}", started_++);
      since_[key] = NowNanos();
      requests.push_back({.workflow = "chain", .key = std::move(key)});
    }
    for (const absl::StatusOr<Started>& started : engine_.StartAll(std::move(requests))) {
      if (!started.ok()) return started.status();
    }
    return absl::OkStatus();
  }

  const ChainLoad& load_;
  Engine& engine_;
  Ended& ended_;
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

absl::StatusOr<ChainResult> RunChains(const ChainLoad& load) {
  Ended ended;
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(OptionsFor(load, ended));
  if (!engine.ok()) return engine.status();
  absl::StatusOr<ChainResult> result = Driver(load, **engine, ended).Run();
  if (absl::Status closed = (*engine)->Close(); !closed.ok()) return closed;
  return result;
}

}  // namespace stet::bench
