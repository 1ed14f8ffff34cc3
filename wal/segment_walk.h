// Walks over all that a segment holds, and goes on behind damage at the next block that makes sense.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stet/wal/inspect.h"
#include "wal/segment_reader.h"
#include "wal/survey.h"

namespace stet::wal {

// A piece of a segment: one batch, or a run of blocks that are none.
struct Piece {
  Span::Kind kind = Span::Kind::kZeros;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  BatchHeader header = {};   // if intact()
  uint64_t batch_bytes = 0;  // that the header gives the batch; 0 if it is not intact
  Bytes batch = {};  // all of it, if the header is intact and it can be read; until the next call
  std::string text = {};  // what is wrong, if something is

  bool intact() const { return batch_bytes != 0; }
  // A valid batch, whether it continues what stands before it or that is lost.
  bool valid() const {
    return kind == Span::Kind::kBatch || kind == Span::Kind::kSegmentEnd ||
           kind == Span::Kind::kDetached;
  }
  uint64_t next_seq() const { return header.first_seq + header.record_count; }
};

// The pieces of [begin, limit), offsets in the segment.  `bytes` must stay alive and is read by
// nobody else meanwhile.  With a `chain` the first batch must continue it.
class SegmentWalk {
 public:
  SegmentWalk(SegmentBytes* bytes, const SegmentHeader& header, uint64_t begin, uint64_t limit,
              std::optional<Chain> chain);

  // Moves on; false at the limit.  What piece() gave before is gone.
  bool Next();
  const Piece& piece() const { return piece_; }
  // What the next batch must continue; nothing behind a bad place.
  const std::optional<Chain>& chain() const { return chain_; }

 private:
  void Show(Span::Kind kind, uint64_t end, std::string text);
  void ShowBatch(const Judgement& judged, Span::Kind kind);
  void ShowZeros();
  void ShowBad(const Judgement& judged, Span::Kind kind);
  bool EndsBadPlace(const Judgement& judged, Span::Kind kind, uint64_t at);

  SegmentBytes& bytes_;
  const SegmentHeader header_;
  const uint64_t align_;
  uint64_t offset_;
  const uint64_t limit_;
  std::optional<Chain> chain_;
  Piece piece_;
};

// What the first batch of a segment must continue.
Chain FirstChain(const SegmentHeader& header);

// The offset where the log leaves segment `i` of `survey`: where the next one says that it ends, else
// its size.  What stands behind was dropped there, and counts no more.
uint64_t LimitOf(const Survey& survey, size_t i);

// The records of a batch that verify, from the first on; they point into `piece.batch`.
std::vector<Record> RecordsOf(const Piece& piece, uint32_t record_align_log2);

BatchInfo InfoOf(const Piece& piece);

}  // namespace stet::wal
