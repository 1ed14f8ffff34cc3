// Decides, starts jobs, gives up what two snapshots make useless.
#include "engine/snapshotter.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "core/refusal.h"
#include "engine/sequencer.h"

namespace stet::engine {
namespace {

// Of one core, about: a job rests three times as long as it worked, in its course or behind it.
constexpr int kRestFactor = 3;
constexpr absl::Duration kRestAfterFailure = absl::Minutes(1);

}  // namespace

Snapshotter::Snapshotter(Parts parts, SnapshotBase base)
    : parts_(std::move(parts)), newest_(std::move(base.newest)), before_(base.tail) {
  speed_.Measured(base.tail, base.replay_time);
}

// Events are dense; bytes are counted as they are made.
LogTail Snapshotter::Tail() const {
  const uint64_t seq = newest_ ? newest_->anchor.seq : 0;
  return {.events = parts_.ledger->state().seq() - seq,
          .bytes = before_.bytes + parts_.ledger->event_bytes() - bytes_at_};
}

void Snapshotter::Consider() {
  turns_.fetch_add(1, std::memory_order_relaxed);
  if (parts_.recovery_target == absl::InfiniteDuration()) return;
  const absl::Duration estimate = speed_.Estimate(Tail());
  if (job_ != nullptr) {
    // The target comes first: a process that is killed again and again must get to the end of one.
    if (estimate >= parts_.recovery_target) job_->Hurry();
    return;
  }
  if (estimate < parts_.recovery_target / 2) return;
  if (parts_.clock->Monotonic() < not_before_) return;
  // What is not durable yet comes with the next one.
  if (parts_.writer->durable_end().seq > (newest_ ? newest_->anchor.seq : 0)) Start();
}

void Snapshotter::Demand(const ReplyPtr<SnapshotInfo>& reply) {
  const uint64_t seq = parts_.ledger->state().seq();
  if (newest_ && newest_->anchor.seq == seq) return reply->Set(*newest_);
  if (absl::Status flushed = parts_.writer->Flush(); !flushed.ok()) return reply->Set(flushed);
  demands_.emplace_back(seq, reply);
  if (job_ == nullptr) Start();
}

// False, and reported, if there is no thread for it.
bool Snapshotter::Start() {
  const uint64_t from = newest_ ? newest_->anchor.seq + 1 : 1;
  job_bytes_ = parts_.ledger->event_bytes();
  job_ = std::make_unique<SnapshotJob>(
      SnapshotJob::Parts{.store = &parts_.store,
                         .base = newest_,
                         .reader = parts_.writer->NewReader(from),
                         .clock = parts_.clock,
                         .turns = parts_.threads ? &turns_ : nullptr});
  const auto done = [inbox = parts_.inbox] {
    inbox->Post([](Sequencer& loop) { loop.snapshotter()->TakeIn(); });
  };
  if (!parts_.threads) {
    job_->RunHere();
    done();
    return true;
  }
  const absl::Status started = job_->Start(done);
  if (started.ok()) return true;
  job_.reset();
  not_before_ = parts_.clock->Monotonic() + kRestAfterFailure;
  Report(started);
  AnswerDemands(started);
  return false;
}

void Snapshotter::TakeIn() {
  if (job_ == nullptr) return;
  const SnapshotJob::Result result = job_->Join();
  job_.reset();
  const absl::Duration now = parts_.clock->Monotonic();
  if (!speed_.measured()) speed_.Measured(result.replayed, result.replay_time);
  if (!result.snapshot.ok()) {
    not_before_ = now + kRestAfterFailure;
    // The one before it has been read, too.
    if (result.base_failed) newest_ = std::exchange(older_, std::nullopt);
    Report(result.snapshot.status());
    return AnswerDemands(result.snapshot.status());
  }
  not_before_ = now + std::max(absl::ZeroDuration(),
                               kRestFactor * (result.time - result.rested) - result.rested);
  before_.bytes = 0;
  bytes_at_ = job_bytes_;
  if (!result.pruned.ok()) Report(result.pruned);
  Accept(*result.snapshot);
  AnswerDemands(absl::OkStatus());
  if (!demands_.empty()) Start();
}

// Two are kept: what lies before the older one is needed no more.
void Snapshotter::Accept(const SnapshotInfo& made) {
  ++made_;
  last_ = absl::OkStatus();
  older_ = std::exchange(newest_, made);
  if (!older_ || parts_.history == History::kKeep) return;
  if (absl::Status retired = parts_.writer->Retire(older_->anchor); !retired.ok()) {
    Report(retired);
  }
}

// Those that ask for no more than the newest holds; all of them after a failure.
void Snapshotter::AnswerDemands(const absl::Status& failure) {
  std::erase_if(demands_, [&](const auto& demand) {
    if (failure.ok() && demand.first > newest_->anchor.seq) return false;
    if (failure.ok()) {
      demand.second->Set(*newest_);
    } else {
      demand.second->Set(failure);
    }
    return true;
  });
}

void Snapshotter::Report(const absl::Status& failure) {
  ++failed_;
  last_ = failure;
  Note(fmt::format("no snapshot could be made: {}", failure));
}

void Snapshotter::Note(std::string_view text) const {
  if (parts_.on_note) parts_.on_note(text);
}

void Snapshotter::AtClose() {
  if (job_ != nullptr) {
    job_->Stop();
    const absl::StatusOr<SnapshotInfo> made = job_->Join().snapshot;
    job_.reset();
    if (made.ok()) Accept(*made);
  }
  AnswerDemands(
      core::Refuse(absl::StatusCode::kFailedPrecondition, Reason::kClosed, "the engine is closed"));
  const bool never = parts_.recovery_target == absl::InfiniteDuration();
  if (never || !parts_.ledger->failure().ok()) return;
  if (speed_.Estimate(Tail()) <= parts_.recovery_target) return;
  if (!parts_.writer->Flush().ok()) return;  // Closing tells.
  const wal::Anchor anchor = parts_.writer->durable_end();
  if (anchor.seq != parts_.ledger->state().seq()) return;
  const auto made = parts_.store.Write(parts_.ledger->books(), anchor, Pace());
  if (!made.ok()) return Report(made.status());
  if (newest_) {
    if (absl::Status pruned = parts_.store.Prune(*made, *newest_); !pruned.ok()) Report(pruned);
  }
  Accept(*made);
}

void Snapshotter::AddTo(EngineStats& stats) const {
  stats.snapshot_seq = newest_ ? newest_->anchor.seq : 0;
  stats.snapshots = made_;
  stats.snapshots_failed = failed_;
  stats.snapshot_status = last_;
  stats.replay_estimate = speed_.Estimate(Tail());
}

}  // namespace stet::engine
