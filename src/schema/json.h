// Just enough JSON: objects on one line, written field by field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stet::schema {

// Quoted and escaped; bytes that are not UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

std::string Base64(std::string_view bytes);

// RFC 3339 UTC with nanoseconds, quoted; null for 0.
std::string JsonTime(int64_t ns);

// Fields in the order in which they are added.
class JsonObject {
 public:
  JsonObject& Raw(std::string_view name, std::string_view json);
  JsonObject& Text(std::string_view name, std::string_view text) {
    return Raw(name, JsonString(text));
  }
  JsonObject& Number(std::string_view name, int64_t value);
  JsonObject& Unsigned(std::string_view name, uint64_t value);
  JsonObject& Bool(std::string_view name, bool value) {
    return Raw(name, value ? "true" : "false");
  }
  JsonObject& Time(std::string_view name, int64_t ns) { return Raw(name, JsonTime(ns)); }
  std::string Finish() && { return std::move(text_ += '}'); }

 private:
  std::string text_ = "{";
};

}  // namespace stet::schema
