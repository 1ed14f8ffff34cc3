// A queue whose operations are plain system calls, made by threads of its own.
#include "wal/io/posix_queue.h"

#include <errno.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/io/posix_file.h"
#include "wal/io/start_thread.h"

namespace stet::wal {
namespace {

// Each operation costs a switch of threads: a device that gains by more of them is better served by
// io_uring.
constexpr size_t kThreadsMax = 4;

// One write and, if that wrote all, one flush.
int64_t WriteAndFlush(PosixFile* file, const Op& op) {
  const int64_t written = file->WriteOnce(op.offset, op.data, false);
  if (written != static_cast<int64_t>(op.data.size())) return written;
  const int64_t flushed = file->FlushOnce();
  return flushed < 0 ? flushed : written;
}

int64_t Execute(const Op& op) {
  auto* file = static_cast<PosixFile*>(op.file);
  switch (op.kind) {
    case Op::Kind::kWrite:
      return file->WriteOnce(op.offset, op.data, false);
    case Op::Kind::kWriteDurable:
      return file->WriteOnce(op.offset, op.data, true);
    case Op::Kind::kWriteLinkedFlush:
      return WriteAndFlush(file, op);
    case Op::Kind::kFlush:
      return file->FlushOnce();
  }
  return -EINVAL;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Queue>> PosixQueue::Create() {
  std::unique_ptr<PosixQueue> queue(new PosixQueue);
  MutexLock lock(queue->mutex_);
  RETURN_IF_ERROR(queue->AddThread());
  return queue;
}

PosixQueue::~PosixQueue() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    work_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

absl::Status PosixQueue::AddThread() {
  ASSIGN_OR_RETURN(std::thread thread,
                   StartThread("a thread of the log's queue", [this] { ThreadMain(); }));
  threads_.push_back(std::move(thread));
  stats_.setup = fmt::format("{} threads", threads_.size());
  return absl::OkStatus();
}

absl::Status PosixQueue::Submit(std::span<const Op> ops) {
  MutexLock lock(mutex_);
  submitted_.insert(submitted_.end(), ops.begin(), ops.end());
  in_flight_ += ops.size();
  while (threads_.size() < std::min(in_flight_, kThreadsMax)) {
    // Those that there are do all of it, if later.
    if (const absl::Status added = AddThread(); !added.ok()) {
      stats_.refused = std::string(added.message());
      break;
    }
  }
  for (size_t i = 0; i < ops.size(); ++i) work_.NotifyOne();
  return absl::OkStatus();
}

QueueStats PosixQueue::stats() const {
  MutexLock lock(mutex_);
  return stats_;
}

void PosixQueue::Count(const Op& op) {
  if (op.kind != Op::Kind::kFlush) ++stats_.writes;
  if (op.kind != Op::Kind::kWrite) ++stats_.flushes;
  stats_.system_calls += op.kind == Op::Kind::kWriteLinkedFlush ? 2 : 1;
}

absl::StatusOr<size_t> PosixQueue::Reap(std::span<Completion> out, absl::Duration wait_max) {
  MutexLock lock(mutex_);
  if (completed_.empty() && !woken_ && wait_max > absl::ZeroDuration()) {
    const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(wait_max);
    while (completed_.empty() && !woken_) {
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left <= std::chrono::nanoseconds(0)) break;
      done_.WaitFor(mutex_, left);
    }
  }
  if (wait_max > absl::ZeroDuration()) woken_ = false;
  const size_t count = std::min(out.size(), completed_.size());
  std::copy_n(completed_.begin(), count, out.begin());
  completed_.erase(completed_.begin(), completed_.begin() + static_cast<ptrdiff_t>(count));
  return count;
}

void PosixQueue::Wake() {
  MutexLock lock(mutex_);
  woken_ = true;
  done_.NotifyOne();
}

void PosixQueue::ThreadMain() {
  mutex_.Lock();
  while (true) {
    while (submitted_.empty() && !stop_) work_.Wait(mutex_);
    // What was submitted completes, also at the end: its buffers are freed after that.
    if (submitted_.empty()) break;
    const Op op = submitted_.front();
    submitted_.pop_front();
    mutex_.Unlock();
    const Completion completion{.token = op.token, .result = Execute(op)};
    mutex_.Lock();
    Count(op);
    --in_flight_;
    completed_.push_back(completion);
    done_.NotifyOne();
  }
  mutex_.Unlock();
}

}  // namespace stet::wal
