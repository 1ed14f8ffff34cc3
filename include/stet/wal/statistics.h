// What a log consists of, in numbers: for tools.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "stet/wal/options.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// Values by powers of two: bucket 0 counts zeros, bucket i values in [2^(i-1), 2^i).
struct Histogram {
  std::array<uint64_t, 65> buckets = {};
  uint64_t count = 0;
  uint64_t sum = 0;
  uint64_t max = 0;

  void Add(uint64_t value);
  double mean() const {
    return count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count);
  }
};

struct Tally {
  uint64_t records = 0;
  uint64_t payload_bytes = 0;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  uint64_t batches = 0;  // that hold one of them; by type and by stream a batch may count often
};

enum class GroupBy : uint8_t { kNothing, kType, kStream, kEpoch, kHour, kSegment };

// How a segment came to be and what it took.
struct Rotation {
  uint64_t segno = 0;
  uint32_t epoch = 0;
  std::string reason = {};  // "create", "rotate", "open", "recovery", "failover", "repair"
  int64_t created_ns = 0;
  int64_t first_ns = 0;  // close times of its first and last batch; 0: none
  int64_t last_ns = 0;
  uint64_t segment_bytes = 0;
  uint64_t used_bytes = 0;       // header blocks and batches
  uint64_t discarded_bytes = 0;  // dropped behind the end of the segment before, when it began
};

// Of all batches that are in their place in the chain; damage is not counted, `damaged_places` says
// how often it was met.  Group boundaries are not on disk: a batch is the smallest unit that is.
struct Statistics {
  uint64_t segments = 0;
  uint64_t batches = 0;  // with records
  uint64_t records = 0;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  uint64_t payload_bytes = 0;
  uint64_t record_header_bytes = 0;
  uint64_t record_padding_bytes = 0;  // up to the records' alignment
  uint64_t batch_header_bytes = 0;
  uint64_t batch_padding_bytes = 0;  // up to the commit alignment
  uint64_t segment_end_bytes = 0;
  uint64_t header_block_bytes = 0;  // headers and slots
  uint64_t file_bytes = 0;
  uint64_t damaged_places = 0;
  uint64_t relaxed_batches = 0;  // with a record that was released before it was durable
  Histogram batch_bytes = {};
  Histogram batch_records = {};
  Histogram record_bytes = {};       // of payloads
  Histogram lag_bytes = {};          // place of a batch minus what it names durable: in flight then
  Histogram batch_interval_ns = {};  // between batches of one segment
  std::map<uint64_t, Tally> groups = {};  // by type, stream, epoch, hour (ns of its start), segment
  std::vector<Rotation> rotations = {};

  uint64_t batch_total_bytes() const;         // of batches with records
  double padding_share() const;               // padding of either kind / batch_total_bytes
  double write_amplification() const;         // all batches and headers / payload_bytes
  double zeroed_write_amplification() const;  // with the zeros written before the first use
};

// Reads the whole log.  Streams beyond `groups_max` are counted together under UINT64_MAX.
// Errors: the directory cannot be listed, a file not opened.
absl::StatusOr<Statistics> CollectStatistics(const Options& options,
                                             GroupBy group_by = GroupBy::kNothing,
                                             size_t groups_max = 1 << 20);

}  // namespace stet::wal

#pragma GCC visibility pop
