// What a Replayed holds.
#pragma once

#include "engine/books.h"
#include "stet/inspect.h"
#include "stet/wal/recovery.h"

namespace stet {

class Replayed::Impl {
 public:
  wal::RecoveryReport log = {};
  engine::Books books = {};
};

}  // namespace stet
