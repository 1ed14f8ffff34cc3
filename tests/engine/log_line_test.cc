// Lines for the host's log.
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "tests/engine/fixture.h"
#include "tests/sim/sim_storage.h"

namespace stet::log_line_test {
namespace {

// All that was logged, as "level message name=value ...", without what differs from run to run.
class Lines {
 public:
  std::function<void(const LogLine&)> hook() {
    return [this](const LogLine& line) {
      std::string text = fmt::format("{} {}", ToString(line.level), line.message);
      for (const LogField& field : line.fields) {
        const bool differs = field.name == "seconds" || field.name == "execution";
        if (!differs) text += fmt::format(" {}={}", field.name, field.value);
      }
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::move(text));
    };
  }
  std::vector<std::string> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

EngineOptions Logged(Lines& lines) {
  return {.workflows = {testing::Single({.name = "t", .activity = "fail"})},
          .activities = {{"fail",
                          [](ActivityContext&) -> absl::StatusOr<Payload> {
                            return absl::UnavailableError("down");
                          }}},
          .on_log = lines.hook()};
}

TEST_SUITE_BEGIN("engine::LogLine");

TEST_CASE("the host's log hears of openings, dead letters, ends and closings, with their fields") {
  Lines lines;
  const auto engine = testing::MustOpen(Logged(lines));
  testing::MustStart(*engine, "k");
  testing::MustWait(*engine, "k");
  CHECK(engine->Close().ok());
  CHECK_EQ(lines.Take(),
           std::vector<std::string>{
               "info opened directory= epoch=1 events_replayed=0 attempts_lost=0",
               "warning task dead-lettered key=k task=t attempts=1",
               "info execution ended key=k state=failed", "info closed directory= status=OK"});
}

TEST_CASE("the host's log hears of a disk that is full, of room again, and of a log that fails") {
  Lines lines;
  wal::SimStorage storage;
  EngineOptions options = Logged(lines);
  options.threads = Threads::kNone;
  options.directory = "/d";
  options.limits.payload_bytes = 4 << 10;
  options.log.segment_bytes = 576 << 10;
  options.log.first_segment_bytes = 64 << 10;
  options.log.inflight_bytes_max = 576 << 10;
  options.log.operation = wal::Operation::kDurableWrite;
  options.log.storage = &storage;
  options.close_grace = absl::ZeroDuration();
  const auto engine = testing::MustOpen(options);
  storage.faults.capacity = storage.disk().UsedBytes();
  const auto start = [&](int i) {
    return engine
        ->Start({.workflow = "main", .key = fmt::format("k{}", i), .input = std::string(4000, 'x')})
        .status();
  };
  lines.Take();
  int i = 0;
  while (start(i).ok()) REQUIRE_LT(++i, 200);
  const auto heard = [&](std::string_view wanted) {
    for (const std::string& line : lines.Take()) {
      if (line.starts_with(wanted)) return true;
    }
    return false;
  };
  CHECK(heard("warning the log has no room status=RESOURCE_EXHAUSTED"));
  storage.faults.capacity = UINT64_MAX;
  REQUIRE(testing::Eventually([&] { return start(i).ok(); }));
  REQUIRE(engine->Poll(absl::ZeroDuration()).ok());
  CHECK(heard("info the log has room again"));
  storage.faults.die_at_call = storage.calls() + 1;
  CHECK_FALSE(start(i + 1).ok());
  CHECK_FALSE(engine->Close().ok());
  const std::vector<std::string> last = lines.Take();
  REQUIRE_GE(last.size(), 2);
  CHECK(last.back().starts_with("error closed directory=/d status=INTERNAL"));
  CHECK(last[last.size() - 2].starts_with("error the log has failed status=INTERNAL"));
}

TEST_CASE("notes are lines, too") {
  Lines lines;
  std::vector<std::string> notes;
  const testing::TempDirectory directory;
  EngineOptions options = Logged(lines);
  options.concurrency = 1;
  options.close_grace = absl::ZeroDuration();
  options.executor = [](std::function<void()> run) { static auto kept = std::move(run); };
  options.on_note = [&](std::string_view note) { notes.emplace_back(note); };
  {
    const auto engine = testing::MustOpen(std::move(options));
    testing::MustStart(*engine, "k");
    REQUIRE(testing::Eventually([&] { return engine->Stats()->running == 1; }));
  }
  REQUIRE_EQ(notes.size(), 1);
  const std::vector<std::string> told = lines.Take();
  CHECK_EQ(std::count(told.begin(), told.end(), "warning " + notes[0]), 1);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::log_line_test
