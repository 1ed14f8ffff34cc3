// Nothing leaves before the disk has it, and nobody is left waiting when the disk fails.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "tests/engine/fixture.h"
#include "tests/engine/gated_storage.h"

namespace stet::release_test {
namespace {

using testing::Eventually;
using testing::Gate;
using testing::GatedStorage;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

// Long enough for a bug to show.
constexpr absl::Duration kPause = absl::Milliseconds(50);

TEST_SUITE_BEGIN("engine");

TEST_CASE("no reply, no attempt and no notice before its events are released") {
  const TempDirectory directory;
  Gate gate;
  GatedStorage storage(&gate);
  std::atomic<int> calls = 0;
  std::atomic<int> notices = 0;
  EngineOptions options{
      .directory = directory.engine(),
      .workflows = {testing::Chain(2, "count")},
      .activities = {{"count",
                      [&](ActivityContext&) {
                        ++calls;
                        return Payload();
                      }}},
      .on_task = [&](const ExecutionSummary&, std::string_view, TaskState) { ++notices; }};
  options.log.storage = &storage;
  const auto engine = MustOpen(std::move(options));

  gate.Shut();
  std::atomic<bool> started = false;
  std::thread starter([&] {
    MustStart(*engine, "k");
    started = true;
  });
  std::atomic<bool> listed = false;
  absl::SleepFor(kPause);
  // A read started behind the command must not show what may still be lost.
  std::thread reader([&] {
    CHECK_EQ(engine->List()->size(), 1);
    listed = true;
  });
  absl::SleepFor(kPause);
  CHECK_FALSE(started);
  CHECK_FALSE(listed);
  CHECK_EQ(calls.load(), 0);
  CHECK_EQ(notices.load(), 0);

  gate.Open();
  starter.join();
  reader.join();
  CHECK(MustWait(*engine, "k").success());
  CHECK_EQ(calls.load(), 2);
}

TEST_CASE("the next task does not start before the result of the last is released") {
  const TempDirectory directory;
  Gate gate;
  GatedStorage storage(&gate);
  std::atomic<int> calls = 0;
  EngineOptions options{.directory = directory.engine(),
                        .workflows = {testing::Chain(2, "count")},
                        .activities = {{"count", [&](ActivityContext&) {
                                          if (++calls == 1) gate.Shut();
                                          return Payload();
                                        }}}};
  options.log.storage = &storage;
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return calls == 1; }));
  absl::SleepFor(kPause);
  CHECK_EQ(calls.load(), 1);
  gate.Open();
  CHECK(MustWait(*engine, "k").success());
}

TEST_CASE("a step returns only when its record is released") {
  const TempDirectory directory;
  Gate gate;
  GatedStorage storage(&gate);
  std::atomic<bool> done = false;
  std::atomic<bool> returned = false;
  EngineOptions options{.directory = directory.engine(),
                        .workflows = {testing::Single({.name = "t", .activity = "work"})},
                        .activities = {{"work", [&](ActivityContext& context) {
                                          auto step = context.Step("s", [&](const std::string&) {
                                            gate.Shut();
                                            done = true;
                                            return Payload("1");
                                          });
                                          returned = true;
                                          return step;
                                        }}}};
  options.log.storage = &storage;
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return done.load(); }));
  absl::SleepFor(kPause);
  CHECK_FALSE(returned);
  gate.Open();
  CHECK_EQ(MustWait(*engine, "k").output("t"), "1");
}

TEST_CASE("a poisoned log answers everyone, and starts nothing more") {
  const TempDirectory directory;
  Gate gate;
  GatedStorage storage(&gate);
  std::atomic<int> calls = 0;
  std::atomic<bool> stopped = false;
  EngineOptions options{
      .directory = directory.engine(),
      .concurrency = 2,
      .workflows = {testing::Chain(2, "sleep")},
      .activities = {{"sleep", [&](ActivityContext& context) -> absl::StatusOr<Payload> {
                        ++calls;
                        while (context.SleepFor(absl::Hours(1))) {
                        }
                        stopped = true;
                        return absl::CancelledError("stopped");
                      }}}};
  options.log.storage = &storage;
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return calls == 1; }));

  gate.Shut();
  std::vector<absl::Status> answers(4);
  std::vector<std::thread> callers;
  callers.emplace_back([&] { answers[0] = engine->Wait("k").status(); });
  callers.emplace_back(
      [&] { answers[1] = engine->Start({.workflow = "main", .key = "other"}).status(); });
  callers.emplace_back([&] { answers[2] = engine->Cancel("k").status(); });
  // A list waits only for what was changed before it.
  absl::SleepFor(kPause);
  callers.emplace_back([&] { answers[3] = engine->List().status(); });
  absl::SleepFor(kPause);
  gate.Fail();
  for (std::thread& caller : callers) caller.join();
  for (const absl::Status& answer : answers) {
    CHECK_FALSE(answer.ok());
    CHECK_FALSE(absl::IsFailedPrecondition(answer));
  }
  CHECK(Eventually([&] { return stopped.load(); }));
  CHECK_EQ(engine->Start({.workflow = "main", .key = "late"}).status(), answers[1]);
  CHECK_EQ(engine->Wait("k").status(), answers[1]);
  CHECK_EQ(calls.load(), 1);
  CHECK_FALSE(engine->Close().ok());
}

TEST_CASE("a start that was never released does not hold up the closing of a failed engine") {
  const TempDirectory directory;
  Gate gate;
  GatedStorage storage(&gate);
  EngineOptions options{.directory = directory.engine(),
                        .workflows = {testing::Single({.name = "t", .activity = "none"})},
                        .activities = {{"none", [](ActivityContext&) { return Payload(); }}}};
  options.log.storage = &storage;
  const auto engine = MustOpen(std::move(options));
  gate.Shut();
  absl::Status started;
  std::thread starter([&] { started = engine->Start({.workflow = "main", .key = "k"}).status(); });
  absl::SleepFor(kPause);
  gate.Fail();
  starter.join();
  CHECK_FALSE(started.ok());
  const absl::Time begin = absl::Now();
  CHECK_FALSE(engine->Close().ok());
  CHECK_LT(absl::Now() - begin, absl::Seconds(5));
}

TEST_CASE("after a failure of the disk the directory holds what was acknowledged") {
  const TempDirectory directory;
  Gate gate;
  GatedStorage storage(&gate);
  std::atomic<bool> go = false;
  EngineOptions options{.directory = directory.engine(),
                        .workflows = {testing::Single({.name = "t", .activity = "work"})},
                        .activities = {{"work", [&](ActivityContext&) {
                                          while (!go) absl::SleepFor(absl::Milliseconds(1));
                                          return Payload();
                                        }}}};
  options.log.storage = &storage;
  {
    const auto engine = MustOpen(options);
    MustStart(*engine, "k");
    gate.Fail();
    go = true;
    CHECK_FALSE(engine->Wait("k").ok());
  }
  options.log.storage = nullptr;
  const auto engine = MustOpen(options);
  // The write that was reported as failed may have reached the disk: then nothing was lost.
  CHECK_LE(engine->recovery().attempts_lost, 1);
  CHECK(MustWait(*engine, "k").success());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::release_test
