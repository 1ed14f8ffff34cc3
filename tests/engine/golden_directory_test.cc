// Directories that builds of earlier levels of events have left: every later build reads them, and goes on with them.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/inspect.h"
#include "tests/engine/golden_story.h"
#include "tests/engine/snapshot_fixture.h"

namespace stet::golden_directory_test {
namespace {

namespace fs = std::filesystem;
using testing::MustOpen;
using testing::MustWait;
using testing::TempDirectory;

// What is known of a directory: a line of tests/golden/directories.txt.
struct Kept {
  std::string name = {};
  uint64_t seq = 0;
  uint64_t digest = 0;
  size_t executions = 0;
};

Kept KeptOf(const std::string& name, const std::string& directory) {
  const auto state = Replay({.directory = directory});
  REQUIRE_MESSAGE(state.ok(), state.status().ToString());
  return {.name = name,
          .seq = state->seq(),
          .digest = state->digest(),
          .executions = state->List().size()};
}

void CheckReads(const Kept& kept, const std::string& directory) {
  const auto snapshots = ListSnapshots(directory);
  REQUIRE(snapshots.ok());
  REQUIRE_FALSE(snapshots->empty());
  CHECK_MESSAGE(snapshots->front().status.ok(), snapshots->front().status.ToString());
  for (const bool whole_log : {false, true}) {
    CAPTURE(whole_log);
    const auto state = Replay({.directory = directory, .whole_log = whole_log});
    REQUIRE_MESSAGE(state.ok(), state.status().ToString());
    CHECK_EQ(state->seq(), kept.seq);
    CHECK_EQ(state->digest(), kept.digest);
    CHECK_EQ(state->List().size(), kept.executions);
  }
}

void CheckGoesOn(const Kept& kept, const TempDirectory& directory) {
  EngineOptions options = testing::StoryOptions(directory);
  options.activities["absent"] = testing::Succeed;
  const auto engine = MustOpen(options);
  const EngineRecovery& recovery = engine->recovery();
  CHECK(recovery.snapshot.has_value());
  CHECK_EQ(recovery.snapshot->anchor.seq + recovery.events_replayed, kept.seq);
  CHECK(MustWait(*engine, "open").success());
  CHECK(engine->Close().ok());
  CHECK_GT(KeptOf("", directory.engine()).seq, kept.seq);
}

TEST_SUITE_BEGIN("engine::golden");

TEST_CASE("directories of earlier levels of events are read, and gone on with") {
  const char* root = std::getenv("SOURCE_ROOT");  // NOLINT(concurrency-mt-unsafe)
  REQUIRE_MESSAGE(root != nullptr, "run by meson test");
  const fs::path golden = fs::path(root) / "tests/golden";
  std::ifstream list(golden / "directories.txt");
  size_t count = 0;
  for (Kept kept;
       list >> kept.name >> kept.seq >> std::hex >> kept.digest >> std::dec >> kept.executions;
       ++count) {
    CAPTURE(kept.name);
    const TempDirectory directory;
    fs::copy(golden / kept.name, directory.engine(), fs::copy_options::recursive);
    CheckReads(kept, directory.engine());
    CheckGoesOn(kept, directory);
  }
  CHECK_EQ(count, 4);
}

// With STET_GOLDEN_OUT=PATH it is kept there, and the line for directories.txt is printed.
TEST_CASE("a directory such as are kept can be read, and gone on with") {
  const TempDirectory directory;
  testing::TellStory(directory);
  const Kept kept = KeptOf("directory", directory.engine());
  if (const char* out = std::getenv("STET_GOLDEN_OUT")) {  // NOLINT(concurrency-mt-unsafe)
    fs::copy(directory.engine(), out, fs::copy_options::recursive);
    fmt::print("{} {} {:016x} {}\n", fs::path(out).filename().string(), kept.seq, kept.digest,
               kept.executions);
  }
  CheckReads(kept, directory.engine());
  CheckGoesOn(kept, directory);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::golden_directory_test
