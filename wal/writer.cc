// The writer: its life from Start to Close.
#include "stet/wal/writer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/probe.h"
#include "wal/recovered_log.h"
#include "wal/segments.h"
#include "wal/writer_impl.h"

namespace stet::wal {
namespace {

constexpr uint64_t kMaintainBytes = 1 << 20;

constexpr size_t kSpareBuffers = 8;
constexpr size_t kHeldBuffersMax = 64;

// Of batches that are written, and not durable yet, the buffers are in use.
size_t SpareBuffersMax(const Options& options) {
  const size_t held = options.durability < Durability::kCommit
                          ? options.inflight_bytes_max / options.batch_bytes_max
                          : options.batches_in_flight_max;
  return kSpareBuffers + std::min(held, kHeldBuffersMax);
}

}  // namespace

Writer::Impl::Impl(RecoveredLog recovered, const Options& options, Storage* storage)
    : options_(options),
      storage_(storage),
      recovered_(std::move(recovered)),
      buffers_(options.batch_bytes_max, SpareBuffersMax(options)) {}

Writer::Impl::~Impl() { Stop(); }

void Writer::Impl::Stop() {
  // The thread first, it wakes the queue; the queue before the buffers that the kernel may still read.
  supply_.reset();
  queue_.reset();
}

WriterStats Writer::Impl::stats() const {
  WriterStats stats = stats_;
  if (queue_ != nullptr) stats.queue = queue_->stats();
  return stats;
}

ReadPlan Writer::Impl::Plan() const {
  ReadPlan plan = recovered_.tail().accepted;
  plan.segments.insert(plan.segments.end(), segments_.begin(), segments_.end());
  std::erase_if(plan.segments,
                [this](const ReadSegment& segment) { return segment.segno < retired_before_; });
  plan.segments.back().end_offset = released_offset();
  return plan;
}

ReadPlan Writer::Impl::DurablePlan() const {
  ReadPlan plan = Plan();
  plan.segments.back().end_offset = OffsetOf(durable_.lsn);
  return plan;
}

absl::Status Writer::Impl::Start() {
  const RecoveredTail& tail = recovered_.tail();
  identity_ = {.storage = storage_,
               .directory = options_.directory,
               .log_uuid = tail.log_uuid,
               .epoch = tail.epoch + 1,
               .segment_bytes = options_.segment_bytes,
               .retired = options_.retired,
               .archive_directory = options_.archive_directory,
               .inflight_bytes_max = options_.inflight_bytes_max,
               .state_digest_version = options_.state_digest_version,
               .event_level = options_.event_level};
  if (tail.unborn) identity_.log_uuid = {.low = storage_->Random(), .high = storage_->Random()};
  ASSIGN_OR_RETURN(queue_, storage_->NewQueue());
  supply_ = std::make_unique<SegmentSupply>(identity_, options_.helper_thread,
                                            [this] { queue_->Wake(); });
  RETURN_IF_ERROR(ActivateFirst());
  if (tail.unborn) {
    // Last: a directory without it holds no log yet, whatever else a crash left in it.
    RETURN_IF_ERROR(SyncParent());
    const LogId id{.log_uuid = identity_.log_uuid, .created_ns = storage_->WallNanos()};
    RETURN_IF_ERROR(WriteLogId(storage_, options_.directory, id));
    created_ns_ = id.created_ns;
  } else {
    created_ns_ = tail.created_ns;
    RETURN_IF_ERROR(NameOpened());
  }
  stats_.storage = storage_->name();
  stats_.storage_note = storage_->note();
  stats_.durability = options_.durability;
  RETURN_IF_ERROR(ChooseOperation());
  stats_.operation = operation_;
  return absl::OkStatus();
}

// Measured where batches will stand, before there are any; what is written there are zeros again.
absl::Status Writer::Impl::ChooseOperation() {
  operation_ = options_.operation;
  if (operation_ != Operation::kAuto) return absl::OkStatus();
  operation_ = Operation::kDurableWrite;
  if (options_.durability < Durability::kCommit) return absl::OkStatus();
  ASSIGN_OR_RETURN(const ProbeResult probe,
                   stet::wal::ChooseOperation(storage_, options_.directory, queue_.get(),
                                              active_.file.get(), active_.first_offset()));
  operation_ = probe.operation;
  stats_.operation_note = probe.ToString();
  return absl::OkStatus();
}

absl::Status Writer::Impl::Maintain(absl::Duration budget) {
  if (!status_.ok() || closed_) return status_;
  if (options_.helper_thread) return absl::OkStatus();
  const int64_t end = storage_->MonotonicNanos() + absl::ToInt64Nanoseconds(budget);
  WantNext();
  while (supply_->state() == SegmentSupply::State::kWorking) {
    supply_->Work(kMaintainBytes);
    if (storage_->MonotonicNanos() >= end) break;
  }
  return absl::OkStatus();
}

absl::Status Writer::Impl::Retire(const Anchor& anchor) {
  if (!status_.ok() || closed_) return status_;
  if (anchor.seq > durable_.seq) {
    return absl::FailedPreconditionError(
        fmt::format("retire: the anchor is at seq {}, and only up to {} the log is durable",
                    anchor.seq, durable_.seq));
  }
  const uint64_t segno = std::min(SegnoOf(anchor.lsn), active_.header.segno);
  retired_before_ = std::max(retired_before_, segno);
  std::erase_if(segments_, [segno](const ReadSegment& old) { return old.segno < segno; });
  const absl::Status status = supply_->RetireBefore(segno);
  stats_.segments_retired = supply_->retired();
  return status;
}

absl::Status Writer::Impl::Flush() {
  if (!status_.ok() || closed_) return status_;
  return Drain();
}

absl::Status Writer::Impl::Close() {
  if (closed_) return absl::OkStatus();
  // Again if the segment fails meanwhile: the clean end is noted in the one that is active.
  do {
    RETURN_IF_ERROR(Flush());
    while (ops_flying_ > 0) RETURN_IF_ERROR(ReapOnce(absl::Seconds(1)).status());
    if (failing_) continue;
    RETURN_IF_ERROR(SubmitSlot(true));
    while (ops_flying_ > 0) RETURN_IF_ERROR(ReapOnce(absl::Seconds(1)).status());
  } while (failing_);
  closed_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Writer>> Writer::Start(RecoveredLog recovered,
                                                      const Options& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  Storage* const storage = recovered.impl().storage;
  auto impl = std::make_unique<Impl>(std::move(recovered), options, storage);
  RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Writer>(new Writer(std::move(impl)));
}

std::string_view ToString(WriterFailure::Kind kind) {
  using Kind = WriterFailure::Kind;
  switch (kind) {
    case Kind::kWrite:
      return "write";
    case Kind::kFlush:
      return "flush";
    case Kind::kSegment:
      return "segment";
    case Kind::kSwitch:
      return "switch";
    case Kind::kQueue:
      return "queue";
  }
  return "unknown";
}

std::string_view ToString(WriterFailure::Outcome outcome) {
  using Outcome = WriterFailure::Outcome;
  switch (outcome) {
    case Outcome::kFailedOver:
      return "failed over";
    case Outcome::kWaits:
      return "waits";
    case Outcome::kPoisoned:
      return "poisoned";
  }
  return "unknown";
}

Writer::Writer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Writer::~Writer() = default;

absl::Status Writer::Admit(std::span<const NewRecord> group) { return impl_->Admit(group); }

absl::StatusOr<uint64_t> Writer::Append(std::span<const NewRecord> group, uint64_t state_digest,
                                        Durability at_least) {
  return impl_->Append(group, state_digest, at_least);
}
absl::Status Writer::Poll(absl::Duration wait_max) { return impl_->Poll(wait_max); }
void Writer::Wake() { impl_->Wake(); }
absl::Status Writer::Maintain(absl::Duration budget) { return impl_->Maintain(budget); }
absl::Status Writer::Retire(const Anchor& anchor) { return impl_->Retire(anchor); }
absl::Status Writer::Flush() { return impl_->Flush(); }
absl::Status Writer::Close() { return impl_->Close(); }
uint64_t Writer::released() const { return impl_->released(); }
Watermarks Writer::watermarks() const { return impl_->watermarks(); }
uint32_t Writer::epoch() const { return impl_->epoch(); }
uint64_t Writer::next_seq() const { return impl_->next_seq(); }
Anchor Writer::durable_end() const { return impl_->durable_end(); }
Reader Writer::NewReader(uint64_t from_seq) const {
  return MakeReader(impl_->storage(), impl_->DurablePlan(), from_seq);
}
WriterStats Writer::stats() const { return impl_->stats(); }

}  // namespace stet::wal
