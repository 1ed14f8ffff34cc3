// Hashes of names: they place steps, and show nowhere.
#include "core/step_map.h"

#include <xxhash.h>

namespace stet::core {

uint64_t HashOf(const StepKeyView& key) {
  return XXH3_64bits_withSeed(key.name.data(), key.name.size(), key.occurrence);
}

}  // namespace stet::core
