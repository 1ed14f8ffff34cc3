// The queue behind the log.
#include "engine/outbox.h"

namespace stet::engine {

void Outbox::Fail(const absl::Status& status) {
  while (!items_.empty()) {
    Item item = Take().second;
    if (Answer* answer = std::get_if<Answer>(&item)) (*answer)(status);
  }
}

}  // namespace stet::engine
