// A queue that does its work in Submit.
#include "wal/io/posix_queue.h"

#include <errno.h>

#include <algorithm>

#include "wal/io/posix_file.h"

namespace stet::wal {
namespace {

int64_t Execute(const Op& op) {
  auto* file = static_cast<PosixFile*>(op.file);
  switch (op.kind) {
    case Op::Kind::kWrite:
      return file->WriteOnce(op.offset, op.data, false);
    case Op::Kind::kWriteDurable:
      return file->WriteOnce(op.offset, op.data, true);
    case Op::Kind::kFlush:
      return file->FlushOnce();
  }
  return -EINVAL;
}

}  // namespace

absl::Status PosixQueue::Submit(std::span<const Op> ops) {
  for (const Op& op : ops) done_.push_back({.token = op.token, .result = Execute(op)});
  return absl::OkStatus();
}

absl::StatusOr<size_t> PosixQueue::Reap(std::span<Completion> out, absl::Duration wait_max) {
  const size_t count = std::min(out.size(), done_.size());
  std::copy_n(done_.begin(), count, out.begin());
  done_.erase(done_.begin(), done_.begin() + static_cast<ptrdiff_t>(count));
  if (count != 0 || wait_max <= absl::ZeroDuration()) return count;

  // Nothing can complete while we wait: only Wake or the time ends it.
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(wait_max);
  MutexLock lock(mutex_);
  while (!woken_) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) break;
    woken_condition_.WaitFor(mutex_, left);
  }
  woken_ = false;
  return 0;
}

void PosixQueue::Wake() {
  MutexLock lock(mutex_);
  woken_ = true;
  woken_condition_.NotifyOne();
}

}  // namespace stet::wal
