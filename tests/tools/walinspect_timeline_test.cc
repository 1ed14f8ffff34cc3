// walinspect graph and timeline over the directory of a real engine.
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "stet/engine.h"
#include "stet/timeline.h"
#include "tests/tools/walinspect_run.h"
#include "tests/wal/temp_directory.h"

namespace stet::walinspect_timeline_test {
namespace {

using wal::Json;
using wal::Outcome;
using wal::Run;

// Tasks "a<b" (twice tried) and "end" behind it, with a name that no page may take for its own.
void RunFlow(const std::string& directory) {
  const RetryPolicy twice = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
  const auto flaky = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    if (context.task() == "a<b" && context.attempt() < 2) return absl::UnavailableError("<tired>");
    return Payload(R"("done")");
  };
  auto engine = Engine::Open(
      {.directory = directory,
       .workflows = {{.name = "flow",
                      .tasks = {{.name = "a<b", .activity = "flaky", .retry = twice},
                                {.name = "end", .activity = "flaky", .after = {"a<b"}}}}},
       .activities = {{"flaky", flaky}}});
  REQUIRE_MESSAGE(engine.ok(), engine.status().ToString());
  for (const char* key : {"one", "two"}) {
    REQUIRE((*engine)->Start({.workflow = "flow", .key = key}).ok());
    REQUIRE((*engine)->Wait(key).ok());
  }
}

std::string Content(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_SUITE_BEGIN("walinspect");

TEST_CASE("the timeline of an execution: every attempt, with when it was ready, began and ended") {
  const wal::TempDirectory directory;
  const std::string path = directory.path() + "/d";
  RunFlow(path);
  const auto one = ReadTimeline({.directory = path}, "one");
  REQUIRE_MESSAGE(one.ok(), one.status().ToString());
  REQUIRE_EQ(one->attempts.size(), 3);
  const AttemptSpan& first = one->attempts[0];
  CHECK_EQ(first.outcome, AttemptOutcome::kFailure);
  CHECK_EQ(first.error, "UNAVAILABLE: <tired>");
  CHECK_EQ(one->attempts[1].attempt, 2);
  CHECK_EQ(one->attempts[1].outcome, AttemptOutcome::kSuccess);
  CHECK_EQ(one->attempts[2].task, 1);
  for (const AttemptSpan& span : one->attempts) {
    CHECK_LE(span.ready_at, span.started_at);
    CHECK_GT(span.ready_at, absl::InfinitePast());
    CHECK_LE(span.started_at, span.finished_at);
    CHECK_LT(span.finished_at, absl::InfiniteFuture());
  }
  CHECK_EQ(ReadTimeline({.directory = path})->attempts.size(), 6);
  // Behind the first start it is in flight.
  const auto early = ReadTimeline({.directory = path, .at_seq = first.seq}, "one");
  REQUIRE(early.ok());
  REQUIRE_EQ(early->attempts.size(), 1);
  CHECK_EQ(early->attempts[0].finished_at, absl::InfiniteFuture());
  CHECK(absl::IsNotFound(ReadTimeline({.directory = path}, "three").status()));
}

TEST_CASE("a page holds graph and bars and nothing from elsewhere; a trace loads as JSON") {
  const wal::TempDirectory directory;
  const std::string path = directory.path() + "/d";
  RunFlow(path);
  const std::string page = directory.path() + "/page.html";
  CHECK_EQ(Run("timeline " + path + " one -o " + page).exit, 0);
  const std::string html = Content(page);
  CHECK(Holds(html, "<!DOCTYPE html>"));
  CHECK(Holds(html, "a&lt;b, attempt 1: failure"));
  CHECK(Holds(html, "class=\"edge\""));
  CHECK_FALSE(Holds(html, "a<b"));
  CHECK_FALSE(Holds(html, "http"));
  CHECK_FALSE(Holds(html, "<script"));
  CHECK_EQ(Run("timeline " + path + " -o " + page).exit, 0);
  CHECK(Holds(Content(page), "two: completed"));
  const Outcome trace = Run("timeline " + path + " --perfetto -o -");
  CHECK_EQ(trace.exit, 0);
  const Json json = Json::parse(trace.out, nullptr, false);
  REQUIRE(json.is_object());
  size_t slices = 0;
  for (const Json& event : json["traceEvents"]) {
    if (event["ph"] != "X") continue;
    ++slices;
    CHECK_GE(event["dur"].get<double>(), 0);
    CHECK_GE(event["ts"].get<double>(), 0);
  }
  CHECK_EQ(slices, 6);
  CHECK_EQ(Run("timeline " + path + " three -o -").exit, 3);
  CHECK_EQ(Run("timeline " + path + " one -o " + directory.path() + "/no/where").exit, 4);
  CHECK_EQ(Run("timeline " + path + " one --at never -o -").exit, 3);
  CHECK_EQ(Run("timeline " + directory.path() + "/absent -o -").exit, 4);
}

TEST_CASE("a graph shows the states of its tasks, at any event") {
  const wal::TempDirectory directory;
  const std::string path = directory.path() + "/d";
  RunFlow(path);
  const Outcome dot = Run("graph " + path + " one");
  CHECK_EQ(dot.exit, 0);
  CHECK(Holds(dot.out, "\"a<b\" -> \"end\""));
  CHECK(Holds(dot.out, "label=\"a<b\\ncompleted, 2 attempts"));
  const Outcome mermaid = Run("graph " + path + " one --mermaid");
  CHECK(Holds(mermaid.out, "style t1 fill:#"));
  const auto spans = ReadTimeline({.directory = path}, "one");
  REQUIRE(spans.ok());
  const Json json = Json::parse(
      Run("graph " + path + " one --json --at " + std::to_string(spans->attempts[0].seq)).out,
      nullptr, false);
  REQUIRE(json.is_object());
  CHECK_EQ(json["tasks"][0]["state"], "running");
  CHECK_EQ(json["tasks"][1]["state"], "pending");
  CHECK_EQ(Run("graph " + path + " three").exit, 3);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::walinspect_timeline_test
