// Activities on the host's executor.
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "stet/engine.h"
#include "tests/engine/fixture.h"

namespace stet::executor_test {
namespace {

using testing::Chain;
using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::Single;

// A queue that the test runs.
class Queue {
 public:
  Executor executor() {
    return [this](std::function<void()> run) {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(run));
    };
  }
  size_t size() {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }
  std::function<void()> Take() {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) return nullptr;
    std::function<void()> run = std::move(queue_.front());
    queue_.pop_front();
    return run;
  }

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> queue_;
};

EngineOptions Executed(Workflow workflow, Executor executor) {
  return {.executor = std::move(executor),
          .workflows = {std::move(workflow)},
          .activities = {{"work", [](ActivityContext&) { return Payload("1"); }}}};
}

TEST_SUITE_BEGIN("engine::Executor");

TEST_CASE("activities run where the host's executor runs them, so many at once as was asked for") {
  Queue queue;
  std::atomic<bool> stop = false;
  std::atomic<size_t> most = 0;
  std::thread host([&] {
    while (!stop) {
      most = std::max(most.load(), queue.size());
      if (const auto run = queue.Take()) run();
    }
  });
  const std::thread::id id = host.get_id();
  std::atomic<bool> elsewhere = false;
  EngineOptions options = Executed(Chain(4, "where"), queue.executor());
  options.concurrency = 2;
  options.activities["where"] = [&](ActivityContext&) {
    elsewhere = elsewhere || std::this_thread::get_id() != id;
    return Payload();
  };
  {
    const auto engine = MustOpen(std::move(options));
    for (const char* key : {"a", "b", "c", "d"}) MustStart(*engine, key);
    for (const char* key : {"a", "b", "c", "d"}) CHECK(MustWait(*engine, key).success());
  }
  stop = true;
  host.join();
  CHECK_FALSE(elsewhere);
  CHECK_LE(most.load(), 2);
}

TEST_CASE("an attempt that the executor lets go of has failed, and is retried") {
  Queue queue;
  std::atomic<int> offers = 0;
  const Executor take_third = [&](std::function<void()> run) {
    if (++offers == 1) return;                                // Let go of.
    if (offers == 2) throw std::runtime_error("queue full");  // Likewise.
    queue.executor()(std::move(run));
  };
  const auto engine = MustOpen(Executed(
      Single({.name = "t",
              .activity = "work",
              .retry = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Milliseconds(1))}}),
      take_third));
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return queue.size() == 1; }));
  queue.Take()();
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_EQ(report.task("t")->attempts, 3);
}

TEST_CASE("closures outlive the engine, and do nothing then") {
  Queue queue;
  std::atomic<int> calls = 0;
  EngineOptions options = Executed(Single({.name = "t", .activity = "count"}), queue.executor());
  options.close_grace = absl::ZeroDuration();
  options.activities["count"] = [&](ActivityContext&) {
    ++calls;
    return Payload();
  };
  {
    const auto engine = MustOpen(std::move(options));
    MustStart(*engine, "k");
    REQUIRE(Eventually([&] { return queue.size() == 1; }));
  }
  queue.Take()();
  CHECK_EQ(calls.load(), 0);
}

TEST_CASE("without threads, an executor of the polling thread's own works too") {
  Queue queue;
  EngineOptions options = Executed(Chain(3, "work"), queue.executor());
  options.threads = Threads::kNone;
  options.close_grace = absl::ZeroDuration();
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  int runs = 0;
  for (int i = 0; i < 100 && !engine->Report("k")->success(); ++i) {
    REQUIRE(engine->Poll(absl::Milliseconds(1)).ok());
    while (const auto run = queue.Take()) {
      run();
      ++runs;
    }
  }
  CHECK_EQ(runs, 3);
  CHECK(MustWait(*engine, "k").success());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::executor_test
