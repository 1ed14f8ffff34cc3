// The reader of strict JSON documents, on top of nlohmann's iterative SAX parser.
#include "tools/stet/json_document.h"

#include <iterator>
#include <optional>
#include <set>

#include <absl/status/status.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

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

// Builds the document.  Each event answers whether to go on; `error` says why not.
class Builder {
 public:
  using number_integer_t = int64_t;
  using number_unsigned_t = uint64_t;
  using number_float_t = double;
  using string_t = std::string;
  using binary_t = nlohmann::json::binary_t;

  explicit Builder(const Cursor* cursor) : cursor_(cursor) {}

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

  bool start_object(size_t) { return Open(JsonValue::Kind::kObject); }
  bool start_array(size_t) { return Open(JsonValue::Kind::kArray); }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }

  bool key(std::string& name) {
    if (!open_.back().keys.insert(name).second) {
      return Fail(fmt::format("the key {} occurs twice in one object", Quote(name)));
    }
    open_.back().key = std::move(name);
    return true;
  }

  bool parse_error(size_t, const std::string& token, const nlohmann::detail::exception& problem) {
    // The library's text is "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ...: <detail>".
    std::string_view what = problem.what();
    if (size_t colon = what.find(": "); colon != what.npos) what.remove_prefix(colon + 2);
    if (size_t got = what.find("; last read"); got != what.npos) what = what.substr(0, got);
    return Fail(token.empty() || token.size() > 40
                    ? fmt::format("not JSON: {}", what)
                    : fmt::format("not JSON: {}, at {}", what, Quote(token)));
  }

  const std::optional<std::string>& error() const { return error_; }
  TextPlace error_place() const { return error_place_; }
  JsonValue TakeRoot() { return std::move(root_); }

 private:
  struct Frame {
    JsonValue value;
    std::string key = {};
    std::set<std::string, std::less<>> keys = {};
  };

  bool Fail(std::string what) {
    error_ = std::move(what);
    error_place_ = cursor_->last;
    return false;
  }

  bool Open(JsonValue::Kind kind) {
    if (open_.size() >= kJsonDepthMax) {
      return Fail(fmt::format("nested deeper than {} levels", kJsonDepthMax));
    }
    open_.push_back({.value = {.kind = kind, .place = cursor_->last}});
    return true;
  }

  bool Close() {
    JsonValue value = std::move(open_.back().value);
    open_.pop_back();
    return Attach(std::move(value));
  }

  bool Add(JsonValue value) {
    value.place = cursor_->last;
    return Attach(std::move(value));
  }

  bool Attach(JsonValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Frame& frame = open_.back(); frame.value.kind == JsonValue::Kind::kArray) {
      frame.value.items.push_back(std::move(value));
    } else {
      frame.value.members.emplace_back(std::move(frame.key), std::move(value));
    }
    return true;
  }

  const Cursor* cursor_;
  std::vector<Frame> open_;
  JsonValue root_;
  std::optional<std::string> error_;
  TextPlace error_place_;
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
  Builder builder(&cursor);
  const bool ok =
      nlohmann::json::sax_parse(CountingIterator(text.data(), &cursor),
                                CountingIterator(text.data() + text.size(), &cursor), &builder);
  if (ok) return builder.TakeRoot();
  return absl::InvalidArgumentError(fmt::format("{}:{}:{}: {}", name, builder.error_place().line,
                                                builder.error_place().column,
                                                builder.error().value_or("not JSON")));
}

}  // namespace stet::cli
