// The writer's state: where the next group goes, what is in flight, what is durable.
//
//   Append -> open_ -> (closed) ready_ -> (sealed, submitted) flying_ -> (written) held_ -> durable
//
// A group gets its place in a segment with Append, so that what was taken always has room: in the active segment, or in the
// next one, which is then ready.  A batch is sealed, with its chain and watermark, when it is submitted.  It is kept until
// it is durable, in every mode: when the segment fails it is sealed again, for the next one.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stet/wal/writer.h"
#include "wal/batch.h"
#include "wal/buffer_pool.h"
#include "wal/io/aligned_buffer.h"
#include "wal/recovered_tail.h"
#include "wal/segment_supply.h"
#include "wal/segment_writer.h"
#include "wal/writer_limits.h"

namespace stet::wal {

// What a durable batch or slot says is durable.
struct WitnessMark {
  uint64_t lsn = 0;
  uint64_t seq = 0;
};

// How far something is: the end of a batch.
struct LogPosition {
  uint64_t lsn = 0;
  uint64_t seq = 0;          // the last before it
  uint64_t batch_lsn = 0;    // where the batch starts that ends here
  Digest batch_id = {};      // and its identity
  WitnessMark witness = {};  // what that batch names as durable
  uint64_t bytes = 0;        // of all batches up to here, since Start
};

// One batch, from its first record until it is durable.
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
  int64_t submitted_ns = 0;
  int64_t written_ns = 0;
  LogPosition end = {};  // set when it is sealed

  uint64_t last_seq() const { return first_seq + record_count - 1; }
  bool empty() const { return record_count == 0; }
  // Whether one more record, of the average size of its own, would not fit.
  bool full() const {
    return !empty() && used + (used - kBatchHeaderBytes) / record_count > used_max;
  }
};

// A group that asked for more than the log's durability.
struct Strengthened {
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  Durability at_least = Durability::kMemory;
};

// A time that does not come.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// Operations beside batches: a flush, a slot.
inline constexpr uint32_t kOtherOps = 2;

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
                                         uint64_t state_digest, uint32_t groups,
                                         Durability at_least = Durability::kMemory);

  absl::Status Poll(absl::Duration wait_max);
  void Wake() { queue_->Wake(); }
  absl::Status Maintain(absl::Duration budget);
  absl::Status Retire(const Anchor& anchor);
  absl::Status Flush();
  absl::Status Close();

  uint64_t released() const;
  Watermarks watermarks() const;
  uint32_t epoch() const { return identity_.epoch; }
  uint64_t next_seq() const { return next_seq_; }
  bool busy() const { return !flying_.empty() || !ready_.empty() || !open_.empty(); }
  WriterStats stats() const;
  bool flying() const { return ops_flying_ > 0; }
  const RecoveredLog& recovered() const { return recovered_; }

  // What a reader may read now: everything that is released.
  ReadPlan Plan() const;
  // The same, of what is durable.
  ReadPlan DurablePlan() const;
  const Anchor& durable_end() const { return durable_end_; }
  uint64_t released_offset() const;
  // How often the active segment changed.
  uint64_t rotations() const { return stats_.rotations + stats_.failovers; }
  const absl::Status& status() const { return status_; }
  Storage* storage() const { return storage_; }

  // Ends the helper thread and the queue; on the thread that drives the writer.  Only the lock is left.
  void Stop();

 private:
  // Whether the open batch may go on gathering although nothing flies.
  enum class Gather : uint8_t { kNo, kYes };

  // writer_append.cc: from a group to a place.
  absl::Status TakeRoom(uint64_t body_bytes);
  absl::Status OpenBatch(uint64_t body_bytes);
  absl::Status ApproachNextSegment(uint64_t batch_bytes);
  absl::Status WaitForWindow(uint64_t body_bytes);
  void StampGroup(uint32_t records, uint64_t payload_bytes, uint64_t state_digest, uint32_t groups,
                  Durability at_least);
  void CloseBatch();
  bool FitsPlace(uint64_t batch_bytes) const;
  bool FitsWindow(uint64_t body_bytes) const;

  // writer_poll.cc: what is to be done next.
  absl::Status Pump(Gather gather);
  bool HasNext(Gather gather);
  absl::Status SubmitNext();
  absl::StatusOr<size_t> ReapOnce(absl::Duration wait_max);
  absl::Duration UntilDue() const;
  void MeasureLatency(const PendingBatch& batch);
  void MeasureTurn();
  void FlyAhead();
  absl::Status Drive();
  absl::Status Drain();

  // writer_flight.cc: one operation and its end.
  void SealForFlight(PendingBatch* batch);
  absl::Status Submit(const Op& op);
  absl::Status SubmitPart(PendingBatch* batch);
  absl::Status SubmitFlush();
  absl::Status SubmitSlot(bool clean_close);
  absl::Status SubmitSlotWrite();
  absl::Status Complete(const Completion& completion);
  absl::Status CompleteFlush(int64_t result);
  absl::Status CompleteBatch(PendingBatch* batch, int64_t result);
  absl::Status CompleteSlot(int64_t result);

  // writer_marks.cc: watermarks, and what has to be flushed or witnessed for them.
  uint64_t Mark(Durability durability) const;
  void AdvanceWritten();
  void AdvanceDurable(const LogPosition& position);
  void AdvanceWitnessed(const WitnessMark& mark);
  void Hold(PendingBatch batch);
  void SettleStrengthened();
  bool DurableByWrite() const;
  bool IsAsked(Durability durability, uint64_t last_seq) const;
  bool InInterval() const;
  bool WantsFlush() const;
  bool WantsWitness() const;
  int64_t FlushDueNs() const;
  int64_t SlotDueNs() const;

  // writer_failover.cc: when the disk fails.
  absl::Status Fail(WriterFailure::Kind kind, const absl::Status& cause);
  absl::Status FailOver();
  absl::Status MoveOn(uint64_t discarded_to_lsn);
  absl::Status WriteAgain(size_t count);
  absl::Status VerifyHeader();
  absl::StatusOr<bool> TakeSpare();
  uint64_t SpareBytes() const;
  void PlaceAgain();
  void NoticeSupply();
  void NoticeRetired();
  void Record(WriterFailure::Kind kind, WriterFailure::Outcome outcome, std::string text);
  absl::Status Poison(WriterFailure::Kind kind, const absl::Status& cause);

  // writer_rotate.cc: from segment to segment.
  absl::Status SyncParent();
  absl::Status ChooseOperation();
  absl::Status NameOpened();
  absl::Status ActivateFirst();
  absl::Status Rotate();
  absl::Status WriteSegmentEnd(const SegmentFile& next);
  void StampHeader(StartReason reason, uint64_t discarded_to_lsn);
  void Enter(SegmentFile segment);
  void WantNext();
  uint64_t NextBytes(uint64_t batch_bytes) const;

  const Options options_;
  Storage* const storage_;
  RecoveredLog recovered_;  // holds the lock
  SegmentIdentity identity_;
  int64_t created_ns_ = 0;  // of the log, in LOG_ID
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<SegmentSupply> supply_;
  Operation operation_ = Operation::kDurableWrite;
  absl::Status status_;  // the poison
  bool closed_ = false;
  bool pressed_ = false;  // somebody waits until all is durable

  uint64_t retired_before_ = 0;        // segments below this number are not read any more
  std::vector<ReadSegment> segments_;  // of this epoch; the last is the active one

  // Where groups go.
  SegmentFile active_;
  PendingBatch open_;
  std::deque<PendingBatch> ready_;
  BufferPool buffers_;
  uint64_t next_seq_ = 1;
  uint64_t place_segno_ = 0;  // of the place behind the last closed batch
  uint64_t place_offset_ = 0;
  uint64_t place_bytes_ = 0;  // size of that segment
  uint64_t place_align_ = kCommitAlignMin;
  uint64_t closed_bytes_ = 0;              // of all closed batches, since Start
  std::deque<Strengthened> strengthened_;  // not yet as they asked, in order
  uint64_t interval_seq_ = 0;              // the last that asked for interval

  // What is on its way, and how far it got.
  int64_t latency_ns_ = 0;  // how long a batch takes lately; 0 before the first
  std::deque<PendingBatch> flying_;
  std::deque<PendingBatch> held_;  // written, not durable
  uint32_t ops_flying_ = 0;
  uint64_t next_token_ = 0;
  bool unsubmitted_ = false;  // the queue holds back operations until the next Reap
  Digest chain_id_ = {};      // of the last sealed batch
  uint64_t chain_lsn_ = 0;
  uint64_t sealed_end_lsn_ = 0;  // of the active segment: no batch was given a place behind it
  LogPosition written_;
  LogPosition durable_;
  Anchor durable_end_;  // durable_ may stand behind what holds no record
  WitnessMark witnessed_;
  uint64_t written_seq_ = 0;  // the highest that written_ ever reached: a failover sets it back
  bool flush_flying_ = false;
  LogPosition flush_target_;

  // How long the caller takes from one release to its next Poll.
  int64_t released_ns_ = 0;
  int64_t turn_ns_ = 0;

  // Watermark slots of the active segment.
  AlignedBuffer slot_buffer_;
  bool slot_flying_ = false;
  int slot_tries_ = 0;
  uint64_t slot_no_ = 0;
  LogPosition slot_target_;  // what the newest slot names
  int64_t last_ack_ns_ = 0;

  // The active segment failed: nothing that it says counts any more.
  bool failing_ = false;
  WriterFailure::Kind failure_kind_ = WriterFailure::Kind::kWrite;
  absl::Status failure_;
  bool spare_asked_ = false;  // for this failure
  SegmentFile spare_;         // taken from the supply, not yet active
  std::deque<int64_t> failovers_ns_;
  bool supply_failed_ = false;

  // For the index at its end.
  std::vector<IndexEntry> index_;
  SegmentEnd totals_;

  WriterStats stats_;
};

}  // namespace stet::wal
