// A log of an older version gives the states that it gave.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "tests/core/world.h"

namespace stet::core::golden_test {
namespace {

TEST_SUITE_BEGIN("core::golden");

// Each line of the file is an event as an engine of event level 1 wrote it: the digest behind it, stream, type, payload.
TEST_CASE("a log of event level 1 gives the digests that it gave") {
  const char* root = std::getenv("SOURCE_ROOT");  // NOLINT(concurrency-mt-unsafe)
  REQUIRE_MESSAGE(root != nullptr, "run by meson test");
  std::ifstream golden(std::string(root) + "/tests/golden/events_v1.hex");
  State state;
  uint64_t digest = 0;
  Stored event;
  std::string hex;
  while (golden >> std::hex >> digest >> event.stream >> std::dec >> event.type >> hex) {
    event.seq = state.seq() + 1;
    event.bytes.clear();
    for (size_t i = 0; i < hex.size(); i += 2) {
      event.bytes.push_back(static_cast<std::byte>(std::stoul(hex.substr(i, 2), nullptr, 16)));
    }
    const absl::Status applied = Apply(event.ref(), state, nullptr);
    REQUIRE_MESSAGE(applied.ok(), applied.ToString());
    REQUIRE_EQ(state.digest(), digest);
  }
  CHECK_GT(state.seq(), 100);
  CHECK_FALSE(state.dead_letters().empty());
  CHECK(std::any_of(state.executions().begin(), state.executions().end(),
                    [](const auto& one) { return one->cancel_requested; }));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::golden_test
