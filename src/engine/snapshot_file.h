// A snapshot on disk: a header, and chunks whose digests form a chain.
//
//        0        8    10    12        16        24        32                48         56        64
//        +--------+-----+-----+---------+---------+---------+-----------------+----------+---------+
//   head | magic  | maj | min | bytes   | seq     | lsn     | batch id        | state    | created |
//        |STETSNAP|  1  |  0  | 96      |         |         | low, high       | digest   | ns      |
//        +--------+-----+-----+---------+---------+---------+-----------------+----------+---------+
//        64                           80                96
//        +----------------------------+-----------------+
//        | zeros                      | digest          |   XXH3-128 of bytes 0..79
//        +----------------------------+-----------------+
//
//        0        4      6      8        12       16                32
//        +--------+------+------+--------+--------+-----------------+---------+--------------+
//  chunk | magic  | kind |  0   | bytes  | index  | digest          | payload | zeros to 16  |
//        | "SNCK" |      |      |        | from 0 |                 |         |              |
//        +--------+------+------+--------+--------+-----------------+---------+--------------+
//
// Little-endian.  The digest of a chunk is XXH3-128 over the digest before it (the header's, for the
// first), bytes 0..15 of the chunk, and XXH3-128 of the payload.  The last chunk is of kind 0xFFFF and empty;
// behind it stand zeros up to the block size of the file system.
//
//   kind                 payload
//   0x0001 .. 0x00FF     a part of the state: SnapshotPart in schema/snapshot.fbs
//   0x0100               payloads: PayloadPart in schema/payloads.fbs
//   0xFFFF               none: the end
//
// seq is of the last event in the state, lsn the end of the batch that holds it, batch id the identity
// of that batch (which stands for the whole log up to there), state the digest of the state, as in that
// batch's header.
//
// A snapshot is valid if and only if its header and all digests are, indices count from 0, the last
// chunk is there, and behind it the file holds less than a block, all zeros.  So nothing can be
// missing, changed or swapped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/aligned_bytes.h"
#include "stet/wal/recovery.h"
#include "stet/wal/storage.h"

namespace stet::engine {

struct SnapshotHead {
  wal::Anchor anchor = {};
  uint64_t state_digest = 0;
  int64_t created_ns = 0;  // wall time since the Unix epoch

  bool operator==(const SnapshotHead&) const = default;
};

// Larger chunks are refused in both directions: a reader's memory is bounded.
inline constexpr uint32_t kSnapshotChunkBytesMax = 16 << 20;

struct SnapshotDigest {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const SnapshotDigest&) const = default;
};

// Writes one file, past the page cache where the file system allows.
class SnapshotFileWriter {
 public:
  // Makes `path`, which must not exist.  `storage` must outlive the writer.
  static absl::StatusOr<SnapshotFileWriter> Create(wal::Storage& storage, const std::string& path,
                                                   const SnapshotHead& head);

  // `kind` below 0xFFFF.  Errors: OutOfRange over kSnapshotChunkBytesMax; those of the file.
  absl::Status Add(uint16_t kind, wal::Bytes payload);

  // The last chunk; then everything is durable, but for the name of the file.
  absl::Status Finish();

  uint64_t bytes() const { return written_ + filled_; }

 private:
  explicit SnapshotFileWriter(std::unique_ptr<wal::File> file);
  absl::Status Put(wal::Bytes bytes);
  absl::Status PutChunk(uint16_t kind, wal::Bytes payload);
  absl::Status WriteOut(size_t bytes);

  std::unique_ptr<wal::File> file_;
  AlignedBytes buffer_;
  size_t filled_ = 0;
  uint64_t written_ = 0;
  uint32_t index_ = 0;
  SnapshotDigest digest_ = {};
};

// Reads one file.  What it gives has been verified as far as it was read; the whole only when Next
// has said that there is no more.
class SnapshotFileReader {
 public:
  // Errors: DataLoss for a header that is not valid, Unimplemented for a newer version, naming the
  // file; those of the file.
  static absl::StatusOr<SnapshotFileReader> Open(wal::Storage& storage, const std::string& path);

  const SnapshotHead& head() const { return head_; }

  // Moves to the next chunk; false behind the last one.
  // Errors: DataLoss naming file, offset, expected and found.
  absl::StatusOr<bool> Next();

  uint16_t kind() const { return kind_; }
  // At a multiple of 16; valid until the next call.
  wal::Bytes payload() const { return payload_; }

 private:
  explicit SnapshotFileReader(std::unique_ptr<wal::File> file);
  absl::Status ReadHead();
  absl::StatusOr<wal::Bytes> Get(uint64_t offset, size_t bytes);
  absl::Status CheckEnd();
  absl::Status Bad(uint64_t offset, const std::string& what) const;

  std::unique_ptr<wal::File> file_;
  AlignedBytes window_;
  uint64_t window_begin_ = 0;
  size_t window_bytes_ = 0;
  uint64_t offset_ = 0;
  uint32_t index_ = 0;
  SnapshotDigest digest_ = {};
  SnapshotHead head_ = {};
  uint16_t kind_ = 0;
  wal::Bytes payload_ = {};
};

}  // namespace stet::engine
