// The machine's files, with asynchronous writes through io_uring.
#include "wal/io/uring_storage.h"

#include "base/status_macros.h"
#include "wal/io/posix_storage.h"
#include "wal/io/ring.h"
#include "wal/io/uring_queue.h"

namespace stet::wal {
namespace {

class UringStorage final : public PosixStorage {
 public:
  absl::StatusOr<std::unique_ptr<Queue>> NewQueue() override { return UringQueue::Create(); }
  std::string name() const override { return "io_uring"; }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Storage>> OpenUringStorage(bool any_kernel) {
  // Made and dropped, to know now rather than when the first batch is to be written.
  ASSIGN_OR_RETURN(const std::unique_ptr<Ring> trial, Ring::Create(1));
  if (trial->grade() != Ring::Grade::kDeferred && !any_kernel) {
    return absl::UnavailableError("io_uring: the kernel is older than 6.1; some of those hang");
  }
  return std::make_unique<UringStorage>();
}

}  // namespace stet::wal
