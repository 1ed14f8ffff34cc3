// Joining and leaving a line.
#include "core/ready_lane.h"

#include <algorithm>
#include <cassert>

namespace stet::core {
namespace {

// Gaps and places before the front that are worth moving the line for.
constexpr size_t kSlack = 64;

bool Before(const ReadyEntry& entry, uint64_t order) { return entry.order < order; }

}  // namespace

const ReadyEntry& ReadyLane::front() const {
  assert(!empty());
  const bool late = live_ == 0 || (!late_.empty() && late_.begin()->first < line_[head_].order);
  return late ? late_.begin()->second : line_[head_];
}

void ReadyLane::Insert(const ReadyEntry& entry) {
  if (!line_.empty() && entry.order <= line_.back().order) {
    late_.emplace(entry.order, entry);
    return;
  }
  line_.push_back(entry);
  ++live_;
}

void ReadyLane::Erase(uint64_t order) {
  if (live_ == 0 || line_[head_].order != order) return EraseWithin(order);
  --live_;
  ++head_;
  DropGaps();
}

void ReadyLane::EraseWithin(uint64_t order) {
  const auto at =
      std::lower_bound(line_.begin() + static_cast<ptrdiff_t>(head_), line_.end(), order, Before);
  if (at == line_.end() || at->order != order || at->task == kNoTask) {
    [[maybe_unused]] const size_t erased = late_.erase(order);
    assert(erased == 1);
    return;
  }
  at->task = kNoTask;
  --live_;
  DropGaps();
}

void ReadyLane::DropGaps() {
  if (live_ == 0) {
    line_.clear();
    head_ = 0;
    return;
  }
  while (line_[head_].task == kNoTask) ++head_;
  if (line_.size() - live_ <= live_ + kSlack) return;
  line_.erase(line_.begin(), line_.begin() + static_cast<ptrdiff_t>(head_));
  std::erase_if(line_, [](const ReadyEntry& entry) { return entry.task == kNoTask; });
  head_ = 0;
}

}  // namespace stet::core
