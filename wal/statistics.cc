// One walk over everything, and sums.
#include "stet/wal/statistics.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "wal/looking.h"
#include "wal/segment_walk.h"

namespace stet::wal {
namespace {

constexpr int64_t kHourNs = 3600LL * 1'000'000'000;

class Collector {
 public:
  Collector(GroupBy group_by, size_t groups_max) : group_by_(group_by), groups_max_(groups_max) {}

  void Segment(const Survey& survey, size_t i, SurveyedSegment* segment) {
    all_.file_bytes += segment->bytes.file_bytes();
    ++all_.segments;
    if (segment->copies.best() == nullptr) ++all_.damaged_places;
    if (!segment->active()) return;
    const SegmentHeader header = segment->header();
    const uint64_t first = FirstBatchOffset(uint64_t{1} << header.commit_align_log2);
    all_.header_block_bytes += first;
    rotation_ = Rotation{.segno = header.segno,
                         .epoch = header.epoch,
                         .reason = std::string(ToString(header.start_reason)),
                         .created_ns = header.created_ns,
                         .segment_bytes = header.segment_bytes,
                         .used_bytes = first};
    if (header.discarded_to_lsn > header.prev_end_lsn) {
      rotation_.discarded_bytes = header.discarded_to_lsn - header.prev_end_lsn;
    }
    SegmentWalk walk(&segment->bytes, header, first, LimitOf(survey, i), FirstChain(header));
    while (walk.Next()) Add(header, walk.piece());
    all_.rotations.push_back(rotation_);
  }

  Statistics Take() { return std::move(all_); }

 private:
  void Add(const SegmentHeader& header, const Piece& piece) {
    if (piece.kind == Span::Kind::kZeros) return;
    if (!piece.valid()) {
      ++all_.damaged_places;
      return;
    }
    rotation_.used_bytes += piece.batch_bytes;
    if (rotation_.first_ns == 0) rotation_.first_ns = piece.header.closed_ns;
    if (rotation_.last_ns != 0 && piece.header.closed_ns >= rotation_.last_ns) {
      all_.batch_interval_ns.Add(static_cast<uint64_t>(piece.header.closed_ns - rotation_.last_ns));
    }
    rotation_.last_ns = piece.header.closed_ns;
    if (piece.header.kind != BatchKind::kData) {
      all_.segment_end_bytes += piece.batch_bytes;
      return;
    }
    AddBatch(header, piece);
  }

  void AddBatch(const SegmentHeader& header, const Piece& piece) {
    const BatchHeader& batch = piece.header;
    ++all_.batches;
    all_.batch_header_bytes += kBatchHeaderBytes;
    all_.batch_padding_bytes += piece.batch_bytes - kBatchHeaderBytes - batch.body_bytes;
    all_.batch_bytes.Add(piece.batch_bytes);
    all_.batch_records.Add(batch.record_count);
    if (batch.lsn >= batch.durable_lsn) all_.lag_bytes.Add(batch.lsn - batch.durable_lsn);
    if ((batch.flags & kBatchRelaxed) != 0) ++all_.relaxed_batches;
    if (all_.first_seq == 0) all_.first_seq = batch.first_seq;
    all_.last_seq = std::max(all_.last_seq, piece.next_seq() - 1);
    RecordCursor cursor(batch, piece.batch, header.record_align_log2);
    while (const std::optional<RecordView> view = cursor.Next()) {
      const uint64_t payload = view->payload.size();
      ++all_.records;
      all_.payload_bytes += payload;
      all_.record_header_bytes += kRecordHeaderBytes;
      all_.record_padding_bytes +=
          RecordBytes(payload, header.record_align_log2) - kRecordHeaderBytes - payload;
      all_.record_bytes.Add(payload);
      if (group_by_ != GroupBy::kNothing)
        AddTo(KeyOf(batch, view->header, header.segno), batch, *view);
    }
  }

  uint64_t KeyOf(const BatchHeader& batch, const RecordHeader& record, uint64_t segno) const {
    switch (group_by_) {
      case GroupBy::kType:
        return record.type;
      case GroupBy::kStream:
        return record.stream;
      case GroupBy::kEpoch:
        return batch.epoch;
      case GroupBy::kHour:
        return static_cast<uint64_t>(batch.closed_ns / kHourNs * kHourNs);
      case GroupBy::kSegment:
      case GroupBy::kNothing:
        break;
    }
    return segno;
  }

  void AddTo(uint64_t key, const BatchHeader& batch, const RecordView& view) {
    if (all_.groups.size() >= groups_max_ && !all_.groups.contains(key)) key = UINT64_MAX;
    Tally& tally = all_.groups[key];
    ++tally.records;
    tally.payload_bytes += view.payload.size();
    // Batches come in order: one that the tally ends in is counted.
    if (tally.last_seq < batch.first_seq || tally.batches == 0) ++tally.batches;
    if (tally.first_seq == 0) tally.first_seq = view.header.seq;
    tally.last_seq = view.header.seq;
  }

  const GroupBy group_by_;
  const size_t groups_max_;
  Statistics all_;
  Rotation rotation_;
};

double Ratio(uint64_t a, uint64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

}  // namespace

void Histogram::Add(uint64_t value) {
  ++buckets[static_cast<size_t>(std::bit_width(value))];
  ++count;
  sum += value;
  max = std::max(max, value);
}

uint64_t Statistics::batch_total_bytes() const { return batch_bytes.sum; }

double Statistics::padding_share() const {
  return Ratio(record_padding_bytes + batch_padding_bytes, batch_total_bytes());
}

double Statistics::write_amplification() const {
  return Ratio(batch_total_bytes() + segment_end_bytes + header_block_bytes, payload_bytes);
}

double Statistics::zeroed_write_amplification() const {
  return Ratio(batch_total_bytes() + segment_end_bytes + header_block_bytes + file_bytes,
               payload_bytes);
}

absl::StatusOr<Statistics> CollectStatistics(const Options& options, GroupBy group_by,
                                             size_t groups_max) {
  ASSIGN_OR_RETURN(Looking looking, LookAt(options));
  Collector collector(group_by, groups_max);
  for (size_t i = 0; i < looking.survey.segments.size(); ++i) {
    collector.Segment(looking.survey, i, &looking.survey.segments[i]);
  }
  return collector.Take();
}

}  // namespace stet::wal
