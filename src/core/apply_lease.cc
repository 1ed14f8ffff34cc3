// Events of leases that workers have.
#include <fmt/format.h>

#include "core/appliers.h"

namespace stet::core {

absl::Status ApplyEvent(const fb::LeasesRenewed& event, Editor& editor) {
  const std::string_view worker = event.worker()->string_view();
  for (flatbuffers::uoffset_t i = 0; i < event.tasks()->size(); ++i) {
    const uint32_t task = event.tasks()->Get(i);
    Execution* execution = editor.execution(event.executions()->Get(i));
    if (execution == nullptr || IsTerminal(execution->state) || task >= execution->tasks.size()) {
      return Contradiction(fmt::format("entry {}: no execution runs there", i));
    }
    const RunLease* lease = execution->notes.LeaseOf(task);
    if (lease == nullptr || lease->worker != worker ||
        execution->tasks[task].order != event.attempts()->Get(i)) {
      return Contradiction(fmt::format("worker '{}' does not have task {}", worker, task));
    }
    if (event.until() <= lease->until) return Contradiction("a lease that ends later already");
    editor.SetLease(*execution, task, worker, event.until());
    editor.Touch(*execution);
  }
  return absl::OkStatus();
}

}  // namespace stet::core
