// The queue behind the log.
#include "engine/outbox.h"

#include <algorithm>

namespace stet::engine {

void Outbox::Fail(const absl::Status& status) {
  while (!items_.empty()) {
    Item item = Take().second;
    if (Answer* answer = std::get_if<Answer>(&item)) (*answer)(status);
  }
}

bool Outbox::Holds(const core::Effect& effect) const {
  return std::any_of(items_.begin(), items_.end(), [&](const auto& item) {
    const core::Effect* held = std::get_if<core::Effect>(&item.second);
    return held != nullptr && *held == effect;
  });
}

}  // namespace stet::engine
