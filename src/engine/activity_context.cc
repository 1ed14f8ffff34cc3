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
  const size_t count = attempt_.upstream.size();
  const size_t begin = next_output_.load(std::memory_order_relaxed);
  for (size_t i = 0; i < count; ++i) {
    const size_t at = begin + i < count ? begin + i : begin + i - count;
    const Upstream& upstream = attempt_.upstream[at];
    if (upstream.task != task) continue;
    next_output_.store(at + 1, std::memory_order_relaxed);
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
