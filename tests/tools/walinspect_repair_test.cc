// Lets the real walinspect repair built logs.
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "tests/tools/walinspect_fixture.h"
#include "tests/tools/walinspect_run.h"

namespace stet::wal::walinspect_repair_test {

TEST_SUITE("walinspect, repair") {
  TEST_CASE("a dry run says what would be done; --yes does it, and touches nothing else") {
    const Directory directory(Damaged(0));
    const auto before = directory.Content();
    const std::string target = directory.temp.path() + "/new";
    const std::string repair = "repair " + directory.path + " --fix-bit --out " + target;
    const Outcome dry = Run(repair);
    CHECK_EQ(dry.exit, 0);
    CHECK(dry.Has("dry run: nothing is written"));
    CHECK(dry.Has("loses     nothing"));
    CHECK(dry.Has("fix_bit: "));
    CHECK_FALSE(std::filesystem::exists(target));
    const Outcome wet = Run(repair + " --yes");
    CHECK_EQ(wet.exit, 0);
    CHECK(wet.Has("written   " + target + "/wal"));
    CHECK(before == directory.Content());
    CHECK_EQ(Run("verify " + target).exit, 0);
    CHECK_EQ(Run("dump --json " + target).Lines().size(), 5);
    CHECK_EQ(Run(repair + " --yes").exit, 3);  // it exists now
  }

  TEST_CASE("of a log alone the new one is a log alone; losses are told in words and as JSON") {
    LogBuilder log = Damaged(0);
    log.segments[0].bytes.replace(log.batches[1].offset, 64, 64, 'g');
    const Directory directory(log);
    const std::string source = directory.path + "/wal";
    const std::string target = directory.temp.path() + "/new";
    const Outcome text = Run("salvage " + source + " --out " + target);
    CHECK_EQ(text.exit, 1);
    CHECK(text.Has("keeps     seq 1..2"));
    CHECK(text.Has("loses     3 events"));
    CHECK(text.Has("seq 4..5, behind_gap"));
    CHECK(text.Has("executions: 0000000000000009"));
    const Json manifest =
        Run("salvage " + source + " --out " + target + " --yes --json").Lines().at(0);
    CHECK_EQ(manifest["lost_records"], 3);
    CHECK_EQ(manifest["source_refused"], "CORRUPT_ACKED");
    CHECK(std::filesystem::exists(target + "/loss-manifest.json"));
    CHECK_EQ(Run("verify " + target).exit, 0);
  }

  TEST_CASE("what cannot be done is refused in words that say what to type") {
    const Directory directory(Damaged(0));
    const std::string target = " --out " + directory.temp.path() + "/new";
    CHECK(Run("repair " + directory.path + target).Has("want one or more of --fix-bit"));
    CHECK(Run("repair " + directory.path + " --fix-bit").Has("--out NEW is needed"));
    const Outcome wrong = Run("repair --json --header " + directory.path + target);
    CHECK_EQ(wrong.exit, 2);
    CHECK_EQ(wrong.Lines().at(0)["error"]["code"], "CORRUPT_ACKED");
    CHECK(wrong.Has("--fix-bit would cure it"));
    const Directory sound(ThreeBatches());
    const Outcome nothing = Run("salvage " + sound.path + target);
    CHECK_EQ(nothing.exit, 0);
    CHECK(nothing.Has("nothing to repair"));
    CHECK_EQ(Run("salvage no-such-directory" + target).exit, 4);
    CHECK_FALSE(std::filesystem::exists(directory.temp.path() + "/new"));
  }

  TEST_CASE("verify advises the repair that was tried, explain the one that its cause asks for") {
    const Directory directory(Damaged(0));
    const Outcome verify = Run("verify " + directory.path);
    CHECK(verify.Has("next      walinspect explain " + directory.path + " 0x100004000"));
    CHECK(verify.Has("next      walinspect repair " + directory.path + " --fix-bit --out "));
    CHECK(Run("explain " + directory.path + " 0x100004000").Has("--fix-bit"));
  }

  TEST_CASE("doctor looks at lock, disk, limits and log") {
    const Directory directory(ThreeBatches());
    const Outcome text = Run("doctor " + directory.path);
    CHECK_EQ(text.exit, 0);
    for (const char* line : {"lock      free", "log       seq 1..5", "disk      ", "backend   ",
                             "limits    ", "version   walinspect ", "advice    "}) {
      CHECK_MESSAGE(text.Has(line), text.out);
    }
    const Json json = Run("doctor --json " + directory.path).Lines().at(0);
    CHECK_EQ(json["verdict"], "clean");
    CHECK_EQ(json["repaired"], false);
    CHECK(json["holder_pid"].is_null());
    CHECK(json["advice"].is_array());
    CHECK(!json["queue"]["setup"].get<std::string>().empty());
    CHECK(text.Has(json["queue"]["setup"].get<std::string>()));
    const Json damaged = Run("doctor --json " + Directory(Damaged(0)).path).Lines().at(0);
    CHECK_EQ(damaged["refusal"], "CORRUPT_ACKED");
    CHECK_EQ(damaged["exit"], 2);
    CHECK_GE(damaged["advice"].size(), 2);
    CHECK_EQ(Run("doctor no-such-directory").exit, 4);
  }
}

}  // namespace stet::wal::walinspect_repair_test
