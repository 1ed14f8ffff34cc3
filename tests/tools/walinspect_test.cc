// Drives the real walinspect over directories that a builder made.
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/tools/walinspect_fixture.h"
#include "tests/tools/walinspect_run.h"

namespace stet::wal::walinspect_test {

TEST_SUITE("walinspect") {
  TEST_CASE("verify tells clean, torn and damaged logs by its exit status, and changes nothing") {
    const LogBuilder clean = ThreeBatches();
    LogBuilder torn = clean;
    torn.segments[0].bytes.replace(torn.batches[2].offset + 512, 512, 512, '\0');
    const std::map<int, LogBuilder> logs = {{0, clean}, {1, torn}, {2, Damaged(0)}};
    for (const auto& [exit, log] : logs) {
      const Directory directory(log);
      const auto before = directory.Content();
      for (const std::string& place : {directory.path, directory.path + "/wal"}) {
        const Outcome text = Run("verify " + place);
        INFO(text.out);
        CHECK_EQ(text.exit, exit);
        CHECK_FALSE(text.Has("\x1b["));
        const Outcome json = Run("verify --json " + place);
        CHECK_EQ(json.exit, exit);
        REQUIRE_EQ(json.Lines().size(), 1);
        CHECK_EQ(json.Lines()[0]["exit"], exit);
      }
      for (const char* command : {"ls ", "dump ", "dump --json ", "ls --json "}) {
        CHECK_EQ(Run(command + directory.path).exit, exit);
      }
      CHECK(before == directory.Content());
    }
  }

  TEST_CASE("verify names file, offset, range and the flipped bit") {
    const LogBuilder log = Damaged(0);
    const Directory directory(log);
    const Json report = Run("verify --json " + directory.path).Lines().at(0);
    CHECK_EQ(report["refusal"], "CORRUPT_ACKED");
    CHECK_EQ(report["lenient"], "CORRUPT_ACKED");
    const Json finding = report["findings"].back();
    CHECK_EQ(finding["offset"], log.batches[0].offset);
    CHECK_EQ(finding["first_seq"], 1);
    CHECK_EQ(finding["last_seq"], 3);
    CHECK(finding["file"].get<std::string>().ends_with("/wal/0000000000000001.wal"));
    CHECK_NE(finding["text"].get<std::string>().find("bit rot proven"), std::string::npos);
    const Json suspect = Run("verify --json " + Directory(Damaged(2)).path).Lines().at(0);
    CHECK_EQ(suspect["strict"], "SUSPECT_TAIL");
    CHECK_EQ(suspect["lenient"], "torn_tail");
    const Outcome text = Run("verify " + Directory(Damaged(2)).path);
    CHECK_FALSE(text.Has("run: walinspect verify"));
    CHECK_FALSE(text.Has("expected 0, found 0"));
    CHECK(text.Has("1 segment, 2 batches"));
  }

  TEST_CASE("dump prints every event, and goes on behind damage") {
    const Directory clean(ThreeBatches());
    CHECK_EQ(Run("dump --json " + clean.path).Lines().size(), 5);
    const Directory damaged(Damaged(1));
    const std::vector<Json> lines = Run("dump --json " + damaged.path).Lines();
    REQUIRE_EQ(lines.size(), 5);  // seq 3 is gone, a line says so
    CHECK_EQ(lines[0]["seq"], 1);
    CHECK_EQ(lines[2]["damage"], "damaged");
    CHECK_EQ(lines[2]["offset"], Damaged(1).batches[1].offset);
    CHECK_EQ(lines[3]["seq"], 4);
    CHECK_EQ(lines[4]["seq"], 5);
    CHECK(Run("dump " + damaged.path).Has("damaged: 4096 bytes"));
  }

  TEST_CASE("dump filters") {
    const Directory directory(ThreeBatches());
    const auto count = [&](const std::string& filter) {
      return Run("dump --json " + directory.path + " " + filter).Lines().size();
    };
    CHECK_EQ(count("--from 3"), 3);
    CHECK_EQ(count("--to 3"), 3);
    CHECK_EQ(count("--from 2 --to 4"), 3);
    CHECK_EQ(count("--limit 2"), 2);
    CHECK_EQ(count("--type 3"), 5);
    CHECK_EQ(count("--type 4"), 0);
    CHECK_EQ(count("--exec 0000000000000009"), 5);
    CHECK_EQ(count("--exec 0000000000000008"), 0);
    CHECK_EQ(count("--since 2001-01-01T00:00:00Z"), 5);
    CHECK_EQ(count("--since 2101-01-01T00:00:00Z"), 0);
    CHECK_EQ(Run("dump " + directory.path + " --type nonsense").exit, 3);
    for (const char* wrong : {"--from -1", "--from 0", "--from x", "--from 4 --to 3", "--to 1x",
                              "--limit -1", "--from"}) {
      const Outcome outcome = Run("dump --json " + directory.path + " " + wrong);
      INFO(wrong << ": " << outcome.out);
      CHECK_EQ(outcome.exit, 3);
      REQUIRE_EQ(outcome.Lines().size(), 1);
      CHECK(outcome.Lines()[0]["error"]["message"].is_string());
      CHECK_FALSE(outcome.Has("UINT"));
    }
    CHECK_EQ(Run("dump " + directory.path + " --since yesterday").exit, 3);
  }

  TEST_CASE("usage is 3, a directory that is not there is 4, one without a log 2") {
    CHECK_EQ(Run("").exit, 3);
    CHECK_EQ(Run("verify").exit, 3);
    CHECK_EQ(Run("verify --nonsense .").exit, 3);
    CHECK_EQ(Run("nonsense").exit, 3);
    const Outcome unknown = Run("nonsense --json");
    CHECK_EQ(unknown.Lines().at(0)["error"]["code"], "usage");
    CHECK(unknown.Has("there are ls, dump, verify, "));
    CHECK(Run("--version").Has("walinspect 0."));
    CHECK_EQ(Run("--version").exit, 0);
    CHECK_EQ(Run("--help").exit, 0);
    CHECK_EQ(Run("dump --help").exit, 0);
    for (const char* command : {"ls ", "dump ", "verify ", "state ", "stats ", "map ",
                                "find --seq 1 ", "explain --seq 1 ", "dump --follow ", "diff . "}) {
      CHECK_EQ(Run(std::string(command) + "no-such-directory-here").exit, 4);
      const std::vector<Json> lines =
          Run(std::string(command) + "no-such-directory-here --json").Lines();
      REQUIRE_EQ(lines.size(), 1);
      CHECK((lines[0].contains("error") || lines[0].contains("verdict")));
    }
    const TempDirectory empty;
    const Outcome outcome = Run("verify " + empty.path());
    CHECK_EQ(outcome.exit, 2);
    CHECK(outcome.Has("NOT_A_LOG"));
  }

  TEST_CASE("a lost header hides only its own segment") {
    LogBuilder log;
    log.Segment();
    log.Batch({"a1"});
    log.End();
    log.Segment();
    log.Batch({"b2"});
    log.segments[0].bytes.replace(0, 2 * kA, 2 * kA, '\0');
    const Directory directory(log);
    const std::vector<Json> lines = Run("dump --json " + directory.path).Lines();
    REQUIRE_EQ(lines.size(), 2);
    CHECK_EQ(lines[0]["damage"], "header_lost");
    CHECK_EQ(lines[1]["seq"], 2);
    const std::vector<Json> segments = Run("ls --json " + directory.path).Lines();
    REQUIRE_EQ(segments.size(), 2);
    CHECK_EQ(segments[0]["state"], "damaged");
    CHECK_EQ(segments[1]["state"], "active");
    CHECK(Run("verify " + directory.path).Has("HEADER_LOST"));
  }
}

}  // namespace stet::wal::walinspect_test
