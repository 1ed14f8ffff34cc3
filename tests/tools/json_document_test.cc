// The strict JSON reader: what it accepts, and where it says a mistake is.
#include "tools/stet/json_document.h"

#include <string>

#include <doctest/doctest.h>

namespace stet::cli::json_document_test {
namespace {

std::string ErrorOf(const std::string& text) {
  return std::string(ParseJson(text, "f.json").status().message());
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_SUITE("json document") {
  TEST_CASE("values keep their kind, order and place") {
    const auto document = ParseJson("{\"b\": [1, 2.5, true],\n \"a\": {\"x\": null}}", "f");
    REQUIRE(document.ok());
    REQUIRE_EQ(document->members.size(), 2);
    CHECK_EQ(document->members[0].first, "b");
    const JsonValue& list = document->members[0].second;
    CHECK_EQ(list.items[0].integer, 1);
    CHECK_EQ(list.items[1].number, 2.5);
    CHECK(list.items[2].boolean);
    CHECK_EQ(document->Find("a")->place.line, 2);
    CHECK_EQ(document->Find("zz"), nullptr);
  }

  TEST_CASE("a key that occurs twice in one object is refused, also escaped differently") {
    CHECK(Contains(ErrorOf(R"({"a": 1, "a": 2})"), "f.json:1:"));
    CHECK(Contains(ErrorOf(R"({"a": 1, "\u0061": 2})"), "twice"));
    CHECK(ParseJson(R"([{"a": 1}, {"a": 2}])", "f").ok());
  }

  TEST_CASE("what is not JSON is refused with line and column, on one line") {
    CHECK(Contains(ErrorOf("{\n  \"a\": tru\n}"), "f.json:2:"));
    for (const std::string text :
         {"", " ", "{", "[1,]", "{\"a\" 1}", "nul", "{} {}", "\"\xff\"", "'a'", "[1", "\"a\nb\"",
          "// no\n{}", "1e999999", "\xef\xbb\xbf"}) {
      CAPTURE(text);
      const std::string error = ErrorOf(text);
      CHECK(Contains(error, "f.json:"));
      CHECK_FALSE(Contains(error, "\n"));
    }
  }

  TEST_CASE("nesting is limited, and 10 MB of it neither crash nor recurse") {
    const std::string deep(10 << 20, '[');
    CHECK(Contains(ErrorOf(deep), "nested deeper than 100 levels"));
    std::string objects;
    for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
    CHECK(Contains(ErrorOf(objects), "nested deeper"));
    CHECK(ParseJson(std::string(100, '[') + std::string(100, ']'), "f").ok());
    CHECK_FALSE(ParseJson(std::string(101, '[') + std::string(101, ']'), "f").ok());
  }

  TEST_CASE("integers beyond 64 bits are refused") {
    CHECK(ParseJson("9223372036854775807", "f").ok());
    CHECK(Contains(ErrorOf("9223372036854775808"), "64 bits"));
  }
}

}  // namespace
}  // namespace stet::cli::json_document_test
