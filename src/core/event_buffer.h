// A group of events under construction.  Reused from command to command, so that the hot path
// allocates nothing.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/breakers.h"
#include "core/event.h"
#include "schema/event_type.h"
#include "schema/pack.h"

namespace stet::core {

struct DecideOptions {
  uint32_t part_tasks = 4096;     // a set of tasks is cut here
  uint32_t part_bytes = 2 << 20;  // a definition is cut here
  BreakerPolicies breakers = {};
};

// A set of tasks that is emptied in no time.
class TaskSet {
 public:
  // Empties it; it may then hold 0..tasks-1.
  void Begin(size_t tasks) {
    if (marks_.size() < tasks) marks_.resize(tasks, 0);
    if (++round_ == 0) {
      marks_.assign(marks_.size(), 0);
      round_ = 1;
    }
  }
  // False when it was in already.
  bool Insert(uint32_t task) {
    if (marks_[task] == round_) return false;
    marks_[task] = round_;
    return true;
  }

 private:
  std::vector<uint32_t> marks_;
  uint32_t round_ = 0;
};

// Not thread-safe.
class EventBuffer {
 public:
  explicit EventBuffer(DecideOptions options = {}) : options_(std::move(options)) {}

  const DecideOptions& options() const { return options_; }
  schema::Packer& pack() { return packer_; }

  // Room for Decide's intermediate results, kept for the next command.
  std::vector<uint32_t>& picks() { return picks_; }
  TaskSet& picked() { return picked_; }

  // Forgets the group.  `next_seq` is the seq of its first event.
  void Begin(uint64_t next_seq);

  // The seq that the next event gets.
  uint64_t next_seq() const { return next_seq_ + entries_.size(); }

  // Appends an event; `payload` is copied.
  void Add(uint64_t stream, schema::EventType type, Bytes payload);

  bool empty() const { return entries_.empty(); }

  // The group, in order.  Valid until the buffer changes.
  std::span<const EventRef> events();

 private:
  struct Entry {
    uint64_t stream = 0;
    size_t begin = 0;
    size_t bytes = 0;
    uint16_t type = 0;
  };
  DecideOptions options_;
  schema::Packer packer_;
  std::vector<uint32_t> picks_;
  TaskSet picked_;
  uint64_t next_seq_ = 1;
  std::vector<std::byte> arena_;
  std::vector<Entry> entries_;
  std::vector<EventRef> events_;
};

}  // namespace stet::core
