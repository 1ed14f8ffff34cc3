// Builds a document out of what a parser reports, and holds the limits that every format shares.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "tools/stet/json_document.h"

namespace stet::cli {

// Each step answers whether it was taken; after the first that was not, none is.
class DocumentBuilder {
 public:
  bool Add(JsonValue value);
  bool Open(JsonValue::Kind kind, TextPlace place);  // an array or an object
  bool Close();
  bool Key(std::string name, TextPlace place);
  bool Fail(std::string what, TextPlace place);

  bool failed() const { return !error_.empty(); }
  // In an object, and its next step is a key.
  bool wants_key() const;

  // The root, or InvalidArgument "name:line:column: what".
  absl::StatusOr<JsonValue> Finish(std::string_view name);

 private:
  struct Frame {
    JsonValue value;
    std::string key = {};
    bool has_key = false;
    std::set<std::string, std::less<>> keys = {};
  };

  std::vector<Frame> open_;
  JsonValue root_;
  std::string error_;
  TextPlace error_place_;
};

}  // namespace stet::cli
