// Typed access to the values of a workflow file.
#include "tools/stet/field.h"

#include <algorithm>

#include <fmt/format.h>

#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

std::string EscapePointer(std::string_view key) {
  std::string escaped;
  for (char c : key) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return escaped;
}

}  // namespace

Field Field::Member(std::string_view key, const JsonValue& value) const {
  return Field(file_, value, fmt::format("{}/{}", pointer_, EscapePointer(key)));
}

Field Field::Item(size_t index) const {
  return Field(file_, value_->items[index], fmt::format("{}/{}", pointer_, index));
}

absl::StatusOr<Field> Field::Required(std::string_view key) const {
  STET_RETURN_IF_ERROR(ExpectKind(JsonValue::Kind::kObject));
  if (const JsonValue* member = value_->Find(key)) return Member(key, *member);
  return Error(fmt::format("{} is missing", Quote(key)));
}

absl::Status Field::Error(std::string_view what) const {
  return absl::InvalidArgumentError(fmt::format("{}:{}:{}: {}{}{}", file_, value_->place.line,
                                                value_->place.column, pointer_,
                                                pointer_.empty() ? "" : ": ", what));
}

absl::Status Field::ExpectKind(JsonValue::Kind kind) const {
  if (value_->kind == kind) return absl::OkStatus();
  return Error(fmt::format("must be {}, is {}", Describe(kind), Describe(value_->kind)));
}

absl::Status Field::ExpectKeys(const std::vector<std::string_view>& keys) const {
  STET_RETURN_IF_ERROR(ExpectKind(JsonValue::Kind::kObject));
  for (const auto& [key, value] : value_->members) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    return Member(key, value)
        .Error(fmt::format("unknown key {}; known here: {}", Quote(key), fmt::join(keys, ", ")));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Field::String() const {
  STET_RETURN_IF_ERROR(ExpectKind(JsonValue::Kind::kString));
  if (value_->text.find('\0') != std::string::npos) return Error("must not hold a NUL");
  return value_->text;
}

absl::StatusOr<std::string> Field::NonEmptyString() const {
  STET_ASSIGN_OR_RETURN(std::string text, String());
  if (text.empty()) return Error("must not be empty");
  return text;
}

absl::StatusOr<int64_t> Field::Integer(int64_t min, int64_t max) const {
  STET_RETURN_IF_ERROR(ExpectKind(JsonValue::Kind::kInteger));
  if (value_->integer < min || value_->integer > max) {
    return Error(fmt::format("must be from {} to {}, is {}", min, max, value_->integer));
  }
  return value_->integer;
}

absl::StatusOr<double> Field::Number(double min, double max) const {
  if (value_->kind != JsonValue::Kind::kInteger) {
    STET_RETURN_IF_ERROR(ExpectKind(JsonValue::Kind::kNumber));
  }
  if (!(value_->number >= min && value_->number <= max)) {
    return Error(fmt::format("must be from {} to {}, is {}", min, max, value_->number));
  }
  return value_->number;
}

absl::StatusOr<absl::Duration> Field::Duration() const {
  if (value_->kind != JsonValue::Kind::kString) {
    return Error(
        fmt::format("must be a duration in quotes such as \"30s\", is {}", Describe(value_->kind)));
  }
  STET_ASSIGN_OR_RETURN(std::string text, String());
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) {
    return Error(
        fmt::format("{} is not a duration; write \"500ms\", \"30s\" or \"1h30m\"", Quote(text)));
  }
  if (duration <= absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    return Error(fmt::format("must be a duration longer than 0 that ends, is {}", Quote(text)));
  }
  return duration;
}

}  // namespace stet::cli
