// What a RecoveredLog owns until a writer takes it over.
#pragma once

#include <memory>
#include <string>

#include "stet/wal/recovery.h"
#include "stet/wal/storage.h"
#include "wal/recovered_tail.h"

namespace stet::wal {

// The lock is released before the storage goes.
class RecoveredLog::Impl {
 public:
  std::unique_ptr<Storage> owned = {};  // null if the caller's is used
  Storage* storage = nullptr;
  std::unique_ptr<Lock> lock = {};
  RecoveryReport report = {};
  RecoveredTail tail = {};
};

// Marks `status` so that RefusalOf tells `refusal`.
void SetRefusal(Refusal refusal, absl::Status* status);

}  // namespace stet::wal
