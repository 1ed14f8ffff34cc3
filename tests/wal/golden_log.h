// The tiny log whose bytes are kept in tests/golden/wal_v1.hex.
#pragma once

#include <string>

#include "tests/wal/log_builder.h"

namespace stet::wal {

// Two epochs, three records, a seal, a clean close.
inline LogBuilder GoldenLog() {
  LogBuilder log;
  log.segment_bytes = 64 << 10;
  log.Segment();
  log.Batch({"hello", "world"}, 1, {}, 7);
  log.Durable();
  log.Batch({std::string(600, '\0') + "x"});
  log.Slot();
  log.End();
  log.epoch = 2;
  log.Segment();
  log.Batch({"again"}, 1, {}, 8);
  log.Slot(true);
  return log;
}

}  // namespace stet::wal
