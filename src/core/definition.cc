// Definitions: looking tasks up, and back to what the user wrote.
#include "core/definition.h"

#include <algorithm>
#include <utility>

#include <absl/container/btree_map.h>
#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"

namespace stet::core {

std::optional<uint32_t> Definition::Find(std::string_view task_name_to_find) const {
  return by_name_.Find(task_name_to_find, [this](uint32_t task) { return task_name(task); });
}

std::optional<uint32_t> Definition::compensation(uint32_t task) const {
  const auto at = std::lower_bound(undone_.begin(), undone_.end(), task);
  if (at == undone_.end() || *at != task) return std::nullopt;
  return declared_ + static_cast<uint32_t>(at - undone_.begin());
}

bool Definition::is_spared(uint32_t task) const {
  if (is_compensation(task)) return true;
  const TaskExtra* more = extra(task);
  return more != nullptr && (more->trigger != fb::Trigger::None ||
                             more->on_upstream_failure == fb::UpstreamFailure::Run);
}

std::string CompensationName(std::string_view task) { return fmt::format("compensate:{}", task); }

Task Definition::ToTask(uint32_t task) const {
  const fb::TaskPolicy& p = policy(task);
  Task written = {.name = std::string(task_name(task)),
                  .activity = std::string(activity(task)),
                  .config = std::string(config(task)),
                  .priority = priority(task),
                  .retry = {.max_attempts = p.max_attempts(),
                            .max_lost = p.max_lost(),
                            .backoff = {.kind = static_cast<BackoffKind>(p.backoff()),
                                        .base = absl::Nanoseconds(p.base()),
                                        .factor = p.factor(),
                                        .cap = absl::Nanoseconds(p.cap()),
                                        .jitter = p.jitter()}}};
  if (p.timeout() != 0) written.timeout = absl::Nanoseconds(p.timeout());
  for (const uint32_t parent : parents(task)) written.after.emplace_back(task_name(parent));
  if (const TaskExtra* more = extra(task)) RestoreExtra(*more, written);
  return written;
}

Workflow Definition::ToWorkflow() const {
  Workflow workflow = {.name = name_};
  workflow.tasks.reserve(declared());
  for (uint32_t task = 0; task < declared(); ++task) workflow.tasks.push_back(ToTask(task));
  return workflow;
}

absl::StatusOr<PreparedWorkflow> PreparedWorkflow::Make(Workflow workflow, uint32_t tasks_max) {
  ASSIGN_OR_RETURN(Edges edges, CheckWorkflow(workflow, tasks_max));
  PreparedWorkflow prepared;
  prepared.hash_ = HashOf(workflow);
  prepared.workflow_ = std::move(workflow);
  prepared.child_ = std::move(edges.child);
  prepared.parent_ = std::move(edges.parent);
  return prepared;
}

void Definition::NumberGates(absl::FunctionRef<uint32_t(std::string_view breaker)> breaker) {
  absl::btree_map<std::string_view, uint32_t> known;
  for (const TaskExtra& extra : extras_) {
    Gates gates;
    if (!extra.breaker.empty()) gates.breaker = breaker(extra.breaker);
    if (!extra.concurrency_key.empty()) {
      const auto [at, is_new] =
          known.try_emplace(extra.concurrency_key, static_cast<uint32_t>(key_patterns_.size()));
      if (is_new) key_patterns_.push_back(extra.concurrency_key);
      gates.key = at->second;
    }
    gates_.push_back(gates);
  }
}

}  // namespace stet::core
