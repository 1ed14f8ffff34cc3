// A stack of what is open: the result may nest deeply, building it does not recurse.
#include "tools/stet/document_builder.h"

#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/stet/quote.h"

namespace stet::cli {

bool DocumentBuilder::Fail(std::string what, TextPlace place) {
  if (failed()) return false;
  error_ = std::move(what);
  error_place_ = place;
  return false;
}

bool DocumentBuilder::wants_key() const {
  return !open_.empty() && open_.back().value.kind == JsonValue::Kind::kObject &&
         !open_.back().has_key;
}

bool DocumentBuilder::Open(JsonValue::Kind kind, TextPlace place) {
  if (failed()) return false;
  if (open_.size() >= kJsonDepthMax) {
    return Fail(fmt::format("nested deeper than {} levels", kJsonDepthMax), place);
  }
  open_.push_back({.value = {.kind = kind, .place = place}});
  return true;
}

bool DocumentBuilder::Key(std::string name, TextPlace place) {
  if (failed()) return false;
  Frame& frame = open_.back();
  if (!frame.keys.insert(name).second) {
    return Fail(fmt::format("the key {} occurs twice in one object", Quote(name)), place);
  }
  frame.key = std::move(name);
  frame.has_key = true;
  return true;
}

bool DocumentBuilder::Close() {
  if (failed()) return false;
  JsonValue value = std::move(open_.back().value);
  open_.pop_back();
  return Add(std::move(value));
}

bool DocumentBuilder::Add(JsonValue value) {
  if (failed()) return false;
  if (open_.empty()) {
    root_ = std::move(value);
    return true;
  }
  Frame& frame = open_.back();
  if (frame.value.kind == JsonValue::Kind::kArray) {
    frame.value.items.push_back(std::move(value));
  } else {
    frame.value.members.emplace_back(std::move(frame.key), std::move(value));
    frame.has_key = false;
  }
  return true;
}

absl::StatusOr<JsonValue> DocumentBuilder::Finish(std::string_view name) {
  if (!failed()) return std::move(root_);
  return absl::InvalidArgumentError(
      fmt::format("{}:{}:{}: {}", name, error_place_.line, error_place_.column, error_));
}

}  // namespace stet::cli
