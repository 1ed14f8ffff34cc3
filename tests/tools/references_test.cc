// References to upstream outputs in arguments.
#include "tools/stet/references.h"

#include <string>

#include <doctest/doctest.h>

namespace stet::cli::references_test {
namespace {

std::string Expand(std::string_view argument, const std::string& output) {
  const auto expanded = ExpandArgument(argument, [&](const std::string& task) {
    CHECK_EQ(task, "x");
    return absl::StatusOr<std::string>(output);
  });
  return expanded.ok() ? *expanded : "ERROR " + std::string(expanded.status().message());
}

TEST_SUITE("references") {
  TEST_CASE("a reference stands for the output, within one argument") {
    CHECK_EQ(Expand("${tasks.x.output}", "a b\n'c\n\n"), "a b\n'c");
    CHECK_EQ(Expand("--n=${tasks.x.output}!", "7"), "--n=7!");
    CHECK_EQ(Expand("${tasks.x.output}${tasks.x.output}", "7"), "77");
    CHECK_EQ(Expand("", "7"), "");
  }

  TEST_CASE("a pointer leads into JSON: strings as they are, other values as JSON") {
    const std::string json = R"({"a": ["p q", {"b": 1.5}], "m/n": true})";
    CHECK_EQ(Expand("${tasks.x.output/a/0}", json), "p q");
    CHECK_EQ(Expand("${tasks.x.output/a/1}", json), R"({"b":1.5})");
    CHECK_EQ(Expand("${tasks.x.output/m~1n}", json), "true");
  }

  TEST_CASE("a pointer to nothing, and an output that is no JSON, are errors") {
    CHECK_EQ(Expand("${tasks.x.output/z}", "{}").substr(0, 5), "ERROR");
    CHECK_EQ(Expand("${tasks.x.output/0}", "[]").substr(0, 5), "ERROR");
    CHECK_EQ(Expand("${tasks.x.output/a/9z}", R"({"a":[1]})").substr(0, 5), "ERROR");
    CHECK_EQ(Expand("${tasks.x.output/z}", "plain").substr(0, 5), "ERROR");
    CHECK_EQ(Expand("${tasks.x.output}", std::string("a\0b", 3)).substr(0, 5), "ERROR");
  }

  TEST_CASE("other dollars are literal, and a doubled one escapes") {
    CHECK_EQ(Expand("${HOME} $x $$ ${", "7"), "${HOME} $x $$ ${");
    CHECK_EQ(Expand("$${tasks.x.output}", "7"), "${tasks.x.output}");
  }

  TEST_CASE("ids may hold dots") {
    const auto parts = SplitArgument("${tasks.a.output.b.output/c.output}");
    REQUIRE(parts.ok());
    CHECK_EQ((*parts)[0].task, "a.output.b");
    CHECK_EQ((*parts)[0].pointer, "/c.output");
  }

  TEST_CASE("malformed references are refused") {
    for (const char* argument : {"${tasks.x.output", "${tasks.x}", "${tasks..output}",
                                 "${tasks.x.outputs}", "${tasks.}"}) {
      CAPTURE(argument);
      CHECK_FALSE(SplitArgument(argument).ok());
    }
  }
}

}  // namespace
}  // namespace stet::cli::references_test
