// Batch by batch through large aligned reads; a batch is verified before its first record is given.
#include "stet/wal/reader.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "stet/wal/storage.h"
#include "wal/batch.h"
#include "wal/read_plan.h"
#include "wal/segment_bytes.h"
#include "wal/segment_reader.h"

namespace stet::wal {

class Reader::Impl {
 public:
  Impl(Storage* storage, ReadPlan plan, uint64_t from_seq)
      : storage_(storage), plan_(std::move(plan)), from_seq_(from_seq) {
    if (!plan_.segments.empty() && from_seq_ < plan_.segments.front().first_seq) {
      status =
          absl::OutOfRangeError(fmt::format("the log holds no record before seq {}, asked for {}",
                                            plan_.segments.front().first_seq, from_seq_));
    }
    // A segment ends where the next one starts: those that end before from_seq are not read.
    while (segment_ + 1 < plan_.segments.size() &&
           plan_.segments[segment_ + 1].first_seq <= from_seq_) {
      ++segment_;
    }
  }

  bool Next() {
    while (status.ok()) {
      if (cursor_) {
        if (const std::optional<RecordView> view = cursor_->Next()) {
          if (view->header.seq < from_seq_) continue;
          if (view->header.seq > plan_.last_seq) return false;
          Show(*view);
          return true;
        }
        if (cursor_->damaged()) {
          status = absl::DataLossError(fmt::format(
              "{} (lsn {:#x}): the batch is whole, but a record in it behind seq {} is not",
              bytes_->path(), batch.lsn, record.seq));
          return false;
        }
        cursor_.reset();
      }
      if (!NextBatch()) return false;
    }
    return false;
  }

  Record record = {};
  BatchInfo batch = {};
  absl::Status status = {};

 private:
  void Show(const RecordView& view) {
    record = {.seq = view.header.seq,
              .lsn = batch.lsn,
              .stream = view.header.stream,
              .type = view.header.type,
              .schema_id = view.header.schema_id,
              .payload = view.payload};
  }

  // Opens the segment at segment_.  What it must look like stands in the plan.
  absl::Status OpenSegment() {
    const ReadSegment& segment = plan_.segments[segment_];
    ASSIGN_OR_RETURN(bytes_, SegmentBytes::Open(storage_, segment.path));
    header_ = SegmentHeader{.segno = segment.segno,
                            .salt = segment.salt,
                            .epoch = segment.epoch,
                            .commit_align_log2 = segment.commit_align_log2,
                            .record_align_log2 = segment.record_align_log2,
                            .segment_bytes = segment.end_offset};
    offset_ = FirstBatchOffset(uint64_t{1} << segment.commit_align_log2);
    // Within the plan the chain goes on from segment to segment; its start is given.
    if (!chain_) chain_ = Chain{.batch_id = segment.prev_batch_id, .next_seq = segment.first_seq};
    return absl::OkStatus();
  }

  // Verifies the next batch and stands before its first record; false at the end or on an error.
  bool NextBatch() {
    while (true) {
      if (segment_ >= plan_.segments.size()) return false;
      if (!bytes_) {
        status = OpenSegment();
        if (!status.ok()) return false;
      }
      if (offset_ < plan_.segments[segment_].end_offset) break;
      bytes_.reset();
      ++segment_;
    }
    // The digest of the batch decides; the check of each record is made when its turn comes.
    const Judgement judged = JudgeAt(&*bytes_, header_, offset_, &*chain_, Records::kLater);
    if (judged.place != Place::kValid) {
      status = absl::DataLossError(
          fmt::format("{} offset {} (lsn {:#x}), seq {}: {} where a batch was accepted: {}",
                      bytes_->path(), offset_, MakeLsn(header_.segno, offset_), chain_->next_seq,
                      ToString(judged.place), judged.text));
      return false;
    }
    const BatchHeader& header = judged.header;
    batch = {.lsn = header.lsn,
             .bytes = static_cast<uint32_t>(judged.bytes),
             .first_seq = header.first_seq,
             .record_count = header.record_count,
             .epoch = header.epoch,
             .durable_lsn = header.durable_lsn,
             .closed_ns = header.closed_ns,
             .state_digest = header.state_digest,
             .batch_id = IdOf(header.batch_id)};
    chain_ = {.batch_id = header.batch_id,
              .batch_lsn = header.lsn,
              .next_seq = header.first_seq + header.record_count};
    offset_ += judged.bytes;
    if (header.kind == BatchKind::kData && chain_->next_seq > from_seq_) {
      cursor_.emplace(header, judged.batch, header_.record_align_log2);
    }
    return true;
  }

  Storage* const storage_;
  const ReadPlan plan_;
  const uint64_t from_seq_;
  size_t segment_ = 0;
  std::optional<SegmentBytes> bytes_;
  SegmentHeader header_;
  uint64_t offset_ = 0;
  std::optional<Chain> chain_;
  std::optional<RecordCursor> cursor_;
};

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

bool Reader::Next() { return impl_->Next(); }
const Record& Reader::record() const { return impl_->record; }
const BatchInfo& Reader::batch() const { return impl_->batch; }
const absl::Status& Reader::status() const { return impl_->status; }

Reader MakeReader(Storage* storage, ReadPlan plan, uint64_t from_seq) {
  return Reader(std::make_unique<Reader::Impl>(storage, std::move(plan), from_seq));
}

}  // namespace stet::wal
