// Asks the real walinspect what stands where in logs whose damage is known.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/tools/walinspect_fixture.h"
#include "tests/tools/walinspect_run.h"

namespace stet::wal::walinspect_look_test {
namespace {

std::string Place(uint64_t lsn) {
  char text[32];
  std::snprintf(text, sizeof(text), " 0x%lx", static_cast<unsigned long>(lsn));
  return text;
}

// The one line that a command gives in JSON; its exit status is checked.
Json Said(const std::string& arguments, int exit) {
  const Outcome outcome = Run(arguments);
  INFO(arguments << ": " << outcome.out);
  CHECK_EQ(outcome.exit, exit);
  const std::vector<Json> lines = outcome.Lines();
  REQUIRE_EQ(lines.size(), 1);
  return lines[0];
}

}  // namespace

TEST_SUITE("walinspect, looking") {
  TEST_CASE("explain names the structure, its fields, and the bit that is flipped") {
    const LogBuilder log = Damaged(0);
    const Directory directory(log);
    const auto before = directory.Content();
    const std::string explain = "explain " + directory.path;
    const Json said = Said(explain + Place(log.batches[0].lsn) + " --json", 2);
    CHECK_EQ(said["structure"], "batch");
    CHECK_EQ(said["cause"], "bit_flip");
    CHECK_EQ(said["flip"]["offset"], log.batches[0].offset + 140);
    CHECK_EQ(said["flip"]["bit"], 0);
    CHECK_EQ(said["promised"], true);
    CHECK_EQ(said["differences"].size(), 1);
    CHECK_EQ(said["fields"][0]["name"], "magic");
    // Three ways to write the place, and the record by its seq.
    CHECK_EQ(Said(explain + " 1:" + std::to_string(log.batches[0].offset) + " --json", 2), said);
    CHECK_EQ(Said(explain + " " + said["lsn"].get<std::string>() + " --json", 2), said);
    CHECK_EQ(Said(explain + " --seq 3 --json", 0)["structure"], "record");
    CHECK_EQ(Said(explain + " 0x0 --json", 0)["structure"], "LOG_ID");
    const Outcome text = Run(explain + Place(log.batches[0].lsn));
    CHECK(text.Has("batch: bit_flip"));
    CHECK(text.Has("in the record of seq 1"));
    CHECK(text.Has("expected  "));
    CHECK(before == directory.Content());
  }

  TEST_CASE("explain: a torn tail is 1, a spare header copy 0, and nothing is 3") {
    LogBuilder log = ThreeBatches();
    log.segments[0].bytes.replace(log.batches[2].offset + 512, 512, 512, '\0');
    log.segments[0].bytes[kA + 8] ^= 1;
    const Directory directory(log);
    const std::string explain = "explain --json " + directory.path;
    CHECK_EQ(Said(explain + Place(log.batches[2].lsn), 1)["cause"], "torn");
    CHECK_EQ(Said(explain + Place(log.Lsn(kA)), 0)["cause"], "bit_flip");
    CHECK_EQ(Said(explain + Place(log.Lsn(100 << 10)), 0)["cause"], "unused");
    CHECK_EQ(Said(explain + " 7:0", 3)["error"]["code"], "not_found");
    CHECK_EQ(Said(explain + " --seq 99", 3)["error"]["code"], "not_found");
    for (const char* wrong : {" 12", " x", " --seq x", "", " 0x1 --seq 1"}) {
      CHECK_EQ(Said(explain + wrong, 3)["error"]["code"], "usage");
    }
  }

  TEST_CASE("verify --deep lists every damaged place") {
    LogBuilder log = Damaged(0);
    log.segments[0].bytes[log.batches[1].offset + 150] ^= 4;
    const Directory directory(log);
    const Json said = Said("verify --deep --json " + directory.path, 2);
    REQUIRE_EQ(said["places"].size(), 2);
    CHECK_EQ(said["places"][0]["offset"], log.batches[0].offset);
    CHECK_EQ(said["places"][1]["cause"], "bit_flip");
    CHECK_EQ(said["places"][1]["first_seq"], 3);
    CHECK(said["replayed"] == false);
    CHECK(Said("verify --json " + directory.path, 2)["places"].is_null());
    CHECK(Run("verify --deep " + directory.path).Has("place     bit_flip batch: "));
  }

  TEST_CASE("stats add up, by groups too") {
    const Directory directory(ThreeBatches());
    const Json all = Said("stats --json --by type " + directory.path, 0);
    CHECK_EQ(all["records"], 5);
    CHECK_EQ(all["batches"], 3);
    CHECK_EQ(all["payload_bytes"], 1508);
    CHECK_EQ(all["groups"].size(), 1);
    CHECK_EQ(all["groups"][0]["records"], 5);
    CHECK_EQ(all["batch_records"]["max"], 2);
    CHECK_EQ(all["rotations"][0]["start_reason"], "create");
    for (const char* by : {"stream", "epoch", "hour", "segment"}) {
      CHECK_EQ(
          Said(std::string("stats --json --by ") + by + " " + directory.path, 0)["groups"].size(),
          1);
    }
    const Outcome text = Run("stats --by hour " + directory.path);
    CHECK(text.Has("1 segment, 3 batches, 5 events, seq 1..5"));
    CHECK(text.Has("2023-11-14T22"));
    CHECK_EQ(Run("stats --by colour " + directory.path).exit, 3);
    CHECK_EQ(Said("stats --json " + Directory(Damaged(1)).path, 2)["damaged_places"], 1);
  }

  TEST_CASE("map draws each block, and tells what the characters mean") {
    const Directory directory(Damaged(0));
    const Outcome text = Run("map " + directory.path + " --width 8");
    CHECK_EQ(text.exit, 2);
    CHECK(text.Has("           0  HHW_XDB.\n"));
    CHECK(text.Has("       32768  ........\n           *\n"));
    CHECK(text.Has("X bad"));
    CHECK_FALSE(text.Has("torn"));
    const Json map = Said("map --json " + directory.path + " --segment 1", 2);
    CHECK_EQ(map["blocks"], 32);
    CHECK_EQ(map["runs"][0]["block"], "header");
    CHECK_EQ(map["runs"][0]["count"], 2);
    CHECK_EQ(map["runs"].back()["block"], "zeros");
    CHECK_EQ(Run("map " + directory.path + " --segment 9").exit, 3);
    CHECK_EQ(Run("map " + directory.path + " --width 0").exit, 3);
  }

  TEST_CASE("find gives one record, or says why not") {
    const LogBuilder log = ThreeBatches();
    const Directory directory(log);
    const std::string find = "find --json " + directory.path;
    CHECK_EQ(Said(find + " --seq 3", 0)["hex"], "6233");
    CHECK_EQ(Said(find + " --lsn" + Place(log.batches[1].lsn), 0)["seq"], 3);
    CHECK_EQ(Said(find + " --time 2023-11-14T22:13:20.000000001Z", 0)["seq"], 3);
    CHECK_EQ(Said(find + " --exec 0000000000000009", 0)["seq"], 1);
    CHECK_EQ(Run("find " + directory.path + " --seq 3 --raw").out, "b3");
    CHECK_EQ(Said(find + " --seq 9", 3)["error"]["code"], "not_found");
    CHECK_EQ(Said(find + " --seq 9 --lsn 1:0", 3)["error"]["code"], "usage");
    CHECK_EQ(Said(find + " --time noon", 3)["error"]["code"], "usage");
    CHECK_EQ(Said(find + " --exec 9", 3)["error"]["code"], "usage");
    const Directory damaged(Damaged(1));
    const Outcome lost = Run("find " + damaged.path + " --seq 3");
    CHECK_EQ(lost.exit, 2);
    CHECK(lost.Has("do not verify: `walinspect explain "));
  }

  TEST_CASE("diff: equal is 0, a beginning 1, a fork 2") {
    const LogBuilder log = ThreeBatches();
    LogBuilder longer = log;
    longer.Batch({"left"});
    LogBuilder other = log;
    other.Batch({"right"});
    const Directory a(log);
    const Directory b(longer);
    const Directory c(other);
    const auto diff = [](const Directory& x, const Directory& y) {
      return "diff --json " + x.path + " " + y.path;
    };
    CHECK_EQ(Said(diff(a, a), 0)["equal"], true);
    const Json beginning = Said(diff(a, b), 1);
    CHECK_EQ(beginning["only"][0]["side"], 1);
    CHECK_EQ(beginning["common_last_seq"], 5);
    const Json fork = Said(diff(b, c), 2);
    CHECK_EQ(fork["fork_seq"], 6);
    CHECK(Run("diff " + b.path + " " + c.path).Has("from seq 6 on the histories differ"));
  }

  TEST_CASE("dump --follow ends at --to, and shows nothing that is not durable") {
    const Directory directory(ThreeBatches());  // seq 4 and 5 are named by nothing
    const std::string follow = "dump --follow --json " + directory.path;
    CHECK_EQ(Run(follow + " --to 3").Lines().size(), 3);
    CHECK_EQ(Run(follow + " --limit 2").Lines().size(), 2);
    CHECK_EQ(Run(follow + " --from 3 --limit 1").Lines().at(0)["seq"], 3);
    const Outcome damaged = Run("dump --follow --to 3 " + Directory(Damaged(0)).path);
    CHECK_EQ(damaged.exit, 2);
    CHECK(damaged.Has("-------- damaged: 4096 bytes"));
  }

  TEST_CASE("every command has help with examples") {
    for (const char* command : {"ls", "dump", "verify", "explain", "stats", "map", "find", "diff",
                                "state", "salvage", "repair", "doctor"}) {
      const Outcome help = Run(std::string(command) + " --help");
      CHECK_EQ(help.exit, 0);
      CHECK(help.Has("Examples:"));
      CHECK(help.Has(std::string("  walinspect ") + command + " "));
    }
  }
}

}  // namespace stet::wal::walinspect_look_test
