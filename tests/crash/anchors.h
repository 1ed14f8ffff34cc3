// The anchor that a writer process left, as Recover takes it.
#pragma once

#include <vector>

#include "stet/wal/recovery.h"
#include "tests/crash/shared_plan.h"

namespace stet::wal {

inline std::vector<Anchor> AnchorsOf(const Promises& promises) {
  const uint64_t number = promises.anchor;
  if (number == 0) return {};
  const SharedAnchor& anchor = promises.anchors[number % 2];
  return {{.seq = anchor.seq,
           .lsn = anchor.lsn,
           .batch_id = {.low = anchor.batch_id_low, .high = anchor.batch_id_high}}};
}

}  // namespace stet::wal
