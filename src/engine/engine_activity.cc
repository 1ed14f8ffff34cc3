// Conditions, decided by the loop itself as soon as their attempts are released: they hold no worker.
#include "engine/engine_activity.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "engine/activity_context.h"
#include "schema/json_value.h"

namespace stet::engine {
namespace {

absl::StatusOr<Payload> Decide(ActivityContext& context) {
  // Activities of tasks are called with no other context.
  const core::TaskExtra* extra = static_cast<const AttemptContext&>(context).extra();
  if (core::KindOf(extra) != TaskKind::kConditional) {
    return absl::UnimplementedError(
        fmt::format("task \"{}\" has no activity and nothing to decide", context.task()));
  }
  ASSIGN_OR_RETURN(const Payload output, context.output(extra->value_task));
  const absl::StatusOr<bool> holds =
      schema::Holds(output.bytes, extra->value_pointer, extra->op, extra->operand);
  if (!holds.ok()) {
    return absl::FailedPreconditionError(fmt::format("the output of \"{}\": {}", extra->value_task,
                                                     std::string(holds.status().message())));
  }
  return Payload(*holds ? "true" : "false");
}

}  // namespace

const Activity& EngineActivity() {
  static const Activity kDecide = Decide;
  return kDecide;
}

}  // namespace stet::engine
