// Turns whatever an activity does into a result.
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "engine/activity_context.h"
#include "engine/codec.h"
#include "engine/workers.h"

namespace stet::engine {

namespace {

// Those that the activity asks for without being told of an error.
absl::Status DecodeGiven(Attempt& attempt) {
  for (SharedPayload* payload :
       {&attempt.input, &attempt.signal, &attempt.checkpoint, &attempt.state}) {
    if (*payload == nullptr || !IsEncoded(**payload)) continue;
    ASSIGN_OR_RETURN(Payload given, Decode(attempt.codec.get(), **payload));
    *payload = std::make_shared<const Payload>(std::move(given));
  }
  return absl::OkStatus();
}

absl::StatusOr<Payload> CallActivity(Attempt& attempt) {
  AttemptContext context(&attempt);
  try {
    return (*attempt.activity)(context);
  } catch (const std::exception& exception) {
    return absl::UnknownError(fmt::format("exception: {}", exception.what()));
  } catch (...) {
    return absl::UnknownError("exception of an unknown type");
  }
}

}  // namespace

absl::StatusOr<Payload> RunActivity(Attempt& attempt) {
  RETURN_IF_ERROR(DecodeGiven(attempt));
  absl::StatusOr<Payload> result = CallActivity(attempt);
  if (attempt.codec == nullptr || !result.ok()) return result;
  ASSIGN_OR_RETURN(attempt.stored, Encode(attempt.codec.get(), *result));
  return result;
}

}  // namespace stet::engine
