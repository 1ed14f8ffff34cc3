// Turns whatever an activity does into a result.
#include <exception>

#include <fmt/format.h>

#include "engine/activity_context.h"
#include "engine/workers.h"

namespace stet::engine {

absl::StatusOr<Payload> RunActivity(Attempt& attempt) {
  AttemptContext context(&attempt);
  try {
    return (*attempt.activity)(context);
  } catch (const std::exception& exception) {
    return absl::UnknownError(fmt::format("exception: {}", exception.what()));
  } catch (...) {
    return absl::UnknownError("exception of an unknown type");
  }
}

}  // namespace stet::engine
