// Makes segment files: zero-filled and named ahead of their use, then activated.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "stet/wal/storage.h"
#include "wal/format.h"

namespace stet::wal {

// A segment file that is open for writing.
struct SegmentFile {
  std::unique_ptr<File> file;
  SegmentHeader header;
  uint64_t align = kCommitAlignMin;

  uint64_t bytes() const { return header.segment_bytes; }
  uint64_t first_offset() const { return FirstBatchOffset(align); }
  uint64_t lsn(uint64_t offset) const { return MakeLsn(header.segno, offset); }
};

// What every segment of one writer has in common.
struct SegmentIdentity {
  Storage* storage = nullptr;
  std::string directory;
  Digest log_uuid;
  uint32_t epoch = 0;
  uint64_t segment_bytes = 0;  // the usual size
  Retired retired = Retired::kRecycle;
  std::string archive_directory = {};
  uint32_t inflight_bytes_max = 0;
  uint32_t state_digest_version = 0;
  uint16_t event_level = 0;
};

// Makes one segment file, in steps: created under a temporary name, every byte written as zero (so that a sector that a crash
// left unwritten shows, and no write into it has to allocate), provisional header, flushed, renamed, the name flushed.
// A crash at any step leaves nothing that counts.
class SegmentMaker {
 public:
  // Replaces a file that is in the way of the final name: only ever a provisional one.  `spare` is
  // an unfinished file of that size whose name is durable; it is used instead of a new one.
  SegmentMaker(const SegmentIdentity& identity, uint64_t segno, uint64_t bytes,
               std::optional<std::string> spare = std::nullopt);
  SegmentMaker(const SegmentMaker&) = delete;
  SegmentMaker& operator=(const SegmentMaker&) = delete;
  // Removes what is unfinished, as far as the storage lets it.
  ~SegmentMaker();

  // Writes at most about `bytes_max` zeros; true when the segment is done.  An error is final.
  absl::StatusOr<bool> Step(uint64_t bytes_max);

  // Whether it is made of a spare.
  bool recycled() const { return recycled_; }

  // The whole of it at once.
  absl::Status Run();

  uint64_t segno() const { return segment_.header.segno; }
  uint64_t bytes() const { return segment_.header.segment_bytes; }

  // Once done.
  SegmentFile Take();

 private:
  absl::Status Begin();
  absl::Status OpenFresh();
  bool OpenSpare();
  absl::Status WriteZeros(uint64_t bytes_max);
  absl::Status Finish();

  const SegmentIdentity identity_;
  SegmentFile segment_;
  std::string path_;
  std::string temporary_;
  uint64_t zeroed_ = 0;
  std::optional<std::string> spare_;
  bool recycled_ = false;
  bool named_ = false;
};

// Writes `header`, sealed here, to both copies in one write, and makes it durable.
absl::Status WriteHeader(SegmentFile* segment);

}  // namespace stet::wal
