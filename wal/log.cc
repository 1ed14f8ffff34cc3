// The log, as its callers see it: staging groups, waiting for them.
#include "stet/wal/log.h"

#include <algorithm>
#include <utility>

#include <absl/container/inlined_vector.h>
#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/io/start_thread.h"
#include "wal/limits.h"
#include "wal/log_impl.h"
#include "wal/read_plan.h"
#include "wal/recovered_log.h"

namespace stet::wal {
namespace {

constexpr uint64_t kStagingBytes = 4 << 20;

// While a batch flies the thread comes back by itself; for this much it is worth the interruption.
constexpr uint64_t kWakeBytes = 256 << 10;

}  // namespace

Log::Impl::Impl(const Options& options)
    : options_(options), taken_(kStagingBytes), staged_(kStagingBytes) {}

Log::Impl::~Impl() {
  Close().IgnoreError();
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

absl::Status Log::Impl::WaitForStaging(uint64_t bytes) {
  while (true) {
    RETURN_IF_ERROR(Refusal());
    if (staged_.Fits(bytes)) return absl::OkStatus();
    if (staged_.empty()) {
      staged_.Grow(bytes);
      continue;
    }
    ++waiting_for_room_;
    room_.Wait(mutex_);
    --waiting_for_room_;
  }
}

absl::StatusOr<uint64_t> Log::Impl::Append(std::span<const NewRecord> group,
                                           uint64_t state_digest) {
  ASSIGN_OR_RETURN(const GroupSize size, Measure(group, options_.segment_bytes, kCommitAlignMax));
  absl::InlinedVector<uint64_t, 16> hashes;
  for (const NewRecord& record : group) hashes.push_back(Hash64(record.payload));
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(WaitForStaging(size.body_bytes));
  staged_.Add(group, hashes, next_seq_, state_digest);
  next_seq_ += group.size();
  if (thread_state_ == Thread::kIdle ||
      (thread_state_ == Thread::kFlying && staged_.used() >= kWakeBytes)) {
    // Under the lock: without it the thread, and with it the queue, may have ended.
    writer_->Wake();
    thread_state_ = Thread::kBusy;
  }
  return next_seq_ - 1;
}

// The round that holds `seq`, which is not released.
uint64_t Log::Impl::RoundOf(uint64_t seq) {
  const auto round = std::find_if(rounds_.begin(), rounds_.end(),
                                  [seq](const Round& taken) { return seq <= taken.last_seq; });
  return round == rounds_.end() ? round_ : round->number;
}

absl::Status Log::Impl::Sync(uint64_t seq) {
  std::atomic<uint32_t>* word = nullptr;
  uint32_t seen = 0;
  while (released() < seq) {
    if (word == nullptr || failing_.load()) {
      MutexLock lock(mutex_);
      if (seq >= next_seq_) {
        return absl::OutOfRangeError(
            fmt::format("sync: seq {} was never given; the next is {}", seq, next_seq_));
      }
      if (released() >= seq) return absl::OkStatus();
      if (!status_.ok()) return status_;
      if (!full_.ok()) return full_;
      if (ended_) return absl::FailedPreconditionError("log: it is closed");
      word = &words_[RoundOf(seq) % kWords];
      seen = word->load();
      continue;
    }
    word->wait(seen);
    seen = word->load();
  }
  return absl::OkStatus();
}

absl::StatusOr<Reader> Log::Impl::NewReader(uint64_t from_seq) {
  MutexLock lock(mutex_);
  return MakeReader(writer_->storage(), plan_, from_seq);
}

Watermarks Log::Impl::watermarks() {
  MutexLock lock(mutex_);
  Watermarks now = watermarks_;
  now.appended = next_seq_ - 1;
  return now;
}

WriterStats Log::Impl::stats() {
  MutexLock lock(mutex_);
  return stats_;
}

absl::Status Log::Impl::Close() {
  MutexLock lock(mutex_);
  stop_ = true;
  if (started_ && !ended_) writer_->Wake();
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

absl::StatusOr<uint64_t> Log::Append(std::span<const NewRecord> group, uint64_t state_digest) {
  return impl_->Append(group, state_digest);
}
absl::StatusOr<uint64_t> Log::Append(std::string_view payload) {
  const NewRecord record{.payload = std::as_bytes(std::span(payload))};
  return impl_->Append({&record, 1}, 0);
}
absl::Status Log::Sync(uint64_t seq) { return impl_->Sync(seq); }
uint64_t Log::released() const { return impl_->released(); }
Watermarks Log::watermarks() const { return impl_->watermarks(); }
absl::StatusOr<Reader> Log::NewReader(uint64_t from_seq) { return impl_->NewReader(from_seq); }
const RecoveryReport& Log::recovery() const { return impl_->recovery(); }
absl::Status Log::Close() { return impl_->Close(); }
WriterStats Log::stats() const { return impl_->stats(); }

}  // namespace stet::wal
