// Digests of payloads: State remembers these in place of the bytes.
#pragma once

#include <string_view>

#include <flatbuffers/flatbuffers.h>

#include "core/ref.h"

namespace stet::core {

inline constexpr size_t kPayloadBytesMax = 8 << 20;
inline constexpr size_t kContentTypeBytesMax = 255;

// Of bytes and content type; 0 for no bytes of the default type.
uint64_t PayloadDigest(std::string_view bytes, std::string_view content_type);

// The reference to a payload in event `seq`.
PayloadRef MakePayloadRef(uint64_t seq, std::string_view bytes, std::string_view content_type);

// No bytes of the default content type: nobody needs to keep them.
inline bool IsEmpty(const PayloadRef& ref) { return ref.bytes == 0 && ref.digest == 0; }

// Views of optional parts of an event: empty, or the default, when absent.
std::string_view TextOf(const flatbuffers::String* text);
std::string_view TextOf(const flatbuffers::Vector<uint8_t>* bytes);
std::string_view ContentTypeOf(const flatbuffers::String* type);

}  // namespace stet::core
