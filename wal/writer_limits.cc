// What a writer takes.
#include "wal/writer_limits.h"

#include <fmt/format.h>

namespace stet::wal {
namespace {

static_assert(BatchBytesMaxOf(kSegmentBytesMax) == kBatchBytesMax);

constexpr uint64_t kSegmentGranularity = 64 << 10;

absl::Status CheckSegmentBytes(const char* name, uint64_t bytes) {
  if (bytes >= kSegmentBytesMin && bytes <= kSegmentBytesMax && bytes % kSegmentGranularity == 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("options: {} is {}: want a multiple of {} from {} to {}", name, bytes,
                  kSegmentGranularity, kSegmentBytesMin, kSegmentBytesMax));
}

}  // namespace

absl::Status CheckOptions(const Options& options) {
  if (absl::Status status = CheckSegmentBytes("segment_bytes", options.segment_bytes);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckSegmentBytes("first_segment_bytes", options.first_segment_bytes);
      !status.ok()) {
    return status;
  }
  if (options.batch_bytes_max < kCommitAlignMin || options.batch_bytes_max > kBatchBytesMax) {
    return absl::InvalidArgumentError(fmt::format("options: batch_bytes_max is {}: want {} to {}",
                                                  options.batch_bytes_max, kCommitAlignMin,
                                                  kBatchBytesMax));
  }
  if (options.batches_in_flight_min < 1 ||
      options.batches_in_flight_min > options.batches_in_flight_max ||
      options.batches_in_flight_max > kBatchesInFlightMax) {
    return absl::InvalidArgumentError(fmt::format(
        "options: batches_in_flight_min is {}, batches_in_flight_max {}: want 1 <= min <= max <= "
        "{}",
        options.batches_in_flight_min, options.batches_in_flight_max, kBatchesInFlightMax));
  }
  if (options.flush_interval < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        fmt::format("options: flush_interval is {}: want zero or more",
                    absl::FormatDuration(options.flush_interval)));
  }
  if (options.archive_directory.empty() == (options.retired == Retired::kArchive)) {
    return absl::InvalidArgumentError(
        "options: archive_directory goes with retired = archive, and only with it");
  }
  const uint64_t group_max = BatchBytesMaxOf(options.segment_bytes);
  if (options.inflight_bytes_max < group_max) {
    return absl::InvalidArgumentError(
        fmt::format("options: inflight_bytes_max is {}, less than the largest group, {}",
                    options.inflight_bytes_max, group_max));
  }
  return absl::OkStatus();
}

uint64_t SegmentEndBytesMax(uint64_t segment_bytes, uint64_t align) {
  const uint64_t entries = segment_bytes / kIndexEvery + 1;
  return BatchBytes(sizeof(SegmentEnd) + entries * sizeof(IndexEntry), align);
}

absl::StatusOr<GroupSize> Measure(std::span<const NewRecord> group, uint64_t segment_bytes_max,
                                  uint64_t align) {
  if (group.empty()) return absl::InvalidArgumentError("append: the group is empty");
  GroupSize size;
  for (const NewRecord& record : group) {
    if (record.payload.size() > kPayloadBytesMax) {
      return absl::OutOfRangeError(fmt::format("append: a payload of {} bytes; the limit is {}",
                                               record.payload.size(), kPayloadBytesMax));
    }
    size.payload_bytes += record.payload.size();
    size.body_bytes += RecordBytes(record.payload.size(), kRecordAlignLog2);
  }
  const uint64_t batch_max = BatchBytesMaxOf(segment_bytes_max);
  if (BatchBytes(size.body_bytes, align) > batch_max) {
    return absl::OutOfRangeError(
        fmt::format("append: a group of {} records and {} bytes; a batch holds {}", group.size(),
                    size.body_bytes, batch_max - kBatchHeaderBytes));
  }
  return size;
}

}  // namespace stet::wal
