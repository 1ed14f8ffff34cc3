// The machine's files, with asynchronous writes through io_uring.
#pragma once

#include <memory>

#include "stet/wal/storage.h"

namespace stet::wal {

// Kernels before 6.1 only with `any_kernel`.
// Errors: Unavailable, with the reason, if this kernel, its settings or this build do not allow
// io_uring.
absl::StatusOr<std::unique_ptr<Storage>> OpenUringStorage(bool any_kernel);

}  // namespace stet::wal
