// Calls codecs, and marks what they made.
#include "engine/codec.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status_macros.h"
#include "schema/pack.h"

namespace stet::engine {
namespace {

constexpr std::string_view kEncoded = "encoded/";
constexpr size_t kNameBytesMax = 32;

bool IsCodecName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

// The host's code may throw.
template <class Call>
absl::StatusOr<std::string> Guarded(std::string_view what, Call call) {
  absl::StatusOr<std::string> bytes;
  try {
    bytes = call();
  } catch (const std::exception& exception) {
    return absl::UnknownError(fmt::format("codec: {}: exception: {}", what, exception.what()));
  } catch (...) {
    return absl::UnknownError(fmt::format("codec: {}: exception of an unknown type", what));
  }
  if (bytes.ok()) return bytes;
  return absl::Status(bytes.status().code(),
                      fmt::format("codec: {}: {}", what, std::string(bytes.status().message())));
}

}  // namespace

absl::Status CheckCodec(const PayloadCodec* codec) {
  if (codec == nullptr || IsCodecName(codec->name())) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("a codec's name is 1 to {} of a-z, 0-9, '-', '_' and '.', not '{}'",
                  kNameBytesMax, codec->name()));
}

bool IsEncoded(const Payload& payload) { return payload.content_type.starts_with(kEncoded); }

absl::StatusOr<Payload> Encode(PayloadCodec* codec, Payload payload) {
  if (codec == nullptr || payload.bytes.empty()) return payload;
  ASSIGN_OR_RETURN(payload.bytes, Guarded("encode", [&] { return codec->Encode(payload.bytes); }));
  std::string type = fmt::format("{}{}", kEncoded, codec->name());
  if (payload.content_type != schema::kDefaultContentType) type += ";" + payload.content_type;
  payload.content_type = std::move(type);
  return payload;
}

absl::StatusOr<Payload> Decode(PayloadCodec* codec, Payload stored) {
  if (!IsEncoded(stored)) return stored;
  const std::string_view type = std::string_view(stored.content_type).substr(kEncoded.size());
  const size_t end = std::min(type.find(';'), type.size());
  const std::string_view name = type.substr(0, end);
  if (codec == nullptr || codec->name() != name) {
    return absl::FailedPreconditionError(fmt::format(
        "a payload was encoded by codec '{}', and the engine has {}: open it with that one", name,
        codec == nullptr ? "none" : fmt::format("'{}'", codec->name())));
  }
  std::string given(end == type.size() ? schema::kDefaultContentType : type.substr(end + 1));
  ASSIGN_OR_RETURN(stored.bytes, Guarded("decode", [&] { return codec->Decode(stored.bytes); }));
  stored.content_type = std::move(given);
  return stored;
}

void DecodeInPlace(PayloadCodec* codec, Payload& payload) {
  if (!IsEncoded(payload)) return;
  absl::StatusOr<Payload> given = Decode(codec, payload);
  if (given.ok()) payload = *std::move(given);
}

}  // namespace stet::engine
