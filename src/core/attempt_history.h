// What is remembered of a task's attempts: the last ones, for whoever has to understand a failure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <absl/container/btree_map.h>

#include "core/ref.h"
#include "schema/event_type.h"

namespace stet::core {

inline constexpr size_t kHistoryMax = 20;

// One ended attempt.  Times in ns.
struct AttemptNote {
  uint64_t seq = 0;  // of its AttemptStarted
  uint32_t generation = 1;
  uint32_t attempt = 0;  // within the generation, from 1
  uint32_t epoch = 0;
  schema::AttemptOutcome outcome = schema::AttemptOutcome::Success;
  int64_t started_at = 0;
  int64_t finished_at = 0;
  PayloadRef error = {};  // none for a success
  friend bool operator==(const AttemptNote&, const AttemptNote&) = default;
};

// The histories of an execution's tasks.  A task whose first attempt succeeds has none: its record says it all.
class AttemptHistory {
 public:
  // Oldest first; forgets what is older than the last kHistoryMax.
  void Add(uint32_t task, const AttemptNote& note) {
    std::vector<AttemptNote>& notes = by_task_[task];
    if (notes.size() == kHistoryMax) notes.erase(notes.begin());
    notes.push_back(note);
  }
  bool Has(uint32_t task) const { return !by_task_.empty() && by_task_.contains(task); }
  std::span<const AttemptNote> of(uint32_t task) const {
    const auto at = by_task_.find(task);
    return at == by_task_.end() ? std::span<const AttemptNote>() : at->second;
  }
  const absl::btree_map<uint32_t, std::vector<AttemptNote>>& by_task() const { return by_task_; }

  friend bool operator==(const AttemptHistory& a, const AttemptHistory& b) {
    return a.by_task_ == b.by_task_;
  }

 private:
  absl::btree_map<uint32_t, std::vector<AttemptNote>> by_task_ = {};
};

}  // namespace stet::core
