// The YAML reader: what it accepts, and where it says a mistake is.
#include "tools/stet/yaml_document.h"

#include <string>

#include <doctest/doctest.h>

namespace stet::cli::yaml_document_test {
namespace {

std::string ErrorOf(const std::string& text) {
  return std::string(ParseYaml(text, "f.yaml").status().message());
}

JsonValue ValueOf(const std::string& text) {
  const auto document = ParseYaml("v: " + text, "f.yaml");
  REQUIRE_MESSAGE(document.ok(), document.status().ToString());
  return *document->Find("v");
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_SUITE("yaml document") {
  TEST_CASE("plain scalars are what the core schema says, quoted ones are text") {
    CHECK(ValueOf("true").kind == JsonValue::Kind::kBool);
    CHECK(ValueOf("~").kind == JsonValue::Kind::kNull);
    CHECK(ValueOf("").kind == JsonValue::Kind::kNull);
    CHECK_EQ(ValueOf("-12").integer, -12);
    CHECK(ValueOf("1.5e3").number == 1500);
    for (const std::string text : {"no", "yes", "on", "30s", "1h30m", "a b", "1.2.3", "-", "e"}) {
      CAPTURE(text);
      if (text != "-") CHECK_EQ(ValueOf(text).text, text);
      CHECK(ValueOf("\"" + text + "\"").kind == JsonValue::Kind::kString);
    }
    CHECK_EQ(ValueOf("'12'").text, "12");
    CHECK_EQ(ValueOf("\"true\"").text, "true");
    CHECK_EQ(ValueOf("|\n  a\n  b\n").text, "a\nb\n");
  }

  TEST_CASE("values keep their order and place") {
    const auto document = ParseYaml("b: [1, two]\na:\n  - x: 1\n    y: 2\n", "f.yaml");
    REQUIRE(document.ok());
    REQUIRE_EQ(document->members.size(), 2);
    CHECK_EQ(document->members[0].first, "b");
    CHECK_EQ(document->members[0].second.items[1].text, "two");
    const JsonValue& list = document->members[1].second;
    CHECK_EQ(list.items[0].members[1].first, "y");
    CHECK_EQ(list.items[0].members[1].second.place.line, 4);
    CHECK_EQ(list.items[0].members[1].second.place.column, 8);
  }

  TEST_CASE("what could mean something else than it says is refused, on one line with its place") {
    CHECK(Contains(ErrorOf("a: 1\na: 2\n"), "f.yaml:2:1: the key \"a\" occurs twice"));
    CHECK(Contains(ErrorOf("a: &x 1\nb: *x\n"), "f.yaml:2:4: aliases"));
    CHECK(Contains(ErrorOf("a: !!binary eA==\n"), "f.yaml:1:4: tags"));
    CHECK(Contains(ErrorOf("[a]: 1\n"), "a key must be text"));
    CHECK(Contains(ErrorOf("~: 1\n"), "a key must be text"));
    CHECK(Contains(ErrorOf("a: 1\n---\nb: 2\n"), "second document"));
    CHECK(Contains(ErrorOf("a: 99999999999999999999\n"), "integer beyond 64 bits"));
    CHECK_EQ(ErrorOf("a: 1\nb: \xfb\n"), "f.yaml:2:1: not YAML: it is not UTF-8");
    CHECK_EQ(ErrorOf("a: \"\\xfb\"\n"), "");
    for (const std::string text : {"", "# nothing\n", "a: [1", "a: 'x", "a:\n\t- b", "a: b: c",
                                   "{a: 1", "\x01", "a: \"\\q\""}) {
      CAPTURE(text);
      const std::string error = ErrorOf(text);
      CHECK(Contains(error, "f.yaml:"));
      CHECK_FALSE(Contains(error, "\n"));
    }
    CHECK_EQ(ErrorOf(std::string("a: 1\nb: \0c", 10)),
             "f.yaml:2:4: not YAML: it holds the control character 0x00");
  }

  TEST_CASE("nesting is limited, and megabytes of it do not crash") {
    CHECK(Contains(ErrorOf(std::string(1 << 20, '[')), "f.yaml:"));
    CHECK(Contains(ErrorOf(std::string(101, '[') + std::string(101, ']')), "nested deeper"));
    CHECK(ParseYaml(std::string(100, '[') + std::string(100, ']'), "f.yaml").ok());
    std::string blocks;
    for (int i = 0; i < 300; ++i) blocks += std::string(static_cast<size_t>(i), ' ') + "a:\n";
    CHECK(Contains(ErrorOf(blocks), "nested deeper"));
  }
}

}  // namespace
}  // namespace stet::cli::yaml_document_test
