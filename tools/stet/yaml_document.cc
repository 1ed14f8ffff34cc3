// The reader of YAML documents, on top of the events of yaml-cpp's parser.
#include "tools/stet/yaml_document.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <utility>

#include <absl/strings/numbers.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "tools/stet/document_builder.h"
#include "tools/stet/quote.h"

namespace stet::cli {
namespace {

TextPlace PlaceOf(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {.line = static_cast<size_t>(mark.line) + 1,
          .column = static_cast<size_t>(mark.column) + 1};
}

TextPlace PlaceAt(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const size_t line_begin = before.find_last_of('\n') + 1;  // npos + 1 is 0
  return {.line = static_cast<size_t>(std::ranges::count(before, '\n')) + 1,
          .column = at - line_begin + 1};
}

// YAML has none of them, which the library does not mind.
size_t FindControl(std::string_view text) {
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  };
  const auto found = std::ranges::find_if(text, is_control);
  return found == text.end() ? text.npos : static_cast<size_t>(found - text.begin());
}

bool IsUtf8(std::string_view text) {
  try {
    static_cast<void>(nlohmann::json(std::string(text)).dump());
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

// The number of the first line that is not UTF-8, from 1; 0 if all are.
size_t FindForeignLine(std::string_view text) {
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (!IsUtf8(line)) return number;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return 0;
}

bool IsInteger(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// As the core schema has them; also ".5" and "5.", neither of which JSON knows.
bool IsNumber(std::string_view text) {
  return text.find_first_not_of("+-0123456789.eE") == text.npos &&
         text.find_first_of("0123456789") != text.npos;
}

class YamlEvents final : public YAML::EventHandler {
 public:
  explicit YamlEvents(DocumentBuilder* builder) : builder_(*builder) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      builder_.Fail("a second document: one file is one workflow", PlaceOf(mark));
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    Scalar(mark, {.kind = JsonValue::Kind::kNull});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    builder_.Fail("aliases (*name) are not taken: write it out, or use \"defaults\"",
                  PlaceOf(mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    if (tag == "!" || builder_.wants_key()) {  // quoted, or a key
      if (tag != "!" && !Untagged(mark, tag)) return;
      Scalar(mark, {.kind = JsonValue::Kind::kString, .text = value});
    } else if (Untagged(mark, tag)) {
      Plain(mark, value);
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, JsonValue::Kind::kArray);
  }
  void OnSequenceEnd() override { builder_.Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, JsonValue::Kind::kObject);
  }
  void OnMapEnd() override { builder_.Close(); }

  size_t documents() const { return documents_; }

 private:
  bool Untagged(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?") return true;
    return builder_.Fail(fmt::format("tags such as {} are not taken", Quote(tag)), PlaceOf(mark));
  }

  void Open(const YAML::Mark& mark, const std::string& tag, JsonValue::Kind kind) {
    if (builder_.wants_key()) {
      builder_.Fail(fmt::format("a key must be text, is {}", Describe(kind)), PlaceOf(mark));
    } else if (Untagged(mark, tag)) {
      builder_.Open(kind, PlaceOf(mark));
    }
  }

  void Scalar(const YAML::Mark& mark, JsonValue value) {
    value.place = PlaceOf(mark);
    if (!builder_.wants_key()) {
      builder_.Add(std::move(value));
    } else if (value.kind == JsonValue::Kind::kString) {
      builder_.Key(std::move(value.text), value.place);
    } else {
      builder_.Fail(fmt::format("a key must be text, is {}", Describe(value.kind)), value.place);
    }
  }

  // Neither quoted nor tagged: what it looks like.
  void Plain(const YAML::Mark& mark, const std::string& text) {
    double number = 0;
    if (text == "true" || text == "True" || text == "TRUE") {
      Scalar(mark, {.kind = JsonValue::Kind::kBool, .boolean = true});
    } else if (text == "false" || text == "False" || text == "FALSE") {
      Scalar(mark, {.kind = JsonValue::Kind::kBool, .boolean = false});
    } else if (IsInteger(text)) {
      int64_t integer = 0;
      if (!absl::SimpleAtoi(text, &integer)) {
        builder_.Fail("integer beyond 64 bits", PlaceOf(mark));
        return;
      }
      Scalar(mark, {.kind = JsonValue::Kind::kInteger,
                    .integer = integer,
                    .number = static_cast<double>(integer)});
    } else if (IsNumber(text) && absl::SimpleAtod(text, &number) && std::isfinite(number)) {
      Scalar(mark, {.kind = JsonValue::Kind::kNumber, .number = number});
    } else {
      Scalar(mark, {.kind = JsonValue::Kind::kString, .text = text});
    }
  }

  DocumentBuilder& builder_;
  size_t documents_ = 0;
};

}  // namespace

absl::StatusOr<JsonValue> ParseYaml(std::string_view text, std::string_view name) {
  DocumentBuilder builder;
  YamlEvents events(&builder);
  if (const size_t at = FindControl(text); at != text.npos) {
    builder.Fail(fmt::format("not YAML: it holds the control character {:#04x}", text[at]),
                 PlaceAt(text, at));
  }
  if (const size_t line = FindForeignLine(text); line != 0) {
    builder.Fail("not YAML: it is not UTF-8", {.line = line});
  }
  std::istringstream input{std::string(text)};
  // The library reports by throwing.
  try {
    YAML::Parser parser(input);
    while (!builder.failed() && parser.HandleNextDocument(events)) {
    }
  } catch (const YAML::Exception& problem) {
    builder.Fail(fmt::format("not YAML: {}", OneLine(problem.msg)), PlaceOf(problem.mark));
  }
  if (events.documents() == 0) builder.Fail("not YAML: it is empty", {});
  return builder.Finish(name);
}

}  // namespace stet::cli
