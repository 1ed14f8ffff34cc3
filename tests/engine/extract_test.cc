// Parts of a log as logs of their own.
#include "stet/extract.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "stet/timeline.h"
#include "tests/engine/snapshot_fixture.h"

namespace stet::extract_test {
namespace {

namespace fs = std::filesystem;
using testing::Files;
using testing::MustOpen;
using testing::MustSnapshot;
using testing::MustStart;
using testing::MustWait;
using testing::SnapshotOptions;
using testing::TempDirectory;
using testing::Work;

constexpr char kSecret[] = "top-secret";

// A parent with a child, a task that fails with a secret, and others around them; opened twice.
void Fill(const TempDirectory& directory) {
  const RetryPolicy twice = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
  const Workflow child = {.name = "child",
                          .tasks = {{.name = "t", .activity = "work", .retry = twice}}};
  const Workflow parent = {
      .name = "parent",
      .tasks = {
          {.name = "first", .activity = "secret"},
          {.name = "call", .after = {"first"}, .kind = SubWorkflowTask{.workflow = "child"}}}};
  EngineOptions options = SnapshotOptions(directory);
  options.history = History::kKeep;
  options.workflows.push_back(child);
  options.workflows.push_back(parent);
  options.activities["secret"] = [](ActivityContext&) { return Payload("\"top-secret out\""); };
  options.activities["work"] = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    const bool tired = context.task() == "t" && context.attempt() == 1;
    if (tired) return absl::UnavailableError("top-secret error");
    return Payload("\"done\"");
  };
  for (const char* key : {"one", "two"}) {
    const auto engine = MustOpen(options);
    Work(*engine, 5);
    REQUIRE(engine->Start({.workflow = "parent", .key = key, .input = Payload("[\"top-secret\"]")})
                .ok());
    CHECK(MustWait(*engine, key).success());
    Work(*engine, 5);
  }
}

std::string Content(const fs::path& folder) {
  std::stringstream text;
  for (const fs::path& file : Files(folder)) text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

ExtractReport MustExtract(const ExtractOptions& options) {
  const auto made = Extract(options);
  REQUIRE_MESSAGE(made.ok(), made.status().ToString());
  return *made;
}

Replayed MustReplay(const std::string& directory) {
  auto state = Replay({.directory = directory});
  REQUIRE_MESSAGE(state.ok(), state.status().ToString());
  return *std::move(state);
}

// The key of whom `key` started.
std::string ChildOf(const Replayed& state, const std::string& key) {
  const uint64_t parent = state.Report(key)->id;
  for (const ExecutionSummary& execution : state.List()) {
    if (execution.parent == parent) return execution.key;
  }
  return "";
}

TEST_SUITE_BEGIN("Extract");

TEST_CASE("an execution is extracted with whom it started, and nothing else") {
  const TempDirectory directory;
  Fill(directory);
  const std::string part = directory.file("part");
  const ExtractReport made = MustExtract(
      {.source = {.directory = directory.engine()}, .executions = {"two"}, .directory = part});
  CHECK_EQ(made.executions, 2);
  CHECK_LT(made.events, made.events_read);
  const Replayed state = MustReplay(part);
  CHECK_EQ(state.digest(), made.digest);
  CHECK_EQ(state.seq(), made.events);
  const auto executions = state.List();
  REQUIRE_EQ(executions.size(), 2);
  CHECK_EQ(executions[0].key, "two");
  CHECK_EQ(executions[1].parent, executions[0].id);
  const Replayed source = MustReplay(directory.engine());
  const std::string child = ChildOf(source, "two");
  for (const auto& names :
       {std::pair(executions[0].key, std::string("two")), std::pair(executions[1].key, child)}) {
    CAPTURE(names.first);
    const auto there = source.Report(names.second);
    const auto here = state.Report(names.first);
    REQUIRE(here.ok());
    CHECK_EQ(here->state, there->state);
    for (size_t i = 0; i < here->tasks.size(); ++i) {
      CHECK_EQ(here->tasks[i].state, there->tasks[i].state);
      CHECK_EQ(here->tasks[i].attempts, there->tasks[i].attempts);
      CHECK_EQ(here->tasks[i].started_at, there->tasks[i].started_at);
      CHECK_EQ(here->output(here->tasks[i].id), there->output(here->tasks[i].id));
    }
  }
  // By the child's name its parent comes along.
  const ExtractReport again = MustExtract({.source = {.directory = directory.engine()},
                                           .executions = {child},
                                           .directory = directory.file("again")});
  CHECK_EQ(again.digest, made.digest);
  CHECK_EQ(ReadTimeline({.directory = part}, "two")->attempts.size(), 2);
}

TEST_CASE("what is redacted is in no file, and the story is the same") {
  const TempDirectory directory;
  Fill(directory);
  const std::string part = directory.file("part");
  const ExtractReport made =
      MustExtract({.source = {.directory = directory.engine()}, .directory = part, .redact = true});
  CHECK_EQ(made.events, made.events_read);
  CHECK_GT(made.bytes_redacted, 0);
  CHECK_NE(Content(directory.engine() + "/wal").find(kSecret), std::string::npos);
  CHECK_EQ(Content(part + "/wal").find(kSecret), std::string::npos);
  const Replayed source = MustReplay(directory.engine());
  const Replayed state = MustReplay(part);
  CHECK_EQ(state.seq(), source.seq());
  CHECK_EQ(state.epoch(), source.epoch());
  for (const StateChange& change : DiffStates(source, state)) {
    CAPTURE(change.field);
    const std::set<std::string> blotted = {"input", "output", "error", "history", "digest"};
    CHECK(blotted.contains(change.field));
  }
  CHECK_EQ(state.Report("one")->output("first"), "\"" + std::string(14, 'x') + "\"");
}

TEST_CASE("all of a log, or its beginning, is the log that it was") {
  const TempDirectory directory;
  Fill(directory);
  const ExtractReport all = MustExtract(
      {.source = {.directory = directory.engine()}, .directory = directory.file("all")});
  CHECK_EQ(all.digest, MustReplay(directory.engine()).digest());
  const ExtractReport early =
      MustExtract({.source = {.directory = directory.engine(), .at_seq = 40},
                   .directory = directory.file("early")});
  CHECK_EQ(early.events, 40);
  CHECK_EQ(early.digest, Replay({.directory = directory.engine(), .at_seq = 40})->digest());
}

TEST_CASE("no engine opens what was extracted, and what is refused leaves nothing") {
  const TempDirectory directory;
  Fill(directory);
  const std::string part = directory.file("part");
  const ReplayOptions source = {.directory = directory.engine()};
  CHECK(absl::IsNotFound(
      Extract({.source = source, .executions = {"three"}, .directory = part}).status()));
  CHECK_FALSE(fs::exists(part));
  MustExtract({.source = source, .executions = {"one"}, .directory = part});
  CHECK(absl::IsFailedPrecondition(Engine::Open({.directory = part}).status()));
  CHECK(absl::IsAlreadyExists(Extract({.source = source, .directory = part}).status()));
  CHECK_EQ(MustReplay(part).List().size(), 2);
}

TEST_CASE("a log whose beginning was given up cannot be extracted from") {
  const TempDirectory directory;
  {
    const auto engine = MustOpen(SnapshotOptions(directory));
    for (int i = 0; i < 3; ++i) {
      Work(*engine, 40, 20'000);
      MustSnapshot(*engine);
    }
  }
  CHECK(absl::IsOutOfRange(
      Extract({.source = {.directory = directory.engine()}, .directory = directory.file("part")})
          .status()));
  CHECK_FALSE(fs::exists(directory.file("part")));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::extract_test
