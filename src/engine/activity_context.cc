// Answers an activity's questions.
#include "engine/activity_context.h"

#include <fmt/format.h>

#include "base/format.h"
#include "engine/codec.h"

namespace stet::engine {
namespace {

const Payload& NoPayload() {
  static const Payload kEmpty;
  return kEmpty;
}

}  // namespace

const Payload& AttemptContext::input() const {
  return attempt_.input ? *attempt_.input : NoPayload();
}

absl::StatusOr<Payload> AttemptContext::output(std::string_view task) const {
  for (const Upstream& upstream : attempt_.upstream) {
    if (upstream.task != task) continue;
    if (upstream.output == nullptr) return NoPayload();
    return Decode(attempt_.codec.get(), *upstream.output);
  }
  return absl::NotFoundError(
      fmt::format("task \"{}\" does not depend on \"{}\"", attempt_.task_name, task));
}

std::vector<std::string_view> AttemptContext::upstream() const {
  std::vector<std::string_view> names;
  names.reserve(attempt_.upstream.size());
  for (const Upstream& upstream : attempt_.upstream) names.push_back(upstream.task);
  return names;
}

std::string AttemptContext::idempotency_key() const {
  return fmt::format("{:016x}/{}/{}", attempt_.run.execution, attempt_.task_name, attempt_.run_id);
}

}  // namespace stet::engine
