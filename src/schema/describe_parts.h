// What the JSON of several tables is made of.
#pragma once

#include <string>
#include <string_view>

#include <flatbuffers/flatbuffers.h>

#include "schema/describe.h"

namespace stet::schema {

// Empty when absent.
std::string_view View(const flatbuffers::String* text);
std::string_view View(const flatbuffers::Vector<uint8_t>* bytes);

// 32 hex digits.
std::string Hash(uint64_t high, uint64_t low);

// At most `size_max` bytes: cut behind a whole character, if there are characters.
std::string_view Cut(std::string_view bytes, size_t size_max);

// {"content_type", "bytes", "text" or "base64"}, of as much as the options allow.
std::string PayloadJson(std::string_view bytes, const flatbuffers::String* content_type,
                        const DescribeOptions& options);

}  // namespace stet::schema
