// The directory, the names, the headers, and where reading starts.
#include "tests/wal/oracle_outline.h"

#include <algorithm>

namespace stet::oracle {

bool Follows(const Segment& before, const Segment& after) {
  const uint64_t end = after.prev_end() & 0xffffffff;
  bool fits = after.Get(96, 8) == before.number && after.Get(48, 4) >= before.Get(48, 4) &&
              after.prev_end() >> 32 == before.number && end >= 4 * before.align() &&
              end <= before.bytes() && after.first_seq() == after.Get(112, 8) + 1 &&
              after.first_seq() >= before.first_seq();
  Slot newest;
  for (const uint64_t position : {0, 1}) {
    const Slot slot = ReadSlot(before, position);
    if (slot.good && (!newest.good || slot.no > newest.no)) newest = slot;
  }
  if (newest.good && newest.durable > after.prev_end()) fits = false;
  return fits;
}
namespace {

class Outliner {
 public:
  Outliner(const Disk& disk, const Question& question) : disk_(disk), question_(question) {}

  Outline Run() {
    ReadDirectory();
    if (Directory() && Names() && Headers() && Base()) Links();
    if (!segments_.empty()) outline_.last_number = segments_.back().number;
    return outline_;
  }

 private:
  bool Refuse(const char* refusal) {
    outline_.refusal = refusal;
    return false;
  }

  File Open(const Text& path) const {
    File file = {.text = &disk_.files->at(path)};
    const auto bad = disk_.unreadable->find(path);
    if (bad != disk_.unreadable->end()) file.bad = &bad->second;
    return file;
  }

  void ReadDirectory() {
    const Text prefix = disk_.directory + "/";
    for (const auto& [path, text] : *disk_.files) {
      if (path.compare(0, prefix.size(), prefix) != 0) continue;
      const Text name = path.substr(prefix.size());
      if (name.size() < 4 || name.substr(name.size() - 4) != ".wal") continue;
      const Text digits = name.substr(0, name.size() - 4);
      const bool named = digits.size() == 16 &&
                         digits.find_first_not_of("0123456789abcdef") == Text::npos &&
                         digits.compare(0, 8, "00000000") == 0 && digits != Text(16, '0');
      if (!named) {
        misnamed_ = true;
        continue;
      }
      Segment segment;
      segment.number = std::stoull(digits, nullptr, 16);
      segment.file = Open(path);
      ReadHeaders(segment);
      FindBatch(segment);
      segments_.push_back(segment);
    }
  }

  // 17, 20, 30, 31 and LOG_ID.
  bool Directory() {
    bool batches = false;
    bool active = false;
    for (const Segment& segment : segments_) {
      batches |= segment.has_batch;
      active |= segment.active();
    }
    const auto found = disk_.files->find(disk_.directory + "/LOG_ID");
    if (found == disk_.files->end()) return Refuse(batches ? "NO_LOG_ID" : "NOT_A_LOG");
    const Text& id = found->second;
    const bool intact = id.size() == 64 && id.compare(0, 8, Text("WFLOGID\0", 8)) == 0 &&
                        Hash(id.data(), 48) == id.substr(48);
    if (intact && Number(id, 8, 2) != 1) return Refuse("UNSUPPORTED");
    const uint64_t minor = intact ? Number(id, 10, 2) : 0;
    const bool reserved = intact && ((minor <= 1 && Number(id, 12, 4) != 0) ||
                                     (minor == 0 && Number(id, 40, 8) != 0));
    if (!intact || reserved) return Refuse("NO_LOG_ID");
    uuid_ = id.substr(16, 16);
    outline_.opened = Number(id, 40, 8);
    return batches || active || Refuse("LOG_MISSING");
  }

  // 16, 18.
  bool Names() {
    if (misnamed_) return Refuse("MISNAMED");
    for (size_t i = segments_.size() - 1; i > 0; --i) {
      if (segments_[i].number == segments_[i - 1].number + 1) continue;
      const Segment& after = segments_[i];
      const bool needless =
          !question_.snapshots.empty() && after.active() &&
          (after.number <= Newest().lsn >> 32 || after.first_seq() <= Newest().seq + 1);
      if (!needless) return Refuse("MISSING_SEGMENT");
      segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
    return true;
  }

  const Snapshot& Newest() const {
    return *std::max_element(question_.snapshots.begin(), question_.snapshots.end(),
                             [](const auto& a, const auto& b) { return a.seq < b.seq; });
  }

  // 12 to 15, 19, 20: in the order of the segments.
  bool Headers() {
    size_t used = segments_.size();  // number of segments up to the last active one
    while (used > 0 && !segments_[used - 1].active()) --used;
    for (size_t i = 0; i < segments_.size(); ++i) {
      if (!OneHeader(segments_[i], i + 1 >= used)) return false;
      if (i + 1 > used || segments_[i].active()) continue;
      // In front of one that is in use: found when that one has been looked at.
      for (size_t next = i + 1; next < segments_.size(); ++next) {
        if (!OneHeader(segments_[next], next + 1 >= used)) return false;
        if (segments_[next].active()) return Refuse("HEADER_LOST");
      }
    }
    outline_.log.assign(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(used));
    return true;
  }

  bool OneHeader(const Segment& segment, bool last) {
    const Header& a = segment.copy[0];
    const Header& b = segment.copy[1];
    if (a.mark == Mark::kNewer || b.mark == Mark::kNewer) return Refuse("UNSUPPORTED");
    if (a.mark == b.mark && a.good() && a.bytes != b.bytes &&
        !(a.mark == Mark::kPrepared && segment.has_batch)) {
      return Refuse("CHAIN_BROKEN");
    }
    if (segment.best < 0) {
      const bool readable = segment.file.Readable(0, segment.file.size());
      const bool blank = readable && segment.file.size() >= 64 << 10 &&
                         Zero(segment.file.text->data(), segment.file.size());
      return (blank && last) || Refuse("HEADER_LOST");
    }
    if (!segment.active() && segment.has_batch) return Refuse("HEADER_LOST");
    if (segment.header().bytes.substr(16, 16) != uuid_) return Refuse("FOREIGN");
    if (segment.Get(32, 8) != segment.number) return Refuse("MISNAMED");
    if (segment.Get(76, 4) != 0 || segment.Get(188, 2) > question_.event_level_max) {
      return Refuse("UNSUPPORTED");
    }
    return true;
  }

  // 24 to 29, as far as headers tell.
  bool Base() {
    const Segment& first = outline_.log.front();
    if (question_.snapshots.empty()) {
      const bool from_one = first.Get(96, 8) == 0 && first.first_seq() == 1;
      return from_one || Refuse("NO_BASE");
    }
    std::vector<Snapshot> newest_first = question_.snapshots;
    std::sort(newest_first.begin(), newest_first.end(),
              [](const auto& x, const auto& y) { return x.seq > y.seq; });
    bool gap = false;
    for (const Snapshot& snapshot : newest_first) {
      const uint64_t number = snapshot.lsn >> 32;
      if (number > outline_.log.back().number) return Refuse("LOG_BEHIND_SNAPSHOT");
      if (number < first.number) {
        if (snapshot.seq + 1 < first.first_seq()) {
          gap |= &snapshot == newest_first.data();
          continue;
        }
        const bool fits = snapshot.seq + 1 == first.first_seq() &&
                          snapshot.lsn <= first.prev_end() &&
                          (snapshot.lsn < first.prev_end() || snapshot.batch_id == first.prev_id());
        if (!fits) return Refuse("FORKED_HISTORY");
        continue;
      }
      const size_t i = number - first.number;
      if (i + 1 == outline_.log.size()) continue;
      const Segment& next = outline_.log[i + 1];
      if (snapshot.lsn > next.prev_end() || snapshot.seq > next.Get(112, 8) ||
          (snapshot.lsn == next.prev_end() && snapshot.batch_id != next.prev_id())) {
        return Refuse("FORKED_HISTORY");
      }
    }
    if (gap) return Refuse("LOG_GAP");
    const Snapshot& newest = newest_first.front();
    if (newest.lsn >> 32 >= first.number) {
      outline_.start = (newest.lsn >> 32) - first.number;
      const bool at_end = outline_.start + 1 < outline_.log.size() &&
                          outline_.log[outline_.start + 1].prev_end() == newest.lsn;
      if (at_end && outline_.log[outline_.start + 1].has_batch) ++outline_.start;
    }
    return true;
  }

  bool Links() {
    for (size_t i = 1; i <= outline_.start; ++i) {
      if (!Follows(outline_.log[i - 1], outline_.log[i])) return Refuse("CHAIN_BROKEN");
    }
    return true;
  }

  const Disk& disk_;
  const Question& question_;
  Outline outline_ = {};
  Text uuid_ = {};
  bool misnamed_ = false;
  std::vector<Segment> segments_ = {};  // all
};

}  // namespace

Outline ReadOutline(const Disk& disk, const Question& question) {
  return Outliner(disk, question).Run();
}

}  // namespace stet::oracle
