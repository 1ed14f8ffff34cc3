// walinspect over the directory of a real engine: names of events, state at any seq, digests.
#include <algorithm>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "stet/engine.h"
#include "tests/tools/walinspect_run.h"
#include "tests/wal/temp_directory.h"

namespace stet::walinspect_state_test {
namespace {

using wal::Json;
using wal::Outcome;
using wal::Run;

// An execution `calls`: one task succeeds at its second attempt, one never does, one is skipped.
void RunCalls(const std::string& directory) {
  const RetryPolicy twice = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
  const auto flaky = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    if (context.attempt() < 2) return absl::UnavailableError("tired");
    return Payload(R"("done")");
  };
  const auto hopeless = [](ActivityContext&) -> absl::StatusOr<Payload> {
    return absl::UnavailableError("nobody home");
  };
  auto engine = Engine::Open(
      {.directory = directory,
       .workflows = {{.name = "calls",
                      .tasks = {{.name = "flaky", .activity = "flaky", .retry = twice},
                                {.name = "hopeless", .activity = "hopeless", .retry = twice},
                                {.name = "after", .activity = "flaky", .after = {"hopeless"}}}}},
       .activities = {{"flaky", flaky}, {"hopeless", hopeless}}});
  REQUIRE_MESSAGE(engine.ok(), engine.status().ToString());
  REQUIRE((*engine)->Start({.workflow = "calls", .key = "calls"}).ok());
  REQUIRE((*engine)->Wait("calls").ok());
}

}  // namespace

TEST_SUITE("walinspect, engine") {
  TEST_CASE("state shows the executions at any event") {
    const wal::TempDirectory temp;
    const std::string directory = temp.path() + "/data";
    RunCalls(directory);
    const Outcome now = Run("state --json " + directory);
    INFO(now.out);
    REQUIRE_EQ(now.exit, 0);
    const Json state = now.Lines().at(0);
    REQUIRE_EQ(state["executions"].size(), 1);
    const Json execution = state["executions"][0];
    CHECK_EQ(execution["execution"], "calls");
    CHECK_EQ(execution["state"], "failed");
    CHECK_EQ(execution["tasks"]["flaky"]["state"], "completed");
    CHECK_EQ(execution["tasks"]["flaky"]["attempts"], 2);
    CHECK_EQ(execution["tasks"]["hopeless"]["state"], "dead_lettered");
    CHECK_EQ(execution["tasks"]["after"]["state"], "skipped");
    CHECK_EQ(execution["counts"]["completed"], 1);
    CHECK(state["breakers"].empty());
    REQUIRE_EQ(state["dead_letters"].size(), 1);
    CHECK_EQ(state["dead_letters"][0]["task"], "hopeless");

    const uint64_t start = std::stoul(execution["id"].get<std::string>(), nullptr, 16);
    const Json early =
        Run("state --json --at " + std::to_string(start) + " " + directory).Lines().at(0);
    CHECK_EQ(early["seq"], start);
    CHECK_EQ(early["executions"][0]["state"], "running");
    CHECK_EQ(early["executions"][0]["counts"]["pending"], 3);
    const Json before =
        Run("state --json --at " + std::to_string(start - 1) + " " + directory).Lines().at(0);
    CHECK(before["executions"].empty());
    const Outcome beyond = Run("state --at 99999 " + directory);
    CHECK_EQ(beyond.exit, 3);
    CHECK(beyond.Has("the log ends at event " + std::to_string(state["seq"].get<uint64_t>())));
    CHECK_EQ(Run("state --json --at 99999 " + directory).Lines().at(0)["error"]["code"], "usage");
  }

  TEST_CASE("show tells of one execution, task by task, at any event") {
    const wal::TempDirectory temp;
    const std::string directory = temp.path() + "/data";
    RunCalls(directory);
    const Outcome now = Run("show " + directory + " calls");
    INFO(now.out);
    CHECK_EQ(now.exit, 0);
    CHECK(now.Has("state     failed"));
    CHECK(now.Has("nobody home"));
    const Json shown = Run("show --json " + directory + " calls").Lines().at(0);
    CHECK_EQ(shown["tasks"]["flaky"]["attempts"], 2);
    CHECK_EQ(shown["tasks"]["hopeless"]["state"], "dead_lettered");
    CHECK_EQ(shown["paused"], false);

    const uint64_t start = std::stoul(shown["id"].get<std::string>(), nullptr, 16);
    const auto at = [&](uint64_t seq) {
      return Run("show --json --at " + std::to_string(seq) + " " + directory + " calls");
    };
    CHECK_EQ(at(start).Lines().at(0)["state"], "running");
    CHECK_EQ(at(start).Lines().at(0)["tasks"]["hopeless"]["attempts"], 0);
    CHECK_EQ(at(start - 1).exit, 3);
    CHECK(at(99999).Has("the log ends at event"));
    CHECK_EQ(at(99999).exit, 3);
    CHECK_EQ(Run("show " + directory + " nobody").exit, 3);
    CHECK_EQ(Run("show --at yesterday " + directory + " calls").exit, 3);
  }

  TEST_CASE("a log whose beginning was given up is repaired with its snapshots") {
    const wal::TempDirectory temp;
    const std::string directory = temp.path() + "/data";
    {
      const auto echo = [](ActivityContext&) -> absl::StatusOr<Payload> {
        return Payload("\"" + std::string(30'000, 'x') + "\"");
      };
      auto engine = Engine::Open(
          {.directory = directory,
           .workflows = {{.name = "one", .tasks = {{.name = "a", .activity = "echo"}}}},
           .activities = {{"echo", echo}},
           .limits = {.payload_bytes = 32 << 10},
           .log = {.segment_bytes = 1 << 20, .first_segment_bytes = 1 << 20}});
      REQUIRE_MESSAGE(engine.ok(), engine.status().ToString());
      for (int i = 0; i < 120; ++i) {
        const std::string key = "k" + std::to_string(i);
        REQUIRE((*engine)->Start({.workflow = "one", .key = key}).ok());
        REQUIRE((*engine)->Wait(key).ok());
        if (i % 30 == 29) REQUIRE((*engine)->Snapshot().ok());
      }
      REQUIRE((*engine)->Close().ok());
    }
    const Json state = Run("state --json " + directory).Lines().at(0);
    CHECK(Run("ls --json " + directory).Lines().at(0)["segno"].get<uint64_t>() > 1);
    std::filesystem::remove(directory + "/wal/LOG_ID");
    const Outcome refused = Run("verify " + directory);
    CHECK_EQ(refused.exit, 2);
    CHECK(refused.Has("--log-id"));
    CHECK(refused.Has("nothing is lost"));
    const std::string fresh = temp.path() + "/new";
    const Outcome done = Run("repair --log-id --out " + fresh + " --yes " + directory);
    INFO(done.out);
    REQUIRE_EQ(done.exit, 0);
    CHECK_EQ(Run("verify --deep " + fresh).exit, 0);
    Json repaired = Run("state --json " + fresh).Lines().at(0);
    CHECK_EQ(repaired["executions"], state["executions"]);
  }

  TEST_CASE("dump names events and shows them as JSON; an execution is found by its key") {
    const wal::TempDirectory temp;
    RunCalls(temp.path());
    const auto starts =
        Run("dump --json --type attempt_started --exec calls " + temp.path()).Lines();
    REQUIRE_EQ(starts.size(), 4);
    for (const Json& line : starts) {
      CHECK_EQ(line["type"], "attempt_started");
      CHECK(line["event"]["attempt"].is_number());
    }
    CHECK(Run("dump " + temp.path()).Has("execution_ended"));
    CHECK_EQ(Run("dump --exec nobody " + temp.path()).exit, 3);
  }

  TEST_CASE("state takes a time, and diff tells what changed between two moments") {
    const wal::TempDirectory temp;
    RunCalls(temp.path());
    const Json state = Run("state --json " + temp.path()).Lines().at(0);
    const std::string start =
        std::to_string(std::stoul(state["executions"][0]["id"].get<std::string>(), nullptr, 16));
    CHECK_EQ(Run("state --json --at 2001-01-01T00:00:00Z " + temp.path()).Lines().at(0)["seq"], 0);
    CHECK_EQ(Run("state --json --at 2199-01-01T00:00:00Z " + temp.path()).Lines().at(0), state);
    CHECK_EQ(Run("state --at yesterday " + temp.path()).exit, 3);

    const auto changes = Run("diff --json --from " + start + " " + temp.path()).Lines();
    const auto holds = [&](const std::string& task, const std::string& field,
                           const std::string& after) {
      return std::ranges::any_of(changes, [&](const Json& change) {
        return change["task"] == task && change["field"] == field && change["after"] == after;
      });
    };
    CHECK(holds("flaky", "state", "completed"));
    CHECK(holds("flaky", "attempts", "2"));
    CHECK(holds("after", "state", "skipped"));
    CHECK_FALSE(holds("flaky", "attempts", "1"));
    CHECK(Run("diff --from " + start + " --to " + start + " " + temp.path()).exit == 0);
    CHECK_EQ(Run("diff " + temp.path()).exit, 3);
  }

  TEST_CASE("digest compares with the log, event by event if asked; bisect names the first event") {
    const wal::TempDirectory temp;
    const std::string one = temp.path() + "/one";
    const std::string two = temp.path() + "/two";
    RunCalls(one);
    std::filesystem::copy(one, two, std::filesystem::copy_options::recursive);
    const Json state = Run("state --json " + one).Lines().at(0);
    const Json digest = Run("digest --json " + one).Lines().at(0);
    CHECK_EQ(digest["digest"], state["digest"]);
    CHECK_EQ(digest["seq"], state["seq"]);
    CHECK_GT(digest["batches"], 2);
    const auto each = Run("digest --each --json " + one).Lines();
    REQUIRE_EQ(each.size(), state["seq"]);
    CHECK_EQ(each.back()["digest"], state["digest"]);
    CHECK_EQ(each.back()["logged"], true);

    CHECK_EQ(Run("bisect " + one + " " + two).exit, 0);
    REQUIRE(Engine::Open({.directory = two}).ok());
    const Outcome longer = Run("bisect --json " + one + " " + two);
    CHECK_EQ(longer.exit, 1);
    CHECK_EQ(longer.Lines().at(0)["seq"], state["seq"].get<uint64_t>() + 1);
    REQUIRE(Engine::Open({.directory = one}).ok());  // The same event at another time.
    const Outcome forked = Run("bisect --json " + one + " " + two);
    CHECK_EQ(forked.exit, 2);
    CHECK_EQ(forked.Lines().at(0)["kind"], "event");
    CHECK_EQ(forked.Lines().at(0)["seq"], state["seq"].get<uint64_t>() + 1);
  }

  TEST_CASE("snapshots are listed with what is wrong with them, and which open begins with") {
    const wal::TempDirectory temp;
    const std::string directory = temp.path() + "/data";
    RunCalls(directory);
    CHECK(Run("snapshots " + directory).Has("no snapshot"));
    std::string newest;
    {
      const auto engine = Engine::Open({.directory = directory});
      REQUIRE(engine.ok());
      REQUIRE((*engine)->Snapshot().ok());
    }
    {
      const auto engine = Engine::Open({.directory = directory});
      REQUIRE(engine.ok());
      newest = (*engine)->Snapshot()->file;
    }
    const auto both = Run("snapshots --json " + directory).Lines();
    REQUIRE_EQ(both.size(), 2);
    CHECK_EQ(both[0]["file"], newest);
    CHECK_EQ(both[0]["taken"], true);
    CHECK_EQ(both[1]["taken"], false);
    std::filesystem::resize_file(newest, 200);
    const Outcome damaged = Run("snapshots --json " + directory);
    CHECK_EQ(damaged.exit, 0);
    CHECK_EQ(damaged.Lines().at(0)["ok"], false);
    CHECK_EQ(damaged.Lines().at(1)["taken"], true);
    CHECK(Run("snapshots " + directory).Has("unusable"));
    CHECK_EQ(Run("verify --deep " + directory).exit, 0);
  }

  TEST_CASE("verify --deep replays and compares digests") {
    const wal::TempDirectory temp;
    RunCalls(temp.path());
    const Outcome outcome = Run("verify --deep --json " + temp.path());
    INFO(outcome.out);
    CHECK_EQ(outcome.exit, 0);
    CHECK_EQ(outcome.Lines().at(0)["replayed"], true);
    CHECK_EQ(outcome.Lines().at(0)["closed"], true);
  }
}

}  // namespace stet::walinspect_state_test
