// A value inside a workflow file, with its place for error messages and typed access.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "tools/stet/json_document.h"

namespace stet::cli {

// A value and the way to it.  Cheap to copy; the document and the file name must outlive it.
class Field {
 public:
  Field(std::string_view file, const JsonValue& value, std::string pointer = {})
      : file_(file), value_(&value), pointer_(std::move(pointer)) {}

  const JsonValue& value() const { return *value_; }
  JsonValue::Kind kind() const { return value_->kind; }

  Field Member(std::string_view key, const JsonValue& value) const;
  Field Item(size_t index) const;
  // The member `key`.  Errors: InvalidArgument when it is missing.
  absl::StatusOr<Field> Required(std::string_view key) const;

  // An InvalidArgument that names file, line, column and JSON pointer of this value.
  absl::Status Error(std::string_view what) const;

  // Typed access.  Errors: InvalidArgument naming the place, what is needed and what was found.
  absl::Status ExpectKind(JsonValue::Kind kind) const;
  // Refuses members whose key is not in `keys`.
  absl::Status ExpectKeys(std::initializer_list<std::string_view> keys) const {
    return ExpectKeys(std::vector<std::string_view>(keys));
  }
  absl::Status ExpectKeys(const std::vector<std::string_view>& keys) const;
  absl::StatusOr<std::string> String() const;
  absl::StatusOr<std::string> NonEmptyString() const;
  absl::StatusOr<int64_t> Integer(int64_t min, int64_t max) const;
  absl::StatusOr<double> Number(double min, double max) const;
  // Text such as "1.5s", "2m" or "1h30m", more than nothing.
  absl::StatusOr<absl::Duration> Duration() const;

 private:
  std::string_view file_;
  const JsonValue* value_;
  std::string pointer_;  // RFC 6901
};

}  // namespace stet::cli
