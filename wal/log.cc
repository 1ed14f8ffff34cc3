// The log, as its callers see it: adding groups, waiting for them.
#include "stet/wal/log.h"

#include <algorithm>
#include <utility>

#include <absl/container/inlined_vector.h>
#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/io/futex.h"
#include "wal/io/start_thread.h"
#include "wal/log_impl.h"
#include "wal/read_plan.h"
#include "wal/recovered_log.h"
#include "wal/writer_limits.h"

namespace stet::wal {
namespace {

constexpr uint64_t kStagingBytes = 4 << 20;

}  // namespace

Log::Impl::Impl(const Options& options)
    : options_(options), buffer_(kStagingBytes, BatchBytesMaxOf(options.segment_bytes)) {}

Log::Impl::~Impl() {
  Close().IgnoreError();
  {
    MutexLock lock(mutex_);
    gone_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status Log::Impl::Start(RecoveredLog recovered) {
  Storage* const storage = recovered.impl().storage;
  writer_ = std::make_unique<Writer::Impl>(std::move(recovered), options_, storage);
  ASSIGN_OR_RETURN(thread_, StartThread("the log's thread", [this] { ThreadMain(); }));
  MutexLock lock(mutex_);
  while (!started_) changed_.Wait(mutex_);
  return start_status_;
}

absl::Status Log::Impl::Refusal() {
  if (!status_.ok()) return status_;
  if (stop_) return absl::FailedPreconditionError("log: it is closed");
  return full_;
}

// Returns when it is worth trying again.  Who is counted as waiting looks once more before it
// sleeps: whoever makes room after that sees the count.
absl::Status Log::Impl::WaitForRoom() {
  MutexLock lock(mutex_);
  ++waiting_for_room_;
  absl::Status refusal = Refusal();
  if (refusal.ok() && !buffer_.has_room()) {
    room_.Wait(mutex_);
    refusal = Refusal();
  }
  --waiting_for_room_;
  return refusal;
}

absl::StatusOr<uint64_t> Log::Impl::Append(std::span<const NewRecord> group, uint64_t state_digest,
                                           Durability at_least) {
  ASSIGN_OR_RETURN(const GroupSize size, Measure(group, options_.segment_bytes, kCommitAlignMax));
  absl::InlinedVector<uint64_t, 16> hashes;
  for (const NewRecord& record : group) hashes.push_back(PayloadHash(record.payload));
  const GroupBuffer::NewGroup added_group{.records = group,
                                          .hashes = hashes,
                                          .body_bytes = size.body_bytes,
                                          .state_digest = state_digest,
                                          .at_least = at_least};
  while (true) {
    const GroupBuffer::Added added = buffer_.Add(added_group);
    if (added.outcome == GroupBuffer::Outcome::kAdded) {
      WakeThreadFor(added);
      return added.last_seq;
    }
    RETURN_IF_ERROR(WaitForRoom());
  }
}

void Log::Impl::WakeThreadFor(const GroupBuffer::Added& added) {
  if (sleep_.load() == kAwake) return;
  if (added.last_seq >= wake_seq_.load() || added.used >= wake_bytes_.load()) WakeThread();
}

void Log::Impl::WakeThread() {
  switch (sleep_.exchange(kAwake)) {
    case kInPoll:
      return writer_->Wake();
    case kGathering:
      FutexWake(&sleep_, 1);
      return;
    default:
      return;
  }
}

absl::Status Log::Impl::Sync(uint64_t seq) {
  if (seq >= buffer_.next_seq()) {
    return absl::OutOfRangeError(
        fmt::format("sync: seq {} was never given; the next is {}", seq, buffer_.next_seq()));
  }
  while (released() < seq) {
    const ReleaseRounds::Ticket ticket = rounds_.TicketFor(seq);
    if (released() >= seq) break;
    if (failing_.load()) {
      MutexLock lock(mutex_);
      if (released() >= seq) break;
      if (!status_.ok()) return status_;
      if (!full_.ok()) return full_;
      if (ended_) return absl::FailedPreconditionError("log: it is closed");
    }
    ReleaseRounds::Sleep(ticket);
  }
  return absl::OkStatus();
}

absl::StatusOr<Reader> Log::Impl::NewReader(uint64_t from_seq) {
  ReadPlan plan;
  {
    MutexLock lock(mutex_);
    plan = plan_;
    // Behind it may stand what is written, and waits for more.
    plan.last_seq = released();
  }
  return MakeReader(writer_->storage(), std::move(plan), from_seq);
}

Watermarks Log::Impl::watermarks() {
  MutexLock lock(mutex_);
  Watermarks now = watermarks_;
  now.appended = buffer_.next_seq() - 1;
  return now;
}

WriterStats Log::Impl::stats() {
  MutexLock lock(mutex_);
  return stats_;
}

absl::Status Log::Impl::Retire(const Anchor& anchor) {
  MutexLock lock(mutex_);
  while (retire_ != nullptr && status_.ok() && !ended_) changed_.Wait(mutex_);
  if (!status_.ok()) return status_;
  if (stop_ || ended_) return absl::FailedPreconditionError("log: it is closed");
  RetireRequest request{.anchor = anchor};
  retire_ = &request;
  WakeThread();
  // Once the thread has taken it, it answers.
  while (!request.answered && (retire_ != &request || (status_.ok() && !ended_))) {
    changed_.Wait(mutex_);
  }
  if (request.answered) return std::move(request.status);
  retire_ = nullptr;
  return status_.ok() ? absl::FailedPreconditionError("log: it is closed") : status_;
}

absl::Status Log::Impl::Close() {
  MutexLock lock(mutex_);
  stop_ = true;
  buffer_.Close();
  if (started_ && !ended_) WakeThread();
  changed_.NotifyAll();
  while (started_ && !ended_) changed_.Wait(mutex_);
  return close_status_;
}

absl::StatusOr<std::unique_ptr<Log>> Log::Open(const Options& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  ASSIGN_OR_RETURN(RecoveredLog recovered, Recover(options));
  auto impl = std::make_unique<Impl>(options);
  RETURN_IF_ERROR(impl->Start(std::move(recovered)));
  return std::unique_ptr<Log>(new Log(std::move(impl)));
}

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::~Log() = default;

absl::StatusOr<uint64_t> Log::Append(std::span<const NewRecord> group, uint64_t state_digest,
                                     Durability at_least) {
  return impl_->Append(group, state_digest, at_least);
}
absl::StatusOr<uint64_t> Log::Append(std::string_view payload, Durability at_least) {
  const NewRecord record{.payload = std::as_bytes(std::span(payload))};
  return impl_->Append({&record, 1}, 0, at_least);
}
absl::Status Log::Sync(uint64_t seq) { return impl_->Sync(seq); }
uint64_t Log::released() const { return impl_->released(); }
Watermarks Log::watermarks() const { return impl_->watermarks(); }
absl::StatusOr<Reader> Log::NewReader(uint64_t from_seq) { return impl_->NewReader(from_seq); }
absl::Status Log::Retire(const Anchor& anchor) { return impl_->Retire(anchor); }
const RecoveryReport& Log::recovery() const { return impl_->recovery(); }
absl::Status Log::Close() { return impl_->Close(); }
WriterStats Log::stats() const { return impl_->stats(); }

}  // namespace stet::wal
