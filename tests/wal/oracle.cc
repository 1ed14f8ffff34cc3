// The log is read as one text: every place is looked at by itself first, and only then is it asked what
// all places together mean.
#include "tests/wal/oracle.h"

#include <algorithm>
#include <optional>

#include "tests/wal/oracle_outline.h"

namespace stet::oracle {
namespace {

class Judging {
 public:
  Judging(const Disk& disk, const Question& question)
      : question_(question), outline_(ReadOutline(disk, question)) {}

  Answer Run() {
    answer_.refusal = outline_.refusal;
    answer_.verdict = "clean";
    if (answer_.refusal.empty()) Segments();
    if (!answer_.refusal.empty()) return {.refusal = answer_.refusal};
    return answer_;
  }

 private:
  bool Refuse(const char* refusal) {
    answer_.refusal = refusal;
    return false;
  }

  bool Segments() {
    for (size_t i = start_; i < log_.size(); ++i) {
      if (i > start_) {
        if (!Follows(log_[i - 1], log_[i])) return Refuse("CHAIN_BROKEN");
        if (log_[i].prev_id() != id_ || log_[i].first_seq() != next_seq_ ||
            durable_ > log_[i - 1].Lsn(end_)) {
          return Refuse("CHAIN_BROKEN");
        }
      } else {
        const bool names_one = log_[i].Get(104, 8) != 0 || log_[i].Get(112, 8) != 0 ||
                               log_[i].prev_id() != Text(16, '\0');
        if (log_[i].Get(96, 8) == 0 && names_one) return Refuse("CHAIN_BROKEN");
        id_ = log_[i].prev_id();
        next_seq_ = log_[i].first_seq();
        prev_lsn_ = log_[i].first_seq() == 1 ? std::optional<uint64_t>(0) : std::nullopt;
        if (log_[i].first_seq() == 1) id_ = Text(16, '\0');
      }
      if (!OneSegment(i)) return false;
    }
    answer_.last_seq = next_seq_ - 1;
    if (answer_.last_seq >= log_.front().first_seq()) answer_.first_seq = log_.front().first_seq();
    return true;
  }

  bool OneSegment(size_t i) {
    const Segment& segment = log_[i];
    const bool last = i + 1 == log_.size();
    const uint64_t stated = last ? segment.bytes() : log_[i + 1].prev_end() & 0xffffffff;
    if (!last) {
      const bool inside = log_[i + 1].prev_end() >> 32 == segment.number &&
                          stated >= 4 * segment.align() && stated <= segment.bytes();
      if (!inside) return Refuse("CHAIN_BROKEN");
    }
    ends_.clear();
    end_ = 4 * segment.align();
    ends_[segment.Lsn(end_)] = {id_, next_seq_, next_seq_ - 1};
    bool sealed = false;
    Place place = Place::kZeros;
    while (end_ + segment.align() <= stated && !sealed) {
      place = At(segment, end_);
      if (place != Place::kValid) break;
      sealed = Take(segment);
    }
    if (place == Place::kValid) place = Place::kZeros;
    Witnesses(segment, stated, place);
    if (!Slots(segment)) return Refuse("CHAIN_BROKEN");
    if (!Snapshots(segment)) return Refuse("FORKED_HISTORY");
    if (!last) return end_ == stated || Refuse(Damage(segment, place, stated));
    if (!Tail(segment, place, sealed)) return false;
    if (outline_.opened > segment.number) return Refuse("MISSING_SEGMENT");
    return !sealed || outline_.last_number > segment.number || Refuse("MISSING_SEGMENT");
  }

  // Accepts the batch at end_; true if it is the last of its segment.
  bool Take(const Segment& segment) {
    const Batch batch = ReadBatch(segment.file.Part(end_, 128));
    const Text body = segment.file.Part(end_ + 128, batch.body());
    uint64_t at = 0;
    for (uint64_t i = 0; batch.data() && i < batch.count(); ++i) {
      const uint64_t payload = Number(body, at, 4);
      answer_.records.push_back({batch.first_seq() + i, body.substr(at + 32, payload)});
      at += Up(32 + payload, uint64_t{1} << segment.Get(54, 1));
    }
    const uint64_t first = batch.first_seq();
    next_seq_ = first + batch.count();
    id_ = batch.id();
    prev_lsn_ = batch.lsn();
    Promise(segment, batch);
    end_ += Up(128 + batch.body(), segment.align());
    ends_[segment.Lsn(end_)] = {id_, std::min(first, next_seq_ - 1), next_seq_ - 1};
    return batch.Get(5, 1) == 2 && batch.body() >= 48;
  }

  void Promise(const Segment& segment, const Batch& batch) {
    durable_ = std::max(durable_, batch.durable());
    const uint64_t end = batch.lsn() + Up(128 + batch.body(), segment.align());
    const uint64_t window = segment.Get(68, 4);
    if (end > window) durable_ = std::max(durable_, end - window);
  }

  Place At(const Segment& segment, uint64_t at) const {
    const Place place = Look(segment, at);
    if (place != Place::kValid) return place;
    const Batch batch = ReadBatch(segment.file.Part(at, 128));
    const bool follows = batch.Get(44, 4) == segment.Get(48, 4) && batch.durable() <= batch.lsn() &&
                         batch.bytes.substr(80, 16) == id_ && batch.first_seq() == next_seq_ &&
                         (!prev_lsn_ || batch.Get(96, 8) == *prev_lsn_);
    return follows ? Place::kValid : Place::kOther;
  }

  // Looks at every block from the end on.
  void Witnesses(const Segment& segment, uint64_t stated, Place& place) {
    used_ = false;
    const uint64_t align = segment.align();
    durable_ = std::max(durable_, segment.Lsn(4 * align));
    for (const uint64_t position : {0, 1}) {
      const Slot slot = ReadSlot(segment, position);
      if (slot.good) durable_ = std::max(durable_, slot.durable);
    }
    if (end_ >= stated) return;
    bool unreadable = false;
    for (uint64_t at = end_; at < std::min(segment.bytes(), Up(segment.file.size(), align));
         at += align) {
      if (!segment.file.Readable(at, align)) {
        unreadable = used_ = true;
        continue;
      }
      const Text block = segment.file.Part(at, align);
      if (Zero(block.data(), block.size())) continue;
      used_ = true;
      const Batch batch = ReadBatch(block);
      if (batch.kind != Batch::kIntact || batch.salt() != segment.salt()) continue;
      Promise(segment, batch);
    }
    if (place == Place::kZeros && used_) place = Place::kTorn;
    if (unreadable) place = Place::kUnreadable;
  }

  // 22, 23.
  bool Slots(const Segment& segment) const {
    for (const uint64_t position : {0, 1}) {
      const Slot slot = ReadSlot(segment, position);
      if (!slot.good) continue;
      const auto named = ends_.find(slot.durable);
      if (named != ends_.end() &&
          (named->second.id != slot.id || named->second.last_seq != slot.seq)) {
        return false;
      }
      if (slot.durable >= segment.Lsn(end_)) continue;
      if (named == ends_.end() || slot.flags == 1) return false;
    }
    return true;
  }

  // 29.
  bool Snapshots(const Segment& segment) const {
    for (const Snapshot& snapshot : question_.snapshots) {
      if (snapshot.lsn >> 32 != segment.number || snapshot.lsn > segment.Lsn(end_)) continue;
      const auto named = ends_.find(snapshot.lsn);
      if (named == ends_.end() || named->second.id != snapshot.batch_id ||
          snapshot.seq < named->second.first_seq || snapshot.seq > named->second.last_seq) {
        return false;
      }
    }
    return true;
  }

  // The right column of the table.
  const char* Damage(const Segment& segment, Place place, uint64_t size, bool by_snapshot = false) {
    const bool cut = segment.file.size() < size;
    switch (place) {
      case Place::kZeros:
        return cut ? "TRUNCATED" : by_snapshot ? "LOG_BEHIND_SNAPSHOT" : "LOST_TAIL";
      case Place::kTorn:
        return cut ? "TRUNCATED" : "CORRUPT_ACKED";
      case Place::kStale:
        return by_snapshot ? "LOG_BEHIND_SNAPSHOT" : "LOST_TAIL";
      case Place::kElsewhere:
        return "MISDIRECTED";
      case Place::kOther:
        return "CHAIN_BROKEN";
      case Place::kNewer:
        return "UNSUPPORTED";
      case Place::kUnreadable:
        return "IO_ERROR";
      case Place::kBad:
      case Place::kValid:
        break;
    }
    return "CORRUPT_ACKED";
  }

  // 10: of a file that is too short, that nothing was behind the last batch has to show.
  bool CutThere(const Segment& segment, bool sealed) const {
    const uint64_t left = segment.file.size();
    if (left >= segment.bytes() || sealed || end_ == segment.bytes()) return false;
    const Text sector = segment.file.Part(end_, 512);
    return end_ + 512 > left || !Zero(sector.data(), sector.size());
  }

  bool Tail(const Segment& segment, Place place, bool sealed) {
    uint64_t promised = durable_;
    for (const Snapshot& snapshot : question_.snapshots) {
      promised = std::max(promised, snapshot.lsn);
    }
    if (promised > segment.Lsn(end_)) {
      const bool by_snapshot = durable_ <= segment.Lsn(end_);
      return Refuse(Damage(segment, place, segment.bytes(), by_snapshot));
    }
    const bool stale_fill = segment.Get(55, 1) == 2;
    const bool nothing = place == Place::kZeros || place == Place::kTorn || place == Place::kValid;
    if (nothing && CutThere(segment, sealed)) return Refuse("TRUNCATED");
    switch (place) {
      case Place::kValid:
      case Place::kZeros:
        return true;
      case Place::kTorn:
        answer_.verdict = "torn_tail";
        return true;
      case Place::kBad:
        answer_.verdict = "torn_tail";
        return stale_fill || question_.lenient || Refuse("SUSPECT_TAIL");
      case Place::kStale:
      case Place::kElsewhere:
        answer_.verdict = "stale_tail";
        return true;
      case Place::kOther:
        return Refuse("CHAIN_BROKEN");
      case Place::kNewer:
        return Refuse("UNSUPPORTED");
      case Place::kUnreadable:
        answer_.verdict = "torn_tail";
        return question_.lenient || Refuse("IO_ERROR");
    }
    return true;
  }

  struct End {
    Text id = {};
    uint64_t first_seq = 0;
    uint64_t last_seq = 0;
  };

  const Question& question_;
  const Outline outline_;
  const std::vector<Segment>& log_ = outline_.log;
  const size_t start_ = outline_.start;
  Answer answer_ = {};
  Text id_ = {};  // of the last batch
  uint64_t next_seq_ = 1;
  std::optional<uint64_t> prev_lsn_ = {};
  uint64_t end_ = 0;                   // offset behind the last batch
  uint64_t durable_ = 0;               // W, an LSN
  std::map<uint64_t, End> ends_ = {};  // of the batches of one segment, by LSN
  bool used_ = false;
};

}  // namespace

Answer Judge(const Disk& disk, const Question& question) { return Judging(disk, question).Run(); }

}  // namespace stet::oracle
