// Starting, naming and waiting.
#include <filesystem>
#include <string>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::start_test {
namespace {

using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

absl::StatusOr<Payload> Echo(ActivityContext& context) { return context.input(); }

absl::StatusOr<Payload> UntilStopped(ActivityContext& context) {
  while (context.SleepFor(absl::Hours(1))) {
  }
  return absl::CancelledError("told to stop");
}

EngineOptions Options(std::string activity, const std::string& directory = {}) {
  return {.directory = directory,
          .workflows = {testing::Single({.name = "t", .activity = std::move(activity)})},
          .activities = {{"echo", Echo}, {"sleep", UntilStopped}}};
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("the same start twice is one execution") {
  const auto engine = MustOpen(Options("echo"));
  const Started first = MustStart(*engine, "k", "1");
  const Started again = MustStart(*engine, "k", "1");
  CHECK_FALSE(first.existed);
  CHECK(again.existed);
  CHECK_EQ(first.id, again.id);
  MustWait(*engine, "k");
  CHECK(MustStart(*engine, "k", "1").existed);
  CHECK_EQ(engine->List()->size(), 1);
}

TEST_CASE("a limit on payloads that the log's batches cannot hold is refused") {
  const TempDirectory directory;
  EngineOptions options = Options("echo", directory.engine());
  options.log.segment_bytes = 1 << 20;
  options.log.first_segment_bytes = 1 << 20;
  const absl::Status refused = Engine::Open(options).status();
  CHECK(absl::IsInvalidArgument(refused));
  CHECK_NE(refused.message().find("limits.payload_bytes"), std::string::npos);

  // What the limit allows goes through, and a definition is cut to fit.
  options.limits.payload_bytes = 128 << 10;
  for (int i = 0; i < 5000; ++i) {
    options.workflows[0].tasks.push_back(
        {.name = fmt::format("a task with quite a long name, so that it fills parts {}", i),
         .activity = "sleep",
         .after = {"t"},
         .config = std::string(100, 'x')});
  }
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k", std::string(128 << 10, 'x'));
  CHECK(testing::Eventually(
      [&] { return engine->Report("k")->count_in(TaskState::kCompleted) == 1; }));
}

TEST_CASE("another input or definition under the same key is refused") {
  const TempDirectory directory;
  {
    const auto engine = MustOpen(Options("echo", directory.engine()));
    MustStart(*engine, "k", "1");
    const auto other = engine->Start({.workflow = "main", .key = "k", .input = "2"});
    CHECK(absl::IsAlreadyExists(other.status()));
    CHECK_EQ(ReasonOf(other.status()), Reason::kInputDiffers);
  }
  EngineOptions changed = Options("echo", directory.engine());
  changed.workflows[0].tasks.push_back({.name = "more", .activity = "echo"});
  const auto engine = MustOpen(std::move(changed));
  const auto other = engine->Start({.workflow = "main", .key = "k", .input = "1"});
  CHECK(absl::IsAlreadyExists(other.status()));
  CHECK_EQ(ReasonOf(other.status()), Reason::kDefinitionDiffers);
  CHECK(MustWait(*engine, "k").success());
}

TEST_CASE("bad starts are refused by name") {
  EngineOptions options = Options("sleep");
  options.limits.payload_bytes = 10;
  options.limits.key_bytes = 20;
  options.limits.live_executions = 2;
  const auto engine = MustOpen(std::move(options));
  const auto reason = [&](StartRequest request) {
    return ReasonOf(engine->Start(std::move(request)).status());
  };
  CHECK_EQ(reason({.workflow = "other", .key = "k"}), Reason::kUnknownWorkflow);
  CHECK_EQ(reason({.workflow = "main", .key = ""}), Reason::kInvalidKey);
  CHECK_EQ(reason({.workflow = "main", .key = std::string(21, 'k')}), Reason::kInvalidKey);
  CHECK_EQ(reason({.workflow = "main", .key = "k", .input = "12345678901"}), Reason::kTooLarge);
  MustStart(*engine, "1");
  MustStart(*engine, "2");
  CHECK_EQ(reason({.workflow = "main", .key = "3"}), Reason::kTooManyExecutions);
  CHECK(MustStart(*engine, "2").existed);
}

TEST_CASE("options that cannot be are refused before the directory is touched") {
  const TempDirectory directory;
  EngineOptions cycle = Options("echo", directory.engine());
  cycle.workflows[0].tasks = {{.name = "a", .activity = "echo", .after = {"b"}},
                              {.name = "b", .activity = "echo", .after = {"a"}}};
  CHECK_EQ(ReasonOf(Engine::Open(cycle).status()), Reason::kCycle);
  EngineOptions twice = Options("echo", directory.engine());
  twice.workflows.push_back(twice.workflows[0]);
  CHECK(absl::IsInvalidArgument(Engine::Open(twice).status()));
  EngineOptions empty = Options("echo", directory.engine());
  empty.activities["none"] = nullptr;
  CHECK(absl::IsInvalidArgument(Engine::Open(empty).status()));
  EngineOptions small = Options("echo", directory.engine());
  small.log.inflight_bytes_max = 1;
  CHECK(absl::IsInvalidArgument(Engine::Open(small).status()));
  EngineOptions ring = Options("echo", directory.engine());
  ring.log.backend = wal::Backend::kUring;
  ring.log.segment_bytes = 1;
  CHECK(absl::IsInvalidArgument(Engine::Open(ring).status()));
  EngineOptions absent = Options("echo", directory.engine());
  absent.create = false;
  CHECK(absl::IsNotFound(Engine::Open(absent).status()));
  CHECK_FALSE(std::filesystem::exists(directory.engine()));
}

TEST_CASE("an execution is named by key, id or unique prefix") {
  const auto engine = MustOpen(Options("echo"));
  const Started a = MustStart(*engine, "order-1");
  MustStart(*engine, "order-12");
  MustStart(*engine, "invoice-1");
  const auto key = [&](std::string_view name) { return engine->Report(name)->key; };
  CHECK_EQ(key("order-1"), "order-1");  // Exact wins over prefix.
  CHECK_EQ(key("order-12"), "order-12");
  CHECK_EQ(key("inv"), "invoice-1");
  CHECK_EQ(key(fmt::format("{:016x}", a.id)), "order-1");
  const auto ambiguous = engine->Report("order");
  CHECK(absl::IsInvalidArgument(ambiguous.status()));
  CHECK_NE(ambiguous.status().ToString().find("order-1, order-12"), std::string::npos);
  CHECK_EQ(ReasonOf(engine->Report("nothing").status()), Reason::kUnknownExecution);
  CHECK(absl::IsNotFound(engine->Wait("nothing").status()));
  CHECK(absl::IsNotFound(engine->Report("").status()));
}

TEST_CASE("waiting ends with the time given") {
  const auto engine = MustOpen(Options("sleep"));
  MustStart(*engine, "k");
  const absl::Time begin = absl::Now();
  CHECK(absl::IsDeadlineExceeded(engine->Wait("k", absl::Milliseconds(30)).status()));
  CHECK_GE(absl::Now() - begin, absl::Milliseconds(30));
  CHECK_EQ(engine->Report("k")->state, ExecutionState::kRunning);
}

TEST_CASE("a closed engine refuses") {
  const auto engine = MustOpen(Options("echo"));
  CHECK(engine->Close().ok());
  CHECK(engine->Close().ok());
  CHECK_EQ(ReasonOf(engine->Start({.workflow = "main", .key = "k"}).status()), Reason::kClosed);
  CHECK_EQ(ReasonOf(engine->Wait("k").status()), Reason::kClosed);
  CHECK_EQ(ReasonOf(engine->List().status()), Reason::kClosed);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::start_test
