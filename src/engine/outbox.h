// What may leave only when the events behind it are released: effects and replies, in order of seq.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <variant>

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>

#include "core/effect.h"

namespace stet::engine {

// Gets OK, or what poisoned the log: then nothing of what was asked is promised.
using Answer = absl::AnyInvocable<void(const absl::Status&)>;

// Not thread-safe: the loop owns it.
class Outbox {
 public:
  using Item = std::variant<core::Effect, Answer>;

  // `seq` must not be below that of the last item.
  void Add(uint64_t seq, const core::Effect& effect) { items_.push_back({seq, effect}); }
  void Add(uint64_t seq, Answer answer) { items_.push_back({seq, std::move(answer)}); }

  // Whether an item may leave.
  bool HasReleased(uint64_t released) const {
    return !items_.empty() && items_.front().first <= released;
  }

  // The item in front, with its seq.
  std::pair<uint64_t, Item> Take() {
    std::pair<uint64_t, Item> item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

  // Gives `status` to every answer and drops every effect.
  void Fail(const absl::Status& status);

  bool empty() const { return items_.empty(); }
  // Looks through all of them.
  bool Holds(const core::Effect& effect) const;

 private:
  std::deque<std::pair<uint64_t, Item>> items_;
};

}  // namespace stet::engine
