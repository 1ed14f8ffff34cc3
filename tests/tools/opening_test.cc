// What the engines of stet have in common.
#include "tools/stet/opening.h"

#include <doctest/doctest.h>

namespace stet::cli::opening_test {
namespace {

TEST_SUITE("opening") {
  TEST_CASE("no engine of stet gives up a part of the past, whoever opens it") {
    Settings settings;
    settings.directory = "/somewhere";
    settings.log.durability = wal::Durability::kWitness;
    const EngineOptions options = EngineOptionsOf(settings);
    CHECK(options.history == History::kKeep);
    CHECK_EQ(options.directory, "/somewhere");
    CHECK(options.durability == wal::Durability::kWitness);
  }
}

}  // namespace
}  // namespace stet::cli::opening_test
