// What a task record can tell about itself.
#include "stet/task_record.h"

#include "schema/event_type.h"
#include "stet/breaker.h"
#include "stet/report.h"

namespace stet {

std::optional<absl::Duration> TaskRecord::duration() const {
  if (!started_at || !finished_at || *finished_at < *started_at) return std::nullopt;
  return *finished_at - *started_at;
}

std::string_view ToString(AttemptOutcome outcome) {
  return schema::ToString(static_cast<schema::AttemptOutcome>(outcome));
}

std::string_view ToString(BreakerState state) {
  return schema::ToString(static_cast<schema::BreakerState>(state));
}

}  // namespace stet
