// A directory that belongs to a C++ program: stet reads it, and never executes it.
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>
#include <stet/engine.h>

#include "tools/stet/files.h"

namespace stet::cli::foreign_test {
namespace {

int ExitOf(const std::string& command) {
  const int status = system(command.c_str());  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("stet refuses to run in the directory of a program, and still lists it") {
  char name[] = "/tmp/stet-foreign-XXXXXX";
  REQUIRE(mkdtemp(name) != nullptr);
  const std::string folder = name;
  const std::string stet = getenv("STET_EXE");
  {
    auto engine = Engine::Open(
        {.directory = folder + "/d",
         .workflows = {{.name = "order", .tasks = {{.name = "reserve", .activity = "reserve"}}}},
         .activities = {{"reserve", [](ActivityContext&) { return Payload("1"); }}}});
    REQUIRE_MESSAGE(engine.ok(), engine.status().ToString());
    REQUIRE((*engine)->Start({.workflow = "order", .key = "order-1"}).ok());
    REQUIRE((*engine)->Wait("order-1").ok());
  }
  REQUIRE(WriteFile(folder + "/flow.json", R"({"tasks": [{"id": "a", "run": "true"}]})").ok());
  const std::string where = " --dir " + folder + "/d";
  CHECK_EQ(ExitOf(stet + " run " + folder + "/flow.json" + where + " 2>" + folder + "/err"), 2);
  const auto error = ReadFile(folder + "/err");
  REQUIRE(error.ok());
  CHECK_NE(error->find("\"reserve\""), std::string::npos);
  CHECK_NE(error->find("never executes"), std::string::npos);
  CHECK_EQ(ExitOf(stet + " show order-1" + where + " >/dev/null"), 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace stet::cli::foreign_test
