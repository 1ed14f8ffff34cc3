// Answers those who wait.
#include "engine/waiters.h"

#include <vector>

namespace stet::engine {

void Waiters::Remove(const ReportReply& reply) {
  for (auto entry = waiting_.begin(); entry != waiting_.end(); ++entry) {
    if (std::erase(entry->second, reply) == 0) continue;
    if (entry->second.empty()) waiting_.erase(entry);
    return;
  }
}

void Waiters::Answer(uint64_t execution, const absl::StatusOr<ExecutionReport>& report) {
  const auto found = waiting_.find(execution);
  if (found == waiting_.end()) return;
  for (const ReportReply& reply : found->second) reply->Set(report);
  waiting_.erase(found);
}

void Waiters::FailAll(const absl::Status& status) {
  for (const auto& [execution, replies] : waiting_) {
    for (const ReportReply& reply : replies) reply->Set(status);
  }
  waiting_.clear();
}

}  // namespace stet::engine
