// What is durable is learnt from headers and slots, in blocks that are read past every window; only
// then are the batches themselves read.
#include "stet/wal/follow.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/io/aligned_buffer.h"
#include "wal/looking.h"
#include "wal/segment_walk.h"

namespace stet::wal {

// The segment that is being read.
struct FollowedSegment {
  SegmentBytes bytes;
  SegmentHeader header = {};
  uint64_t offset = 0;              // of the next batch to give
  uint64_t bound = 0;               // all before it is durable
  uint64_t scout = 0;               // of the next batch header to ask what is durable
  std::optional<Chain> chain = {};  // nothing behind damage

  uint64_t align() const { return uint64_t{1} << header.commit_align_log2; }
};

namespace {

FollowedSegment Begin(SegmentBytes bytes, const SegmentHeader& header) {
  const uint64_t first = FirstBatchOffset(uint64_t{1} << header.commit_align_log2);
  return {.bytes = std::move(bytes),
          .header = header,
          .offset = first,
          .bound = first,
          .scout = first,
          .chain = FirstChain(header)};
}

enum class Raised : uint8_t { kMore, kNothing, kRetired };

}  // namespace

class Follower::Impl {
 public:
  Impl(std::unique_ptr<Storage> owned, Storage* storage, std::string directory, uint64_t from_seq)
      : owned_(std::move(owned)),
        storage_(storage),
        directory_(std::move(directory)),
        next_seq_(from_seq) {}

  // Begins with the segment that holds next_seq_, else with the oldest.  False if there is none.
  absl::StatusOr<bool> Enter() {
    ASSIGN_OR_RETURN(Survey survey, TakeSurvey(storage_, directory_));
    SurveyedSegment* chosen = nullptr;
    for (SurveyedSegment& segment : survey.segments) {
      if (!segment.active()) continue;
      if (chosen == nullptr || segment.header().first_seq <= next_seq_) chosen = &segment;
    }
    if (chosen == nullptr) return false;
    const SegmentHeader header = chosen->header();
    current_.emplace(Begin(std::move(chosen->bytes), header));
    return true;
  }

  absl::StatusOr<News> Next() {
    for (;;) {
      if (!current_) {
        ASSIGN_OR_RETURN(const bool entered, Enter());
        if (!entered) return News::kNothing;
      }
      if (current_->offset < current_->bound) {
        ASSIGN_OR_RETURN(const std::optional<News> news, Take());
        if (news) return *news;
        continue;
      }
      ASSIGN_OR_RETURN(const Raised raised, Raise());
      if (raised == Raised::kRetired) return Retire();
      if (raised == Raised::kNothing) return News::kNothing;
    }
  }

  Span span = {};
  uint64_t lost = 0;
  uint64_t durable_lsn = 0;
  uint64_t next_seq() const { return next_seq_; }

 private:
  absl::StatusOr<std::optional<News>> Take();
  absl::StatusOr<News> Retire();
  absl::StatusOr<Raised> Raise();
  absl::StatusOr<bool> Advance();
  absl::Status Scout();
  std::optional<News> Give(const Piece& piece);
  absl::StatusOr<Bytes> Peek(uint64_t offset, uint64_t bytes);
  absl::StatusOr<bool> IsSame();
  void Bound(uint64_t lsn);

  const std::unique_ptr<Storage> owned_;
  Storage* const storage_;
  const std::string directory_;
  uint64_t next_seq_;
  std::optional<FollowedSegment> current_ = {};
  AlignedBuffer peeked_;
};

// A block as it is on the disk now.
absl::StatusOr<Bytes> Follower::Impl::Peek(uint64_t offset, uint64_t bytes) {
  if (peeked_.size() < bytes) peeked_ = AlignedBuffer(bytes, kCommitAlignMax);
  ASSIGN_OR_RETURN(const size_t got, current_->bytes.ReadNow(offset, peeked_.span().first(bytes)));
  std::fill(peeked_.data() + got, peeked_.data() + bytes, std::byte{0});
  return Bytes(peeked_.span().first(bytes));
}

void Follower::Impl::Bound(uint64_t lsn) {
  if (SegnoOf(lsn) != current_->header.segno) return;
  current_->bound = std::max(current_->bound, OffsetOf(lsn));
  durable_lsn = std::max(durable_lsn, lsn);
}

// Whether the file is still the segment that we read: its header, and what its slots promise.
absl::StatusOr<bool> Follower::Impl::IsSame() {
  const uint64_t align = current_->align();
  ASSIGN_OR_RETURN(const Bytes blocks, Peek(0, FirstBatchOffset(align)));
  bool same = false;
  for (uint64_t i = 0; i < 2; ++i) {
    const auto header = Load<SegmentHeader>(blocks.subspan(i * align));
    same = same || (Check(header) == Flaw::kNone && header.salt == current_->header.salt);
  }
  if (!same) return false;
  for (uint64_t i = 2; i < 4; ++i) {
    const auto slot = Load<WatermarkSlot>(blocks.subspan(i * align));
    if (Check(slot) == Flaw::kNone && slot.salt == current_->header.salt) Bound(slot.durable_lsn);
  }
  return true;
}

// Goes over batch headers until one of them promises more: each was sealed after all that it names
// was durable.
absl::Status Follower::Impl::Scout() {
  FollowedSegment& current = *current_;
  current.scout = std::max(current.scout, current.offset);
  while (current.bound <= current.offset && current.scout < current.header.segment_bytes) {
    ASSIGN_OR_RETURN(const Bytes block, Peek(current.scout, current.align()));
    const auto batch = Load<BatchHeader>(block);
    if (Check(batch) != Flaw::kNone || batch.salt != current.header.salt) break;
    if (batch.lsn != MakeLsn(current.header.segno, current.scout)) break;
    Bound(batch.durable_lsn);
    current.scout += BatchBytes(batch.body_bytes, current.align());
  }
  return absl::OkStatus();
}

// Goes on to the next segment once it is in use and this one is read to the end that it states.
absl::StatusOr<bool> Follower::Impl::Advance() {
  const uint64_t segno = current_->header.segno;
  absl::StatusOr<SegmentBytes> next =
      SegmentBytes::Open(storage_, PathIn(directory_, SegmentName(segno + 1)));
  if (absl::IsNotFound(next.status())) return false;
  RETURN_IF_ERROR(next.status());
  const HeaderCopies copies = ReadHeaders(&*next);
  const SegmentHeader* header = copies.best();
  if (header == nullptr || header->state != SegmentState::kActive) return false;
  if (header->prev_segno != segno || header->segno != segno + 1) return false;
  Bound(header->prev_end_lsn);
  if (current_->offset < OffsetOf(header->prev_end_lsn)) return true;
  const SegmentHeader copy = *header;
  current_.emplace(Begin(*std::move(next), copy));
  return true;
}

absl::StatusOr<Raised> Follower::Impl::Raise() {
  const uint64_t segno = current_->header.segno;
  ASSIGN_OR_RETURN(const bool same, IsSame());
  if (!same) return Raised::kRetired;
  RETURN_IF_ERROR(Scout());
  if (current_->bound > current_->offset) return Raised::kMore;
  ASSIGN_OR_RETURN(const bool advanced, Advance());
  if (advanced) return Raised::kMore;
  // Without a successor it is the last one, or it is gone with all that followed.
  ASSIGN_OR_RETURN(const Listing listing, ListLog(storage_, directory_));
  const bool here = std::ranges::binary_search(listing.segnos, segno);
  return here ? Raised::kNothing : Raised::kRetired;
}

absl::StatusOr<News> Follower::Impl::Retire() {
  current_.reset();
  lost = 0;
  ASSIGN_OR_RETURN(const bool entered, Enter());
  if (entered && current_->header.first_seq > next_seq_) {
    lost = current_->header.first_seq - next_seq_;
    next_seq_ = current_->header.first_seq;
  }
  return News::kRetired;
}

// The batch as a span, without the records that were given or not asked for; nothing if all were.
std::optional<News> Follower::Impl::Give(const Piece& piece) {
  const bool damage = !piece.valid();
  span = Span{.kind = piece.kind,
              .file = current_->bytes.path(),
              .begin_lsn = MakeLsn(current_->header.segno, piece.offset),
              .bytes = piece.bytes,
              .text = piece.text};
  if (damage) return News::kDamage;
  if (piece.header.kind != BatchKind::kData || piece.next_seq() <= next_seq_) return std::nullopt;
  span.batch = InfoOf(piece);
  span.records = RecordsOf(piece, current_->header.record_align_log2);
  std::erase_if(span.records, [&](const Record& record) { return record.seq < next_seq_; });
  next_seq_ = piece.next_seq();
  return News::kBatch;
}

// Gives the batch at `offset`, which is durable.
absl::StatusOr<std::optional<News>> Follower::Impl::Take() {
  FollowedSegment& current = *current_;
  for (const bool again : {false, true}) {
    current.bytes.ReadAheadTo(current.bound);
    SegmentWalk walk(&current.bytes, current.header, current.offset, current.bound, current.chain);
    if (!walk.Next()) return std::optional<News>();
    const Piece& piece = walk.piece();
    if (!piece.valid() && !again) {
      // What the window holds may be older than the promise; and the file may be another by now.
      current.bytes.Forget();
      ASSIGN_OR_RETURN(const bool same, IsSame());
      if (same) continue;
      ASSIGN_OR_RETURN(const News retired, Retire());
      return std::optional<News>(retired);
    }
    const std::optional<News> news = Give(piece);
    current.offset = piece.offset + piece.bytes;
    current.chain = walk.chain();
    return news;
  }
  return std::optional<News>();
}

absl::StatusOr<Follower> Follower::Open(const Options& options, uint64_t from_seq) {
  std::unique_ptr<Storage> owned;
  ASSIGN_OR_RETURN(Storage * storage, ReadingStorage(options, &owned));
  auto impl = std::make_unique<Impl>(std::move(owned), storage, options.directory,
                                     std::max<uint64_t>(from_seq, 1));
  ASSIGN_OR_RETURN(const bool entered, impl->Enter());
  if (!entered) {
    return absl::NotFoundError(fmt::format("{}: no segment in use to follow", options.directory));
  }
  return Follower(std::move(impl));
}

Follower::Follower(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Follower::Follower(Follower&&) noexcept = default;
Follower& Follower::operator=(Follower&&) noexcept = default;
Follower::~Follower() = default;

absl::StatusOr<News> Follower::Next() { return impl_->Next(); }
const Span& Follower::span() const { return impl_->span; }
uint64_t Follower::next_seq() const { return impl_->next_seq(); }
uint64_t Follower::lost() const { return impl_->lost; }
uint64_t Follower::durable_lsn() const { return impl_->durable_lsn; }

}  // namespace stet::wal
