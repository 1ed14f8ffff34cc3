// The reader of strict JSON documents, on top of nlohmann's iterative SAX parser.
#include "tools/stet/json_document.h"

#include <iterator>

#include <absl/status/status.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/stet/document_builder.h"
#include "tools/stet/quote.h"

namespace stet::cli {
namespace {

// Where the lexer stands.  It has read the last character of the token that it reports, or the one behind it.
struct Cursor {
  TextPlace next = {};
  TextPlace last = {};  // of the last character read
};

// Counts lines and columns while the parser moves over the text.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, Cursor* cursor) : at_(at), cursor_(cursor) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    cursor_->last = cursor_->next;
    ++cursor_->next.column;
    if (*at_ == '\n') cursor_->next = {.line = cursor_->next.line + 1, .column = 1};
    ++at_;
    return *this;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }

 private:
  const char* at_;
  Cursor* cursor_;
};

// What nlohmann's parser reports.  Each event answers whether to go on.
class Events {
 public:
  using number_integer_t = int64_t;
  using number_unsigned_t = uint64_t;
  using number_float_t = double;
  using string_t = std::string;
  using binary_t = nlohmann::json::binary_t;

  Events(const Cursor* cursor, DocumentBuilder* builder) : cursor_(*cursor), builder_(*builder) {}

  bool null() { return Add({}); }
  bool boolean(bool value) { return Add({.kind = JsonValue::Kind::kBool, .boolean = value}); }
  bool number_integer(int64_t value) {
    return Add({.kind = JsonValue::Kind::kInteger,
                .integer = value,
                .number = static_cast<double>(value)});
  }
  bool number_unsigned(uint64_t value) {
    if (value > static_cast<uint64_t>(INT64_MAX)) return Fail("integer beyond 64 bits");
    return number_integer(static_cast<int64_t>(value));
  }
  bool number_float(double value, const std::string&) {
    return Add({.kind = JsonValue::Kind::kNumber, .number = value});
  }
  bool string(std::string& value) {
    return Add({.kind = JsonValue::Kind::kString, .text = std::move(value)});
  }
  bool binary(binary_t&) { return Fail("binary value"); }

  bool start_object(size_t) { return builder_.Open(JsonValue::Kind::kObject, cursor_.last); }
  bool start_array(size_t) { return builder_.Open(JsonValue::Kind::kArray, cursor_.last); }
  bool end_object() { return builder_.Close(); }
  bool end_array() { return builder_.Close(); }
  bool key(std::string& name) { return builder_.Key(std::move(name), cursor_.last); }

  bool parse_error(size_t, const std::string& token, const nlohmann::detail::exception& problem) {
    // The library's text is "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ...: <detail>".
    std::string_view what = problem.what();
    if (size_t colon = what.find(": "); colon != what.npos) what.remove_prefix(colon + 2);
    if (size_t got = what.find("; last read"); got != what.npos) what = what.substr(0, got);
    return Fail(token.empty() || token.size() > 40
                    ? fmt::format("not JSON: {}", what)
                    : fmt::format("not JSON: {}, at {}", what, Quote(token)));
  }

 private:
  bool Fail(std::string what) { return builder_.Fail(std::move(what), cursor_.last); }

  bool Add(JsonValue value) {
    value.place = cursor_.last;
    return builder_.Add(std::move(value));
  }

  const Cursor& cursor_;
  DocumentBuilder& builder_;
};

}  // namespace

const JsonValue* JsonValue::Find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string_view Describe(JsonValue::Kind kind) {
  switch (kind) {
    case JsonValue::Kind::kNull:
      return "null";
    case JsonValue::Kind::kBool:
      return "a boolean";
    case JsonValue::Kind::kInteger:
      return "an integer";
    case JsonValue::Kind::kNumber:
      return "a number";
    case JsonValue::Kind::kString:
      return "a string";
    case JsonValue::Kind::kArray:
      return "an array";
    case JsonValue::Kind::kObject:
      return "an object";
  }
  return "a value";
}

absl::StatusOr<JsonValue> ParseJson(std::string_view text, std::string_view name) {
  if (text.find_first_not_of(" \t\r\n") == text.npos) {
    return absl::InvalidArgumentError(fmt::format("{}:1:1: not JSON: it is empty", name));
  }
  Cursor cursor;
  DocumentBuilder builder;
  Events events(&cursor, &builder);
  const bool ok =
      nlohmann::json::sax_parse(CountingIterator(text.data(), &cursor),
                                CountingIterator(text.data() + text.size(), &cursor), &events);
  if (!ok) builder.Fail("not JSON", cursor.last);
  return builder.Finish(name);
}

}  // namespace stet::cli
