// The writer's state: where the next group goes, what is in flight, what is durable.
//
//   Append -> open_ -> (closed) ready_ -> (sealed, submitted) flying_ -> written_ -> durable_
//
// A group gets its place in a segment with Append, so that what was taken always has room: in the active segment, or in the
// next one, which is then ready.  A batch is sealed, with its chain and watermark, when it is submitted.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "stet/wal/writer.h"
#include "wal/batch.h"
#include "wal/io/aligned_buffer.h"
#include "wal/limits.h"
#include "wal/recovered_tail.h"
#include "wal/segment_supply.h"
#include "wal/segment_writer.h"

namespace stet::wal {

// How far something is: the end of a batch.
struct LogPosition {
  uint64_t lsn = 0;
  uint64_t seq = 0;            // the last before it
  Digest batch_id = {};        // of the batch that ends here
  uint64_t witnessed_seq = 0;  // that this batch names as durable
  uint64_t bytes = 0;          // of all batches up to here, since Start
};

// One batch, from its first record until it is written.
struct PendingBatch {
  enum class Stage : uint8_t { kWriting, kRest, kFlushing, kDone };

  AlignedBuffer buffer;
  uint64_t used = kBatchHeaderBytes;  // header and records
  uint64_t used_max = 0;  // what the buffer, the batch limit and the segment's room allow
  uint64_t segno = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;  // on disk; set when it is closed
  uint64_t first_seq = 0;
  uint32_t record_count = 0;
  uint64_t payload_bytes = 0;
  uint64_t state_digest = 0;

  // In flight.
  Stage stage = Stage::kWriting;
  uint64_t token = 0;
  uint64_t done_bytes = 0;    // of it that are written
  int empty_completions = 0;  // in a row
  LogPosition end = {};       // set when it is sealed

  uint64_t last_seq() const { return first_seq + record_count - 1; }
  bool empty() const { return record_count == 0; }
};

class Writer::Impl {
 public:
  Impl(RecoveredLog recovered, const Options& options, Storage* storage);
  ~Impl();

  absl::Status Start();

  absl::Status Admit(std::span<const NewRecord> group);
  absl::StatusOr<uint64_t> Append(std::span<const NewRecord> group, uint64_t state_digest,
                                  Durability at_least);

  // Takes `count` records as PutRecord writes them, whose seqs continue next_seq().
  absl::StatusOr<uint64_t> AppendEncoded(Bytes records, uint32_t count, uint64_t payload_bytes,
                                         uint64_t state_digest, uint32_t groups);

  absl::Status Poll(absl::Duration wait_max);
  void Wake() { queue_->Wake(); }
  absl::Status Maintain(absl::Duration budget);
  absl::Status Flush();
  absl::Status Close();

  uint64_t released() const;
  Watermarks watermarks() const;
  uint32_t epoch() const { return identity_.epoch; }
  uint64_t next_seq() const { return next_seq_; }
  bool busy() const { return !flying_.empty() || !ready_.empty() || !open_.empty(); }
  const WriterStats& stats() const { return stats_; }
  bool flying() const { return !flying_.empty(); }
  const RecoveredLog& recovered() const { return recovered_; }

  // What a reader may read now: everything that is released.
  ReadPlan Plan() const;
  uint64_t released_offset() const;
  uint64_t rotations() const { return stats_.rotations; }
  const absl::Status& status() const { return status_; }
  Storage* storage() const { return storage_; }

  // Ends the helper thread and the queue; on the thread that drives the writer.  Only the lock is left.
  void Stop();

 private:
  // writer_append.cc: from a group to a place.
  absl::Status TakeRoom(uint64_t body_bytes);
  absl::Status OpenBatch(uint64_t body_bytes);
  absl::Status MoveToNextSegment(uint64_t batch_bytes);
  absl::Status WaitForWindow(uint64_t body_bytes);
  absl::Status WaitForSegment();
  absl::Status WaitForActive();
  absl::Status Drive();
  void StampGroup(uint32_t records, uint64_t payload_bytes, uint64_t state_digest, uint32_t groups);
  void CloseBatch();
  bool FitsPlace(uint64_t batch_bytes) const;
  bool FitsWindow(uint64_t body_bytes) const;
  AlignedBuffer TakeBuffer(uint64_t bytes_min);
  void GiveBuffer(AlignedBuffer buffer);

  // writer_io.cc: from a place to the disk.
  absl::Status Pump();
  absl::Status SubmitNext();
  void SealForFlight(PendingBatch* batch);
  absl::Status Submit(const Op& op);
  absl::Status SubmitPart(PendingBatch* batch);
  absl::Status SubmitFlush();
  absl::Status SubmitSlot(bool clean_close);
  absl::Status SubmitSlotWrite();
  absl::StatusOr<size_t> ReapOnce(absl::Duration wait_max);
  absl::Status Complete(const Completion& completion);
  absl::Status CompleteBatch(PendingBatch* batch, int64_t result);
  absl::Status CompleteSlot(int64_t result);
  void AdvanceWritten();
  void AdvanceDurable(const LogPosition& position);
  absl::Status SyncParent();
  absl::Status Drain();
  bool WindowWantsFlush() const;
  int64_t SlotDueNs() const;
  absl::Status Poison(const absl::Status& cause);

  // writer_rotate.cc: from segment to segment.
  absl::Status ActivateFirst();
  absl::Status Rotate();
  absl::Status WriteSegmentEnd(const SegmentFile& next);
  absl::Status Activate(SegmentFile next);
  void Enter(SegmentFile segment);
  void WantNext();
  uint64_t NextBytes(uint64_t batch_bytes) const;

  const Options options_;
  Storage* const storage_;
  RecoveredLog recovered_;  // holds the lock
  SegmentIdentity identity_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<SegmentSupply> supply_;
  absl::Status status_;  // the poison
  bool closed_ = false;
  bool pressed_ = false;  // somebody waits until all is durable

  std::vector<ReadSegment> segments_;  // of this epoch; the last is the active one

  // Where groups go.
  SegmentFile active_;
  PendingBatch open_;
  std::deque<PendingBatch> ready_;
  std::vector<AlignedBuffer> free_buffers_;
  uint64_t next_seq_ = 1;
  uint64_t place_segno_ = 0;  // of the place behind the last closed batch
  uint64_t place_offset_ = 0;
  uint64_t place_bytes_ = 0;  // size of that segment
  uint64_t place_align_ = kCommitAlignMin;
  uint64_t closed_bytes_ = 0;  // of all closed batches, since Start

  // What is on its way, and how far it got.
  std::deque<PendingBatch> flying_;
  uint64_t next_token_ = 0;
  bool unsubmitted_ = false;  // the queue holds back operations until the next Reap
  Digest chain_id_ = {};      // of the last sealed batch
  uint64_t chain_lsn_ = 0;
  LogPosition written_;
  LogPosition durable_;
  uint64_t witnessed_seq_ = 0;
  bool flush_flying_ = false;
  LogPosition flush_target_;

  // Watermark slots of the active segment.
  AlignedBuffer slot_buffer_;
  bool slot_flying_ = false;
  int slot_tries_ = 0;
  uint64_t slot_no_ = 0;
  LogPosition slot_target_;  // what the newest slot names
  int64_t last_ack_ns_ = 0;

  // For the index at its end.
  std::vector<IndexEntry> index_;
  SegmentEnd totals_;

  WriterStats stats_;
};

}  // namespace stet::wal
