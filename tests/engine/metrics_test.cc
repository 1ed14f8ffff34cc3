// Metrics: what is counted, and the text that tells it.
#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "engine/meter.h"
#include "stet/engine.h"
#include "tests/engine/snapshot_fixture.h"

namespace stet::metrics_test {
namespace {

using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;

// Samples by name and label; each line has to be one, or a comment.
std::map<std::string, double> Samples(const std::string& text) {
  std::map<std::string, double> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) continue;
    const size_t space = line.rfind(' ');
    REQUIRE_NE(space, std::string::npos);
    CHECK(samples.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second);
  }
  return samples;
}

Workflow Mixed() {
  return {
      .name = "main",
      .tasks = {{.name = "good", .activity = "good"},
                {.name = "flaky",
                 .activity = "flaky",
                 .retry = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Milliseconds(1))}},
                {.name = "bad", .activity = "bad"},
                {.name = "below", .activity = "good", .after = {"bad"}}}};
}

EngineOptions Options() {
  return {.workflows = {Mixed()},
          .activities = {{"good", [](ActivityContext&) { return Payload(); }},
                         {"flaky",
                          [](ActivityContext& context) -> absl::StatusOr<Payload> {
                            if (context.attempt() < 3) return absl::UnavailableError("not yet");
                            return Payload();
                          }},
                         {"bad", [](ActivityContext&) -> absl::StatusOr<Payload> {
                            return absl::InvalidArgumentError("never");
                          }}}};
}

TEST_SUITE_BEGIN("engine::Metrics");

TEST_CASE("metrics count what has happened, in text that Prometheus reads") {
  const testing::TempDirectory directory;
  EngineOptions options = Options();
  options.directory = directory.engine();
  const auto engine = MustOpen(std::move(options));
  for (const char* key : {"a", "b"}) MustStart(*engine, key);
  for (const char* key : {"a", "b"}) MustWait(*engine, key);
  const auto text = engine->Metrics();
  REQUIRE(text.ok());
  const std::map<std::string, double> samples = Samples(*text);
  const std::map<std::string, double> expected = {
      {"stet_executions_started_total", 2},
      {"stet_executions_ended_total{outcome=\"failed\"}", 2},
      {"stet_executions_ended_total{outcome=\"completed\"}", 0},
      {"stet_tasks_started_total", 10},
      {"stet_tasks_completed_total", 4},
      {"stet_tasks_failed_total", 2},
      {"stet_tasks_dead_lettered_total", 2},
      {"stet_tasks_skipped_total", 2},
      {"stet_tasks_cancelled_total", 0},
      {"stet_task_retries_total", 4},
      {"stet_attempts_total{outcome=\"success\"}", 4},
      {"stet_attempts_total{outcome=\"failure\"}", 6},
      {"stet_queue_delay_seconds_count", 10},
      {"stet_queue_delay_seconds_bucket{le=\"+Inf\"}", 10},
      {"stet_execution_time_seconds_count", 10},
      {"stet_tasks_ready{activity=\"good\"}", 0},
      {"stet_tasks_running", 0},
      {"stet_executions", 2},
      {"stet_executions_live", 0},
      {"stet_dead_letters", 2},
  };
  for (const auto& sample : expected) {
    CAPTURE(sample.first);
    REQUIRE(samples.contains(sample.first));
    CHECK_EQ(samples.at(sample.first), sample.second);
  }
  CHECK_GT(samples.at("stet_commit_latency_seconds_count"), 0);
  CHECK_GT(samples.at("stet_release_events_count"), 0);
  CHECK_GT(samples.at("stet_log_records_total"), 20);
  CHECK_FALSE(samples.contains("stet_snapshot_age_seconds"));
  REQUIRE(engine->Snapshot().ok());
  CHECK(Samples(*engine->Metrics()).contains("stet_snapshot_age_seconds"));
}

TEST_CASE("metrics tell what log, snapshots and archive take of the disk") {
  const testing::TempDirectory directory;
  const std::string archive = directory.engine() + ".archive";
  std::filesystem::create_directory(archive);
  constexpr char kLog[] = "stet_disk_bytes{part=\"log\"}";
  constexpr char kSnapshots[] = "stet_disk_bytes{part=\"snapshots\"}";
  constexpr char kArchive[] = "stet_disk_bytes{part=\"archive\"}";
  {
    EngineOptions options = testing::SnapshotOptions(directory);
    options.log.retired = wal::Retired::kArchive;
    options.log.archive_directory = archive;
    const auto engine = MustOpen(std::move(options));
    auto samples = Samples(*engine->Metrics());
    CHECK_GE(samples.at(kLog), 4096);
    CHECK_EQ(samples.at(kSnapshots), 0);
    CHECK_EQ(samples.at(kArchive), 0);
    testing::Work(*engine, 100);
    testing::MustSnapshot(*engine);
    samples = Samples(*engine->Metrics());
    const double one = samples.at(kSnapshots);
    CHECK_GT(one, 0);
    testing::Work(*engine, 100);
    testing::MustSnapshot(*engine);
    CHECK_GT(Samples(*engine->Metrics()).at(kSnapshots), one);
    // What lies before the older one is given up some time.
    CHECK(testing::Eventually([&] { return Samples(*engine->Metrics()).at(kArchive) >= 4096; }));
  }
  std::filesystem::remove_all(archive);
  const auto memory = MustOpen(Options());
  CHECK_FALSE(Samples(*memory->Metrics()).contains(kLog));
}

TEST_CASE("a report tells what the execution took") {
  const auto engine = MustOpen(Options());
  MustStart(*engine, "k");
  const ExecutionReport report = MustWait(*engine, "k");
  const ExecutionMetrics metrics = report.metrics();
  CHECK_EQ(metrics.tasks, 4);
  CHECK_EQ(metrics.completed, 2);
  CHECK_EQ(metrics.failed, 1);  // Dead-lettered: once.
  CHECK_EQ(metrics.skipped, 1);
  CHECK_EQ(metrics.attempts, 5);
  CHECK_EQ(metrics.retries, 2);
  CHECK_EQ(metrics.success_rate, doctest::Approx(2.0 / 3));
  CHECK_EQ(metrics.elapsed, report.finished_at - report.started_at);
  CHECK_GE(metrics.task_time, metrics.longest_task);
  CHECK_EQ(ExecutionReport().metrics().success_rate, 1);
}

TEST_CASE("a histogram counts each value at the smallest limit that holds it") {
  engine::Histogram histogram;
  for (const int64_t value : {-5, 0, 1, 2, 4, 5, 16, 17}) histogram.Add(value);
  histogram.Add(INT64_MAX / 2);
  CHECK_EQ(histogram.count(0), 3);  // at most 1
  CHECK_EQ(histogram.count(1), 2);  // at most 4
  CHECK_EQ(histogram.count(2), 2);  // at most 16
  CHECK_EQ(histogram.count(3), 1);
  CHECK_EQ(histogram.count(engine::Histogram::kBuckets), 1);
  CHECK_EQ(histogram.sum(), 45 + static_cast<uint64_t>(INT64_MAX / 2));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::metrics_test
