// Texts, hashes and payloads of events as JSON.
#include "schema/describe_parts.h"

#include <utility>

#include <fmt/format.h>

#include "schema/event_type.h"
#include "schema/json.h"
#include "schema/parse.h"
#include "schema/utf8.h"

namespace stet::schema {

std::string_view View(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

std::string_view View(const flatbuffers::Vector<uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

std::string Hash(uint64_t high, uint64_t low) { return fmt::format("{:016x}{:016x}", high, low); }

std::string_view Cut(std::string_view bytes, size_t size_max) {
  if (bytes.size() <= size_max) return bytes;
  const bool text = IsUtf8(bytes);
  size_t size = size_max;
  while (text && size > 0 && (static_cast<unsigned char>(bytes[size]) & 0xC0) == 0x80) --size;
  return bytes.substr(0, size);
}

std::string PayloadJson(std::string_view bytes, const flatbuffers::String* content_type,
                        const DescribeOptions& options) {
  JsonObject object;
  object.Text("content_type", content_type == nullptr ? kDefaultContentType : View(content_type));
  object.Unsigned("bytes", bytes.size());
  const std::string_view shown = Cut(bytes, options.payload_chars_max);
  if (IsUtf8(bytes)) {
    object.Text("text", shown);
  } else {
    object.Text("base64", Base64(shown));
  }
  return std::move(object).Finish();
}

}  // namespace stet::schema
