// One kind per block, from a walk over each segment.
#include "stet/wal/map.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/status_macros.h"
#include "wal/explain_batch.h"
#include "wal/looking.h"
#include "wal/segment_walk.h"

namespace stet::wal {
namespace {

struct Look {
  std::string_view name;
  char symbol;
};
constexpr std::array<Look, kBlockKinds> kLooks = {{
    {"header", 'H'},
    {"slot", 'W'},
    {"slot_empty", '_'},
    {"batch", 'B'},
    {"batch_rest", 'b'},
    {"segment_end", 'E'},
    {"zeros", '.'},
    {"torn", 't'},
    {"bad", 'X'},
    {"stale", 's'},
    {"misplaced", 'm'},
    {"unchained", 'u'},
    {"detached", 'D'},
    {"dead", 'x'},
    {"unreadable", '!'},
    {"missing", '-'},
}};

Block BlockOf(Span::Kind kind) {
  switch (kind) {
    case Span::Kind::kBatch:
      return Block::kBatch;
    case Span::Kind::kSegmentEnd:
      return Block::kSegmentEnd;
    case Span::Kind::kDetached:
      return Block::kDetached;
    case Span::Kind::kZeros:
      return Block::kZeros;
    case Span::Kind::kTorn:
      return Block::kTorn;
    case Span::Kind::kStale:
      return Block::kStale;
    case Span::Kind::kMisplaced:
      return Block::kMisplaced;
    case Span::Kind::kUnchained:
      return Block::kUnchained;
    case Span::Kind::kUnreadable:
      return Block::kUnreadable;
    case Span::Kind::kDamaged:
    case Span::Kind::kHeaderLost:
      return Block::kBad;
  }
  return Block::kBad;
}

Block BlockOf(Flaw flaw, Block valid, Block zero) {
  if (flaw == Flaw::kNone) return valid;
  if (flaw == Flaw::kZero) return zero;
  return flaw == Flaw::kUnreadable ? Block::kUnreadable : Block::kBad;
}

class Mapper {
 public:
  Mapper(const Survey& survey, size_t i, SurveyedSegment* segment)
      : survey_(survey), index_(i), segment_(*segment), header_(HeaderFor(segment)) {}

  SegmentMap Run() {
    SegmentMap map = {.file = segment_.bytes.path(),
                      .segno = segment_.segno,
                      .state = segment_.active()                   ? "active"
                               : segment_.copies.best() != nullptr ? "provisional"
                                                                   : "damaged",
                      .block_bytes = header_ ? 1U << header_->commit_align_log2 : kCommitAlignMin};
    align_ = map.block_bytes;
    uint64_t bytes = segment_.bytes.file_bytes();
    if (header_) bytes = std::max(bytes, header_->segment_bytes);
    map.blocks.assign(AlignUp(bytes, align_) / align_, Block::kZeros);
    blocks_ = &map.blocks;
    if (header_) {
      MapHeaders();
      MapBatches();
    } else {
      MapUnknown();
    }
    for (uint64_t at = AlignUp(segment_.bytes.file_bytes(), align_); at < bytes; at += align_) {
      Set(at, Block::kMissing);
    }
    return map;
  }

 private:
  void Set(uint64_t offset, Block block) {
    if (offset / align_ < blocks_->size()) (*blocks_)[offset / align_] = block;
  }

  void MapHeaders() {
    for (size_t i = 0; i < 2; ++i) {
      Set(i * align_, BlockOf(segment_.copies.flaw[i], Block::kHeader, Block::kZeros));
    }
    const Slots slots = ReadSlots(&segment_.bytes, *header_);
    for (size_t i = 0; i < 2; ++i) {
      Set((2 + i) * align_, BlockOf(slots.flaw[i], Block::kSlot, Block::kSlotEmpty));
    }
  }

  void MapBatches() {
    const uint64_t limit = segment_.active() ? LimitOf(survey_, index_) : header_->segment_bytes;
    SegmentWalk walk(
        &segment_.bytes, *header_, FirstBatchOffset(align_), header_->segment_bytes,
        segment_.copies.best() == nullptr ? std::nullopt : std::optional(FirstChain(*header_)));
    while (walk.Next()) {
      const Piece& piece = walk.piece();
      for (uint64_t at = piece.offset; at < piece.offset + piece.bytes; at += align_) {
        Block block = BlockOf(piece.kind);
        if (block == Block::kBatch && at != piece.offset) block = Block::kBatchRest;
        if (at >= limit && block != Block::kZeros) block = Block::kDead;
        Set(at, block);
      }
    }
  }

  // Nothing says what the file is.
  void MapUnknown() {
    for (uint64_t at = 0; at < segment_.bytes.file_bytes(); at += align_) {
      const absl::StatusOr<Bytes> block = segment_.bytes.At(at, align_);
      Set(at, !block.ok() ? Block::kUnreadable : AllZero(*block) ? Block::kZeros : Block::kBad);
    }
  }

  const Survey& survey_;
  const size_t index_;
  SurveyedSegment& segment_;
  const std::optional<SegmentHeader> header_;
  uint64_t align_ = kCommitAlignMin;
  std::vector<Block>* blocks_ = nullptr;
};

}  // namespace

std::string_view ToString(Block block) { return kLooks[static_cast<size_t>(block)].name; }
char SymbolOf(Block block) { return kLooks[static_cast<size_t>(block)].symbol; }

absl::StatusOr<std::vector<SegmentMap>> MapBlocks(const Options& options) {
  ASSIGN_OR_RETURN(Looking looking, LookAt(options));
  std::vector<SegmentMap> maps;
  for (size_t i = 0; i < looking.survey.segments.size(); ++i) {
    maps.push_back(Mapper(looking.survey, i, &looking.survey.segments[i]).Run());
  }
  return maps;
}

}  // namespace stet::wal
