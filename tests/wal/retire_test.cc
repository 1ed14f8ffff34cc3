// Tests of segments that nobody needs any more: what becomes of them, and what a crash leaves.
#include <errno.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "stet/wal/writer.h"
#include "tests/base/stride.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/failing_storage.h"
#include "tests/wal/log_fixture.h"
#include "tests/wal/temp_directory.h"
#include "wal/segments.h"

namespace stet::wal::retire_test {
namespace {

Options SmallSegments(SimStorage* storage, Retired retired) {
  Options options = SimOptions(storage);
  // After the first batch of a segment the next one is not yet being made: it will be made of what
  // is retired then.
  options.segment_bytes = 128 << 10;
  options.first_segment_bytes = 128 << 10;
  options.inflight_bytes_max = 128 << 10;
  options.retired = retired;
  if (retired == Retired::kArchive) options.archive_directory = "/archive";
  return options;
}

std::string TextOf(uint64_t seq) { return std::to_string(seq) + std::string(9000, 't'); }

// Durable groups, until the log is in segment `segno`.
absl::Status FillUpTo(Writer* writer, uint64_t rotations) {
  while (writer->stats().rotations < rotations) {
    RETURN_IF_ERROR(AppendText(writer, {TextOf(writer->next_seq())}).status());
    RETURN_IF_ERROR(writer->Flush());
  }
  return absl::OkStatus();
}

// The anchor of the last record of the first batch in segment `segno`, read from the log itself.
absl::StatusOr<Anchor> AnchorIn(SimDisk disk, Options options, uint64_t segno) {
  SimStorage storage(std::move(disk));
  options.storage = &storage;
  ASSIGN_OR_RETURN(const RecoveredLog log, Recover(options));
  Reader reader = log.NewReader();
  for (auto it = reader.begin(); it != reader.end(); ++it) {
    const BatchInfo& batch = reader.batch();
    if (batch.lsn >> 32 == segno) return AnchorBehind(batch);
  }
  return absl::NotFoundError("no batch there");
}

struct Played {
  uint64_t acknowledged = 0;
  absl::Status status = {};
  std::optional<Anchor> anchor = {};
  uint64_t calls = 0;                           // until then
  std::map<uint64_t, std::string> before = {};  // all segments, when they were about to be retired
};

std::map<uint64_t, std::string> SegmentsIn(SimStorage* storage, const std::string& directory) {
  std::map<uint64_t, std::string> segments;
  const auto listing = ListLog(storage, directory);
  if (!listing.ok()) return segments;
  for (const uint64_t segno : listing->segnos) {
    auto file = storage->Open(PathIn(directory, SegmentName(segno)), OpenMode::kRead);
    REQUIRE(file.ok());
    std::string content(*(*file)->Size(), 0);
    REQUIRE((*file)->Read(0, std::as_writable_bytes(std::span(content))).ok());
    segments[segno] = content;
  }
  return segments;
}

// Four segments, the first two are retired, two more: with recycling they are made of those.
void Play(SimStorage* storage, const Options& options, Played* played) {
  if (options.retired == Retired::kArchive) {
    storage->MakeDirectory("/archive").IgnoreError();
    storage->SyncDirectory("/").IgnoreError();
  }
  auto writer = OpenWriter(options);
  played->status = writer.status();
  if (!writer.ok()) return;
  played->status = FillUpTo(writer->get(), 3);
  if (played->status.ok()) {
    const auto anchor = AnchorIn(storage->Crash(CrashPolicy::kLoseAll), options, 3);
    REQUIRE_MESSAGE(anchor.ok(), anchor.status().ToString());
    played->before = SegmentsIn(storage, options.directory);
    played->anchor = *anchor;
    played->calls = storage->calls();
    played->status = (*writer)->Retire(*anchor);
  }
  if (played->status.ok()) played->status = FillUpTo(writer->get(), 5);
  played->acknowledged = (*writer)->released();
  CHECK_MESSAGE((!played->status.ok() || (*writer)->stats().segments_retired == 2), "retired");
  if (played->status.ok()) {
    const uint64_t recycled = options.retired == Retired::kRecycle ? 2 : 0;
    CHECK_EQ((*writer)->stats().segments_recycled, recycled);
  }
}

// What is left of the log is its end, without a hole; of the retired segments each is as it was, or
// gone from here.
void CheckLeft(SimDisk disk, const Options& options, const Played& played) {
  SimStorage storage(std::move(disk));
  Options reopened = options;
  reopened.storage = &storage;
  const auto segments = SegmentsIn(&storage, options.directory);
  uint64_t expected = 0;
  for (const auto& [segno, content] : segments) {
    if (expected != 0) CHECK_EQ(segno, expected);
    expected = segno + 1;
    const auto was = played.before.find(segno);
    if (segno < 3 && was != played.before.end()) CHECK(content == was->second);
  }
  if (played.anchor) CHECK((!segments.empty() && segments.begin()->first <= 3));
  if (options.retired == Retired::kArchive && played.anchor) {
    const auto archived = SegmentsIn(&storage, "/archive");
    for (const uint64_t segno : {uint64_t{1}, uint64_t{2}}) {
      const auto& place = segments.contains(segno) ? segments : archived;
      REQUIRE(place.contains(segno));
      CHECK(place.at(segno) == played.before.at(segno));
    }
  }
  std::vector<Anchor> anchors;
  if (played.anchor) anchors.push_back(*played.anchor);
  const auto log = Recover(reopened, anchors);
  REQUIRE_MESSAGE(log.ok(), log.status().ToString());
  CHECK(log->report().last_seq >= played.acknowledged);
}

// Each name and each sector survives or not, by itself.
class AnyChooser final : public CrashChooser {
 public:
  explicit AnyChooser(std::mt19937_64* random) : random_(*random) {}
  uint32_t Choose(uint32_t options, uint64_t /*write*/) override {
    return static_cast<uint32_t>(random_() % options);
  }

 private:
  std::mt19937_64& random_;
};

constexpr Retired kAll[] = {Retired::kRecycle, Retired::kDelete, Retired::kArchive};

TEST_SUITE("wal::Writer::Retire") {
  TEST_CASE(
      "segments wholly before the anchor go, and become later ones, or are deleted, or moved") {
    for (const Retired retired : kAll) {
      CAPTURE(static_cast<int>(retired));
      SimStorage storage;
      const Options options = SmallSegments(&storage, retired);
      Played played;
      Play(&storage, options, &played);
      REQUIRE_MESSAGE(played.status.ok(), played.status.ToString());
      CheckLeft(storage.Crash(CrashPolicy::kLoseAll), options, played);
    }
  }

  TEST_CASE(
      "the power goes at each call of retiring: the log has its end, and nothing is half gone") {
    for (const Retired retired : kAll) {
      CAPTURE(static_cast<int>(retired));
      SimStorage whole;
      Played all;
      Play(&whole, SmallSegments(&whole, retired), &all);
      std::mt19937_64 random(7);
      // Nothing that was not flushed survives, all of it, or any of it.
      for (uint64_t call = all.calls + 1; call <= whole.calls(); call += kStride) {
        for (const int survives : {0, 1, 2}) {
          CAPTURE(call);
          CAPTURE(survives);
          SimStorage storage;
          storage.keep_history = false;
          storage.faults.die_at_call = call;
          const Options options = SmallSegments(&storage, retired);
          Played played;
          Play(&storage, options, &played);
          AnyChooser any(&random);
          FixedChooser fixed(survives == 1);
          CheckLeft(survives == 2 ? storage.disk().Crash(any, true) : storage.disk().Crash(fixed),
                    options, played);
        }
      }
    }
  }

  TEST_CASE("a call of retiring fails: the log goes on, and the next call does the rest") {
    SimStorage storage;
    const Options options = SmallSegments(&storage, Retired::kDelete);
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    REQUIRE(FillUpTo(writer->get(), 4).ok());
    const auto anchor = AnchorIn(storage.Crash(CrashPolicy::kLoseAll), options, 4);
    REQUIRE(anchor.ok());
    storage.faults.fail_call = storage.calls() + 3;
    storage.faults.fail_errno = EIO;
    CHECK(!(*writer)->Retire(*anchor).ok());
    CHECK_EQ((*writer)->stats().segments_retired, 1);
    CHECK(FillUpTo(writer->get(), 5).ok());
    CHECK((*writer)->Retire(*anchor).ok());
    CHECK_EQ((*writer)->stats().segments_retired, 3);
    CHECK_EQ(SegmentsIn(&storage, options.directory).begin()->first, 4);
  }

  TEST_CASE("an anchor that is not durable retires nothing") {
    SimStorage storage;
    auto writer = OpenWriter(SmallSegments(&storage, Retired::kDelete));
    REQUIRE(writer.ok());
    const Anchor ahead{.seq = 7, .lsn = uint64_t{9} << 32, .batch_id = {}};
    CHECK(absl::IsFailedPrecondition((*writer)->Retire(ahead)));
    Options options = SmallSegments(&storage, Retired::kArchive);
    options.archive_directory = "";
    CHECK(absl::IsInvalidArgument(OpenWriter(options).status()));
  }

  TEST_CASE("opened from an anchor that ends a segment, the log still names the batch before") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    for (const char* text : {"a", "b"}) {
      auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      REQUIRE(AppendText(writer->get(), {text + std::string(3000, 't')}).ok());
      REQUIRE((*writer)->Flush().ok());
    }
    const auto anchor = AnchorIn(storage.Crash(CrashPolicy::kLoseAll), options, 1);
    REQUIRE(anchor.ok());
    // Of the batch behind it only the beginning was written, and nothing names it.
    SimContent* const second = storage.disk().Find("/log/0000000000000002.wal");
    second->Overwrite(8192, std::vector<std::byte>(8192));
    second->Overwrite(16384 + 1024, std::vector<std::byte>(1024));
    {
      const Anchor anchors[] = {*anchor};
      auto recovered = Recover(options, anchors);
      REQUIRE_MESSAGE(recovered.ok(), recovered.status().ToString());
      CHECK_EQ(recovered->last_seq(), 1);
      auto writer = Writer::Start(*std::move(recovered), options);
      REQUIRE(writer.ok());
      REQUIRE(AppendText(writer->get(), {"c"}).ok());
      REQUIRE((*writer)->Close().ok());
    }
    const auto log = Recover(options);
    REQUIRE_MESSAGE(log.ok(), log.status().ToString());
    CHECK_EQ(ReadTexts(*log).size(), 2);
  }

  TEST_CASE("a segment that somebody keeps is not used again") {
    for (const bool linked : {true, false}) {
      const TempDirectory directory;
      const Options options{.directory = directory.path() + "/log",
                            .create = true,
                            .segment_bytes = 64 << 10,
                            .first_segment_bytes = 64 << 10,
                            .helper_thread = false};
      std::filesystem::create_directory(options.directory);
      auto writer = OpenWriter(options);
      REQUIRE_MESSAGE(writer.ok(), writer.status().ToString());
      REQUIRE(FillUpTo(writer->get(), 3).ok());
      const std::string first = PathIn(options.directory, SegmentName(1));
      const std::string kept = directory.path() + "/kept";
      std::unique_ptr<Lock> backup;
      auto storage = OpenStorage(Backend::kPosix);
      if (linked) {
        std::filesystem::create_hard_link(first, kept);
      } else {
        auto lock = (*storage)->TakeLock(PathIn(options.directory, "RETAIN"), absl::ZeroDuration());
        REQUIRE(lock.ok());
        backup = *std::move(lock);
      }
      const Anchor anchor{.seq = 1, .lsn = uint64_t{2} << 32, .batch_id = {}};
      REQUIRE((*writer)->Retire(anchor).ok());
      CHECK(!std::filesystem::exists(first));
      CHECK(!std::filesystem::exists(first + ".tmp"));
      REQUIRE(FillUpTo(writer->get(), 5).ok());
      CHECK_EQ((*writer)->stats().segments_recycled, 0);
      if (!linked) continue;
      auto file = (*storage)->Open(kept, OpenMode::kRead);
      SegmentHeader header;
      REQUIRE((*file)->Read(0, std::as_writable_bytes(std::span(&header, 1))).ok());
      CHECK_EQ(header.segno, 1);
    }
  }

  TEST_CASE("a helper thread retires while the log goes on") {
    const TempDirectory directory;
    const Options options{.directory = directory.path() + "/log",
                          .create = true,
                          .segment_bytes = 256 << 10,
                          .first_segment_bytes = 256 << 10};
    std::filesystem::create_directory(options.directory);
    auto writer = OpenWriter(options);
    REQUIRE_MESSAGE(writer.ok(), writer.status().ToString());
    REQUIRE(FillUpTo(writer->get(), 4).ok());
    const Anchor anchor{.seq = 1, .lsn = uint64_t{3} << 32, .batch_id = {}};
    REQUIRE((*writer)->Retire(anchor).ok());
    while ((*writer)->stats().segments_retired < 2) {
      REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
    }
    REQUIRE(FillUpTo(writer->get(), 8).ok());
    CHECK_EQ((*writer)->stats().segments_recycled, 2);
    CHECK((*writer)->Close().ok());
    CHECK((*writer)->stats().last_failures.empty());
  }
}

TEST_CASE("a file that gets a second name just before it would be used again is left alone") {
  namespace fs = std::filesystem;
  const TempDirectory directory;
  FailingStorage storage;
  const Options options = {.directory = directory.path() + "/log",
                           .create = true,
                           .segment_bytes = 128 << 10,
                           .first_segment_bytes = 128 << 10,
                           .inflight_bytes_max = 128 << 10,
                           .helper_thread = false,
                           .storage = &storage};
  auto writer = OpenWriter(options);
  REQUIRE(writer.ok());
  REQUIRE(FillUpTo(writer->get(), 3).ok());
  std::map<std::string, std::string> kept;
  const auto content = [](const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  storage.on_lock = [&](const std::string& path) {
    if (!path.ends_with("RETAIN")) return;
    for (const auto& entry : fs::directory_iterator(options.directory)) {
      const std::string second = directory.path() + "/" + entry.path().filename().string();
      if (entry.path().extension() != ".wal" || fs::exists(second)) continue;
      fs::create_hard_link(entry.path(), second);
      if (entry.path().filename() <= SegmentName(2)) kept[second] = content(second);
    }
  };
  REQUIRE((*writer)->Retire((*writer)->durable_end()).ok());
  storage.on_lock = nullptr;
  REQUIRE_GE(kept.size(), 1);
  REQUIRE(FillUpTo(writer->get(), 8).ok());
  CHECK_EQ((*writer)->stats().segments_recycled, 0);
  for (const auto& file : kept) CHECK_MESSAGE(content(file.first) == file.second, file.first);
}

}  // namespace
}  // namespace stet::wal::retire_test
