// What a task record can tell about itself.
#include "stet/task_record.h"

namespace stet {

std::optional<absl::Duration> TaskRecord::duration() const {
  if (!started_at || !finished_at || *finished_at < *started_at) return std::nullopt;
  return *finished_at - *started_at;
}

}  // namespace stet
