// Digests of payloads.
#include "core/payload_ref.h"

#include <xxhash.h>

#include "schema/pack.h"

namespace stet::core {

uint64_t PayloadDigest(std::string_view bytes, std::string_view content_type) {
  const bool plain = content_type == schema::kDefaultContentType;
  if (plain && bytes.empty()) return 0;
  const uint64_t seed = plain ? 0 : XXH3_64bits(content_type.data(), content_type.size());
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

PayloadRef MakePayloadRef(uint64_t seq, std::string_view bytes, std::string_view content_type) {
  return {.seq = seq,
          .digest = PayloadDigest(bytes, content_type),
          .bytes = static_cast<uint32_t>(bytes.size())};
}

std::string_view TextOf(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

std::string_view TextOf(const flatbuffers::Vector<uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

std::string_view ContentTypeOf(const flatbuffers::String* type) {
  return type == nullptr ? schema::kDefaultContentType : TextOf(type);
}

}  // namespace stet::core
