// Draws faults, and derives from where they hit what the claim says.
#include "tests/sim/damage.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace stet::wal {
namespace {

constexpr uint64_t kA = kSimBlock;

constexpr DamageVerdict kRefuses = {.may_open = false};

using Image = std::vector<std::byte>;

bool Zero(const Image& image, uint64_t begin, uint64_t end) {
  end = std::min<uint64_t>(end, image.size());
  for (uint64_t i = begin; i < end; ++i) {
    if (image[i] != std::byte{0}) return false;
  }
  return true;
}

class Damager {
 public:
  Damager(SimDisk* disk, const ImageMap& map, const std::string& directory,
          const std::optional<Anchor>& anchor, uint64_t witnessed, std::mt19937_64* random)
      : disk_(*disk),
        map_(map),
        directory_(directory),
        anchor_(anchor),
        // A snapshot holds durable records only.
        witnessed_(std::max(witnessed, anchor ? anchor->seq : 0)),
        random_(*random) {}

  Damage Run() {
    Draw();
    if (text_.empty()) return {"nothing", All()};
    JudgeBeforeAnchor();
    return {path_ + ": " + text_, verdict_};
  }

 private:
  // Every record is there, and open says so.
  DamageVerdict All() const { return {.may_refuse = false, .at_least = map_.last_seq}; }
  // It may refuse; if it does not, every record is there.
  DamageVerdict AllOrRefused() const { return {.at_least = map_.last_seq}; }

  void Draw();
  void DrawFileFault(uint64_t kind);
  void DrawPlaceFault(uint64_t kind, uint64_t offset);
  void DrawCopy(uint64_t offset);
  void Truncate();
  void MakeForeign();
  void Swap();
  DamageVerdict JudgeChange(const Image& before, const Image& after, bool copied) const;
  DamageVerdict JudgeBatch(const MappedBatch& batch, const Image& before, const Image& after,
                           bool copied) const;
  DamageVerdict JudgeCut(const Image& before, uint64_t size) const;
  DamageVerdict JudgeLoss() const;
  void JudgeBeforeAnchor();
  bool Witnessed(const MappedBatch& batch) const {
    return segment_ != map_.last_active() || (batch.last_seq <= witnessed_ && !batch.ends_segment);
  }

  SimDisk& disk_;
  const ImageMap& map_;
  const std::string& directory_;
  const std::optional<Anchor>& anchor_;
  const uint64_t witnessed_;
  std::mt19937_64& random_;

  std::string path_;
  SimContent* content_ = nullptr;
  const MappedSegment* segment_ = nullptr;  // null: another file
  std::string text_;
  bool headers_stand_ = false;  // of the segment, if it is still there
  DamageVerdict verdict_;
};

void Damager::Draw() {
  const std::vector<std::string> names = disk_.List(directory_);
  if (names.empty()) return;
  path_ = directory_ + "/" + names[random_() % names.size()];
  content_ = disk_.Find(path_);
  segment_ = map_.At(path_);
  if (random_() % 8 == 0) return DrawFileFault(random_() % 4);
  if (content_->size() == 0) return;
  // Mostly where something is.
  uint64_t offset = random_() % content_->size();
  if (segment_ != nullptr && random_() % 4 != 0) {
    offset = random_() % std::min(segment_->end + 2 * kA, content_->size());
  }
  DrawPlaceFault(random_() % 6, offset);
}

void Damager::DrawFileFault(uint64_t kind) {
  if (kind == 0 || segment_ == nullptr) {
    text_ = "is gone";
    headers_stand_ = true;
    verdict_ = JudgeLoss();
    disk_.Lose(path_);
  } else if (kind == 1) {
    Truncate();
  } else if (kind == 2) {
    MakeForeign();
  } else {
    Swap();
  }
}

void Damager::DrawPlaceFault(uint64_t kind, uint64_t offset) {
  const Image before = content_->All();
  const uint64_t sector = offset / kSimSector * kSimSector;
  headers_stand_ = offset >= 4 * kA;
  if (kind == 0) {
    const int bit = static_cast<int>(random_() % 8);
    content_->FlipBit(offset, bit);
    text_ = fmt::format("bit {} of byte {} flipped", bit, offset);
  } else if (kind == 1) {
    content_->Overwrite(sector, Image(kSimSector));
    text_ = fmt::format("sector at {} zeroed", sector);
  } else if (kind == 2) {
    content_->Overwrite(offset / kA * kA, Image(kA));
    text_ = fmt::format("block at {} zeroed", offset / kA * kA);
  } else if (kind == 3) {
    Image noise(kSimSector);
    for (std::byte& byte : noise) byte = static_cast<std::byte>(random_());
    content_->Overwrite(sector, noise);
    text_ = fmt::format("noise in the sector at {}", sector);
  } else if (kind == 4) {
    content_->unreadable.insert(offset / kSimSector);
    text_ = fmt::format("sector at {} unreadable", sector);
    Image after = before;  // for the verdict: its bytes are not those that were written
    const uint64_t end = std::min<uint64_t>(sector + kSimSector, after.size());
    for (uint64_t i = sector; i < end; ++i) after[i] = ~after[i];
    verdict_ = JudgeChange(before, after, false);
    return;
  } else {
    return DrawCopy(offset);
  }
  verdict_ = JudgeChange(before, content_->All(), false);
}

// A write that went to another place, or to another as well: here a block stands that belongs elsewhere.
void Damager::DrawCopy(uint64_t offset) {
  if (segment_ == nullptr) return;
  auto from = map_.segments.begin();
  std::advance(from, random_() % map_.segments.size());
  const SimContent& source = *disk_.Find(from->second.path);
  const uint64_t place = random_() % std::min(from->second.end, source.size()) / kA * kA;
  Image block(kA);
  source.Read(place, block, false);
  const Image before = content_->All();
  content_->Overwrite(offset / kA * kA, block);
  text_ =
      fmt::format("block at {} is that of segment {} at {}", offset / kA * kA, from->first, place);
  verdict_ = JudgeChange(before, content_->All(), true);
}

DamageVerdict Damager::JudgeChange(const Image& before, const Image& after, bool copied) const {
  const auto differ = std::mismatch(before.begin(), before.end(), after.begin());
  if (differ.first == before.end()) return All();
  const auto at = static_cast<uint64_t>(differ.first - before.begin());
  if (path_.ends_with("/LOG_ID")) return kRefuses;
  if (segment_ == nullptr) return All();
  // A copy of a header or slot: the other is enough, unless what stands here is intact and says something else.
  const bool enough = at >= 2 * kA || !segment_->one_copy;
  if (at < 4 * kA || !segment_->active) return copied || !enough ? AllOrRefused() : All();
  for (const MappedBatch& batch : segment_->batches) {
    if (at >= batch.offset && at < batch.offset + batch.bytes) {
      return JudgeBatch(batch, before, after, copied);
    }
  }
  return segment_ == map_.last_active() ? AllOrRefused() : All();
}

DamageVerdict Damager::JudgeBatch(const MappedBatch& batch, const Image& before, const Image& after,
                                  bool copied) const {
  if (Witnessed(batch)) return kRefuses;
  // Nothing names it: it is dropped if sectors of it are missing, or another batch stands there.
  bool missing = copied;
  for (uint64_t at = batch.offset; at < batch.offset + batch.bytes; at += kSimSector) {
    missing |= Zero(after, at, at + kSimSector) && !Zero(before, at, at + kSimSector);
  }
  if (!missing) return kRefuses;
  return {.at_least = std::min(witnessed_, batch.first_seq - 1)};
}

void Damager::Truncate() {
  const Image before = content_->All();
  if (before.empty()) return;
  const uint64_t size = random_() % before.size();
  auto cut = std::make_shared<SimContent>();
  cut->Resize(size);
  cut->Overwrite(0, Bytes(before).first(size));
  disk_.Place(path_, cut);
  text_ = fmt::format("cut to {} bytes", size);
  verdict_ = JudgeCut(before, size);
}

DamageVerdict Damager::JudgeCut(const Image& before, uint64_t size) const {
  if (!segment_->active) return AllOrRefused();
  for (const MappedBatch& batch : segment_->batches) {
    const uint64_t end = batch.offset + batch.bytes;
    if (end <= size || Zero(before, std::max(size, batch.offset), end)) continue;
    return kRefuses;
  }
  if (size < 4 * kA) return AllOrRefused();
  if (segment_ != map_.last_active() || segment_->sealed()) return All();
  // Whether anything stood behind the last batch must still show.
  return size < segment_->end + kSimSector ? kRefuses : AllOrRefused();
}

DamageVerdict Damager::JudgeLoss() const {
  if (path_.ends_with("/LOG_ID")) return kRefuses;
  if (segment_ == nullptr) return All();
  if (!segment_->active) return AllOrRefused();
  if (segment_->batches.empty()) return AllOrRefused();
  // Of the last one its predecessor knows if it was sealed, else LOG_ID.
  return kRefuses;
}

// Of segments before the one that holds the anchor only the headers are looked at, and they need not
// be there.  Neither need others that hold no record which is not in the snapshot.
void Damager::JudgeBeforeAnchor() {
  if (!anchor_ || segment_ == nullptr || !segment_->active) return;
  const uint64_t segno = anchor_->lsn >> 32;
  const bool behind =
      std::any_of(segment_->batches.begin(), segment_->batches.end(),
                  [&](const MappedBatch& batch) { return batch.last_seq > anchor_->seq; });
  const bool spent = segment_->segno < segno || (!behind && segment_ != map_.last_active());
  if (!spent) return;
  verdict_ = segment_->segno < segno && headers_stand_ ? All() : AllOrRefused();
}

void Damager::MakeForeign() {
  Image image = content_->All();
  for (const uint64_t at : {uint64_t{0}, kA}) {
    if (at + 256 > image.size()) return;
    image[at + 16] ^= std::byte{1};
    const XXH128_hash_t hash = XXH3_128bits(image.data() + at, 240);
    std::memcpy(image.data() + at + 240, &hash.low64, 8);
    std::memcpy(image.data() + at + 248, &hash.high64, 8);
  }
  content_->Overwrite(0, image);
  text_ = "is of another log";
  verdict_ = segment_->active ? kRefuses : AllOrRefused();
}

void Damager::Swap() {
  auto other = map_.segments.begin();
  std::advance(other, random_() % map_.segments.size());
  if (&other->second == segment_) return;
  const bool matters = segment_->active || other->second.active;
  std::shared_ptr<SimContent> a = disk_.names().at(path_);
  std::shared_ptr<SimContent> b = disk_.names().at(other->second.path);
  disk_.Place(path_, std::move(b));
  disk_.Place(other->second.path, std::move(a));
  text_ = fmt::format("swapped with segment {}", other->first);
  verdict_ = matters ? kRefuses : AllOrRefused();
}

}  // namespace

Damage DamageImage(SimDisk* disk, const ImageMap& map, const std::string& directory,
                   const std::optional<Anchor>& anchor, uint64_t witnessed,
                   std::mt19937_64* random) {
  return Damager(disk, map, directory, anchor, witnessed, random).Run();
}

}  // namespace stet::wal
