// One attempt after the other.
#include "engine/inline_workers.h"

#include <iterator>
#include <utility>

namespace stet::engine {

void InlineWorkers::Dispatch(std::vector<std::unique_ptr<Attempt>>& attempts) {
  std::move(attempts.begin(), attempts.end(), std::back_inserter(queue_));
  attempts.clear();
}

std::vector<std::unique_ptr<Attempt>> InlineWorkers::Withdraw() {
  std::vector<std::unique_ptr<Attempt>> withdrawn(std::move_iterator(queue_.begin()),
                                                  std::move_iterator(queue_.end()));
  queue_.clear();
  return withdrawn;
}

bool InlineWorkers::RunNext() {
  if (queue_.empty()) return false;
  std::unique_ptr<Attempt> attempt = std::move(queue_.front());
  queue_.pop_front();
  // One that was told to stop while it waited has nothing to begin.
  attempt->result = attempt->stopped() == StopReason::kNone
                        ? RunActivity(*attempt)
                        : absl::CancelledError("stopped before it began");
  inbox_->Push(std::move(attempt));
  return true;
}

}  // namespace stet::engine
