// Asynchronous writes and flushes.
#include "tests/sim/sim_queue.h"

#include <errno.h>

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace stet::wal {
namespace {

bool Writes(const Op& op) { return op.kind != Op::Kind::kFlush; }

}  // namespace

// No disk says which of two writes to one place comes last.
void SimQueue::CheckUse(const Op& op) {
  if (!Writes(op)) return;
  const auto address = reinterpret_cast<uintptr_t>(op.data.data());
  if ((op.offset | op.data.size() | address) % kSimBlock != 0) {
    storage_.misuse_ =
        fmt::format("a write that is not aligned: {} at {}", op.file->path(), op.offset);
  }
  for (const Pending& other : pending_) {
    const bool apart = op.offset >= other.op.offset + other.op.data.size() ||
                       other.op.offset >= op.offset + op.data.size();
    if (!Writes(other.op) || other.op.file != op.file || apart) continue;
    storage_.misuse_ =
        fmt::format("two writes in flight to one place: {} at {}", op.file->path(), op.offset);
  }
}

// From here on a power cut may leave any part of a write on the disk.
absl::Status SimQueue::Submit(std::span<const Op> ops) {
  for (const Op& op : ops) {
    CheckUse(op);
    if (pending_.size() >= depth()) storage_.misuse_ = "more in flight than the queue's depth";
    Pending pending{.op = op, .covers = storage_.disk_.last_number()};
    if (Writes(op)) {
      pending.write = storage_.disk_.NextNumber();
      if (!storage_.dead_) Content(op).Start(pending.write, op.offset, op.data);
    }
    if (storage_.order == SimOrder::kTimed) {
      pending.due_ns =
          storage_.now_ns_ + 20'000 + static_cast<int64_t>(storage_.random_() % 400'000);
    }
    pending_.push_back(pending);
  }
  return absl::OkStatus();
}

std::optional<size_t> SimQueue::Choose(bool may_wait, int64_t until_ns) {
  if (pending_.empty()) return std::nullopt;
  if (storage_.order == SimOrder::kTimed) {
    const auto next =
        std::min_element(pending_.begin(), pending_.end(),
                         [](const Pending& a, const Pending& b) { return a.due_ns < b.due_ns; });
    if (next->due_ns > until_ns) return std::nullopt;
    return static_cast<size_t>(next - pending_.begin());
  }
  if (!may_wait) return std::nullopt;
  if (!storage_.script.empty()) {
    const size_t next = storage_.script.front();
    storage_.script.erase(storage_.script.begin());
    return std::min(next, pending_.size() - 1);
  }
  if (storage_.order == SimOrder::kLifo) return pending_.size() - 1;
  return storage_.order == SimOrder::kRandom ? storage_.random_() % pending_.size() : 0;
}

absl::StatusOr<size_t> SimQueue::Reap(std::span<Completion> out, absl::Duration wait_max) {
  // A writer that asks on and on without waiting would not end here: no time passes.
  ++storage_.reaps_;
  ++storage_.empty_reaps_;
  assert(storage_.empty_reaps_ < 100'000);
  const bool may_wait = wait_max > absl::ZeroDuration();
  const int64_t until_ns =
      storage_.now_ns_ +
      (may_wait ? absl::ToInt64Nanoseconds(std::min(wait_max, absl::Seconds(1))) : 0);
  size_t count = 0;
  while (count < out.size()) {
    const std::optional<size_t> index =
        Choose(may_wait && count == 0, count == 0 ? until_ns : storage_.now_ns_);
    if (!index) break;
    const Pending pending = pending_[*index];
    pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(*index));
    storage_.now_ns_ = std::max(storage_.now_ns_, pending.due_ns);
    out[count++] = {.token = pending.op.token, .result = Execute(pending)};
  }
  if (count > 0 || may_wait) storage_.empty_reaps_ = 0;
  if (count == 0 && may_wait) storage_.now_ns_ = until_ns;
  return count;
}

int64_t SimQueue::ExecuteFlush(const Pending& pending) {
  const Op& op = pending.op;
  const int error = storage_.Count(storage_.faults.flush_error,
                                   [&] { return "queued flush " + op.file->path(); });
  if (error != 0) {
    storage_.FailFlush(&Content(op), pending.covers);
    return -error;
  }
  if (storage_.TellsCacheLoss(&Content(op))) return -EIO;
  Content(op).Flush(pending.covers);
  return 0;
}

// How much of a write is done: all, or less, in sectors.
uint64_t SimQueue::LengthDone(const Op& op) {
  ++storage_.queued_writes_;
  if (storage_.queued_writes_ == storage_.faults.short_write) {
    return std::min<uint64_t>(op.data.size() - 1, kSimBlock) / kSimBlock * kSimBlock;
  }
  if (!storage_.Chance(storage_.faults.short_rate)) return op.data.size();
  storage_.Say("-- short");
  return storage_.random_() % (op.data.size() / kSimSector) * kSimSector;
}

// The medium's faults: whether the write did not reach its place.
bool SimQueue::Misplace(const Pending& pending) {
  const SimFaults& faults = storage_.faults;
  const uint64_t number = storage_.queued_writes_;
  const bool lost = number == faults.lose_write;
  const bool elsewhere = number == faults.misdirect_write;
  const bool twice = number == faults.duplicate_write;
  if (!lost && !elsewhere && !twice) return false;
  const Op& op = pending.op;
  SimContent& content = Content(op);
  storage_.damaged_ = fmt::format("{} at {}, {} bytes", op.file->path(), op.offset, op.data.size());
  if (elsewhere || twice) {
    const uint64_t blocks = content.size() / kSimBlock;
    const uint64_t place = storage_.random_() % blocks * kSimBlock;
    storage_.damaged_ += fmt::format(", written at {}", place);
    content.Overwrite(place, op.data);
  }
  storage_.Say("-- " +
               std::string(lost        ? "lost"
                           : elsewhere ? "misdirected"
                                       : "duplicated") +
               ": " + storage_.damaged_);
  if (!twice) content.Forget(pending.write);
  return !twice;
}

int64_t SimQueue::Execute(const Pending& pending) {
  const Op& op = pending.op;
  if (op.kind == Op::Kind::kFlush) return ExecuteFlush(pending);
  const int error = storage_.Count(storage_.faults.write_error, [&] {
    return fmt::format("queued write {} at {}, {} bytes", op.file->path(), op.offset,
                       op.data.size());
  });
  if (error != 0) return -error;
  if (storage_.Chance(storage_.faults.busy_rate))
    return storage_.random_() % 2 == 0 ? -EAGAIN : -EINTR;
  const uint64_t done = LengthDone(op);
  if (Misplace(pending)) return static_cast<int64_t>(done);
  SimContent& content = Content(op);
  content.Complete(pending.write, op.offset + done, storage_.disk_.NextNumber());
  if (op.kind == Op::Kind::kWriteDurable) content.MakeDurable(pending.write, op.offset + done);
  // A short write cancels the flush linked to it.
  if (op.kind == Op::Kind::kWriteLinkedFlush && done == op.data.size()) {
    if (const int64_t result = ExecuteFlush(pending); result < 0) return result;
    content.MakeDurable(pending.write, op.offset + done);
  }
  return static_cast<int64_t>(done);
}

}  // namespace stet::wal
