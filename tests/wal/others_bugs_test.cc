// What other logs got wrong, each as a test of ours.  The name says whose bug it was.
#include <errno.h>

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/wal/follow.h"
#include "stet/wal/inspect.h"
#include "stet/wal/log.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"
#include "wal/format.h"

namespace stet::wal::others_bugs_test {
namespace {

constexpr uint64_t kA = 4096;

std::string TextOf(uint64_t seq) { return fmt::format("record {} {}", seq, std::string(900, 'r')); }

std::string PathOf(uint64_t segno) { return fmt::format("/log/{:016x}.wal", segno); }

// A log of `records` batches of one record, each flushed; in segments of 64 KiB.
Options Small(SimStorage* storage) {
  Options options = SimOptions(storage);
  options.segment_bytes = 64 << 10;
  return options;
}

std::unique_ptr<Writer> Written(SimStorage* storage, uint64_t records) {
  auto writer = OpenWriter(Small(storage));
  REQUIRE_MESSAGE(writer.ok(), writer.status().ToString());
  for (uint64_t seq = (*writer)->next_seq(), last = seq + records; seq < last; ++seq) {
    REQUIRE(AppendText(writer->get(), {TextOf(seq)}).ok());
    REQUIRE((*writer)->Flush().ok());
  }
  return *std::move(writer);
}

std::vector<BatchInfo> BatchesOn(SimStorage* storage) {
  std::vector<BatchInfo> batches;
  auto scanner = Scanner::Open(Small(storage));
  REQUIRE(scanner.ok());
  while (scanner->Next()) {
    if (scanner->span().has_records()) batches.push_back(scanner->span().batch);
  }
  return batches;
}

// Refused for this reason, and not a byte was changed.
void CheckRefused(SimStorage* storage, Refusal refusal) {
  const std::map<std::string, std::vector<std::byte>> before = [&] {
    std::map<std::string, std::vector<std::byte>> files;
    for (const auto& [path, content] : storage->disk().names()) files[path] = content->All();
    return files;
  }();
  const auto log = Recover(Small(storage));
  INFO(log.status().ToString());
  CHECK_EQ(std::string(ToString(RefusalOf(log.status()))), std::string(ToString(refusal)));
  for (const auto& [path, bytes] : before) CHECK(storage->disk().Find(path)->All() == bytes);
  CHECK_EQ(storage->disk().names().size(), before.size());
}

// Opens, and holds the records 1 to `last` as they were given.
void CheckHolds(const SimDisk& disk, uint64_t last) {
  SimStorage storage(disk);
  const auto log = Recover(Small(&storage));
  REQUIRE_MESSAGE(log.ok(), log.status().ToString());
  const std::vector<std::string> texts = ReadTexts(*log);
  REQUIRE_EQ(texts.size(), last);
  for (uint64_t seq = 1; seq <= last; ++seq) CHECK_EQ(texts[seq - 1], TextOf(seq));
}

SimDisk CutPower(SimStorage* storage) { return storage->Crash(CrashPolicy::kLoseAll); }

}  // namespace

TEST_SUITE("others' bugs") {
  // A length of 0 was the end of the log there, and what followed was erased.
  TEST_CASE("etcd: a length that reads as zero is no end") {
    SimStorage storage;
    Written(&storage, 8);
    const uint64_t middle = OffsetOf(BatchesOn(&storage)[3].lsn);
    const uint32_t no_bytes = 0;
    const Bytes zeros = BytesOf(no_bytes);
    storage.disk().Find(PathOf(1))->Overwrite(middle + offsetof(BatchHeader, body_bytes), zeros);
    CheckRefused(&storage, Refusal::kCorruptAcked);
  }

  // Zeros in a payload looked like sectors that had not been written, and hid a flipped bit.
  TEST_CASE("etcd: a flipped bit beside a long run of zeros is no tear") {
    SimStorage storage;
    uint64_t offset = 0;
    {
      const auto writer = Written(&storage, 1);
      REQUIRE(AppendText(writer.get(), {std::string(3000, '\0') + "end"}).ok());
      REQUIRE(writer->Flush().ok());
      offset = OffsetOf(BatchesOn(&storage)[1].lsn);
      storage.disk().Find(PathOf(1))->FlipBit(offset + 128 + 3033, 2);
      // Nothing names the batch yet: it might be unacknowledged, for all that stands there.
      SimStorage now(storage.disk());
      CheckRefused(&now, Refusal::kSuspectTail);
      REQUIRE(writer->Close().ok());
    }
    CheckRefused(&storage, Refusal::kCorruptAcked);
  }

  // What was missing in front of a newer log file went unnoticed when the cut fell between records.
  TEST_CASE("RocksDB: a file cut off between two batches, with a later file behind it") {
    SimStorage storage;
    Written(&storage, 20);
    const std::vector<BatchInfo> batches = BatchesOn(&storage);
    const uint64_t cut = OffsetOf(batches[5].lsn);
    REQUIRE_EQ(SegnoOf(batches[5].lsn), 1);
    REQUIRE(storage.disk().Find(PathOf(2)) != nullptr);
    auto shorter = std::make_shared<SimContent>();
    shorter->Resize(cut);
    const std::vector<std::byte> whole = storage.disk().Find(PathOf(1))->All();
    shorter->Overwrite(0, Bytes(whole).first(cut));
    storage.disk().Place(PathOf(1), shorter);
    CheckRefused(&storage, Refusal::kTruncated);
    // Likewise where the file system gives zeros for what is gone.
    shorter->Resize(whole.size());
    CheckRefused(&storage, Refusal::kLostTail);
  }

  // The field that proves what was durable stayed 0 in one configuration, and nobody noticed.
  TEST_CASE("Pebble: the watermark moves, however batches are flushed") {
    for (const Durability durability : {Durability::kOs, Durability::kCommit}) {
      CAPTURE(ToString(durability));
      SimStorage storage;
      Options options = Small(&storage);
      options.durability = durability;
      const auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      for (uint64_t seq = 1; seq <= 20; ++seq) {
        REQUIRE(AppendText(writer->get(), {TextOf(seq)}).ok());
        REQUIRE((*writer)->Flush().ok());
      }
      for (const BatchInfo& batch : BatchesOn(&storage)) CHECK_EQ(batch.durable_lsn, batch.lsn);
    }
  }

  // A copy taken while the log was written was called corrupt.
  TEST_CASE("Pebble: a copy made while the log is written opens, with what was durable then") {
    SimStorage storage;
    storage.order = SimOrder::kTimed;
    Options options = Small(&storage);
    options.batch_bytes_max = 4096;
    const auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    std::mt19937_64 random(7);
    for (uint64_t seq = 1; seq <= 40; ++seq) {
      REQUIRE(AppendText(writer->get(), {TextOf(seq)}).ok());
      REQUIRE((*writer)->Poll(absl::Microseconds(50)).ok());
      const uint64_t durable = (*writer)->watermarks().durable;
      SimDisk copy = storage.disk();
      copy.Kill(random);
      SimStorage elsewhere(copy);
      const auto log = Recover(Small(&elsewhere));
      REQUIRE_MESSAGE(log.ok(), log.status().ToString());
      CHECK(ReadTexts(*log).size() >= durable);
    }
  }

  // The flush that was linked to a write ran although the write was short, and the rest came after it.
  TEST_CASE("Turso: what a short write left out is flushed before it counts") {
    for (const Operation operation : {Operation::kDurableWrite, Operation::kLinkedFlush}) {
      CAPTURE(ToString(operation));
      SimStorage storage;
      Options options = Small(&storage);
      options.operation = operation;
      const auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      storage.faults.short_write = storage.queued_writes() + 1;
      REQUIRE(AppendText(writer->get(), {std::string(6000, 's')}).ok());
      for (int i = 0; i < 10; ++i) {
        REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
        SimStorage after(CutPower(&storage));
        const auto log = Recover(Small(&after));
        REQUIRE(log.ok());
        CHECK(log->last_seq() >= (*writer)->released());
      }
      CHECK_EQ((*writer)->released(), 1);
      CHECK_EQ((*writer)->stats().short_writes, 1);
    }
  }

  // After a rollback the checksums went on from what had been rolled back.
  TEST_CASE("Turso: behind a write that failed the chain goes on from what is durable") {
    SimStorage storage;
    auto writer = Written(&storage, 3);
    storage.faults.fail_call = storage.calls() + 1;
    storage.faults.fail_errno = EIO;
    for (uint64_t seq = 4; seq <= 6; ++seq) {
      REQUIRE(AppendText(writer.get(), {TextOf(seq)}).ok());
      REQUIRE(writer->Flush().ok());
    }
    CHECK_EQ(storage.errors(), 1);
    writer.reset();
    CheckHolds(CutPower(&storage), 6);
    CheckHolds(storage.disk(), 6);
  }

  // A record of which half was written when the disk was full stood in front of all that came later.
  TEST_CASE("Prometheus: a full disk leaves no half record in front of later ones") {
    SimStorage storage;
    const auto writer = Written(&storage, 3);
    storage.faults.capacity = storage.disk().UsedBytes();
    uint64_t last = 3;
    absl::Status status;
    while (status.ok()) {
      status = AppendText(writer.get(), {TextOf(last + 1)}).status();
      if (status.ok()) ++last;
    }
    REQUIRE(absl::IsResourceExhausted(status));
    REQUIRE(writer->Flush().ok());
    storage.faults.capacity = UINT64_MAX;
    for (int i = 0; i < 20; ++i) {
      REQUIRE(AppendText(writer.get(), {TextOf(++last)}).ok());
      REQUIRE(writer->Flush().ok());
    }
    CheckHolds(CutPower(&storage), last);
  }

  // When a flush failed its waiters were forgotten, and waited for ever.
  TEST_CASE("okaywal: whoever waits for a flush that fails learns it") {
    for (uint64_t call = 1; call <= 60; ++call) {
      CAPTURE(call);
      SimStorage storage;
      storage.keep_history = false;
      storage.faults.fail_errno = EIO;
      storage.faults.fail_call = call;
      const auto log = Log::Open(Small(&storage));
      if (!log.ok()) continue;
      std::vector<std::thread> threads;
      for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&log] {
          for (int k = 0; k < 5; ++k) {
            const auto seq = (*log)->Append("a record");
            if (!seq.ok() || !(*log)->Sync(*seq).ok()) return;
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
    }
  }

  // The last file of the log, deleted, was taken for a crash during rotation.
  TEST_CASE("raft-wal: a tail file that was deleted is missed") {
    SimStorage storage;
    Written(&storage, 20);
    REQUIRE(storage.disk().Find(PathOf(2)) != nullptr);
    uint64_t last = 2;
    while (storage.disk().Find(PathOf(last + 1)) != nullptr) ++last;
    while (last > 1) storage.disk().Lose(PathOf(last--));
    CheckRefused(&storage, Refusal::kMissingSegment);
  }

  // With the first pages of both files damaged the queue was taken for empty, and both were truncated.
  // The first segment of an opening follows one that was never sealed: only LOG_ID can tell of it.
  TEST_CASE(
      "raft-wal: a tail file that an opening began is missed too, however the log ended before") {
    for (const bool closed : {false, true}) {
      CAPTURE(closed);
      SimStorage storage;
      auto first = Written(&storage, 3);
      if (closed) REQUIRE(first->Close().ok());
      first.reset();
      Written(&storage, 2);
      REQUIRE(storage.disk().Find(PathOf(2)) != nullptr);
      CheckHolds(storage.disk(), 5);
      SimStorage other(storage.disk());
      other.disk().Lose(PathOf(2));
      CheckRefused(&other, Refusal::kMissingSegment);
    }
  }

  TEST_CASE("FoundationDB: both copies of a header damaged is no empty log") {
    SimStorage storage;
    Written(&storage, 5);
    const std::vector<std::byte> noise(2 * kA, std::byte{0x5a});
    storage.disk().Find(PathOf(1))->Overwrite(0, noise);
    CheckRefused(&storage, Refusal::kHeaderLost);
    storage.disk().Find(PathOf(1))->Overwrite(0, std::vector<std::byte>(2 * kA));
    CheckRefused(&storage, Refusal::kHeaderLost);
  }

  // New records were appended behind a bad tail, and the next open stopped in front of them.
  TEST_CASE("amelie: what is appended behind a torn tail is there at the next open") {
    SimStorage storage;
    auto writer = Written(&storage, 3);
    REQUIRE(AppendText(writer.get(), {TextOf(4)}).ok());
    REQUIRE(writer->Poll(absl::ZeroDuration()).ok());
    const uint64_t in_flight = OffsetOf(BatchesOn(&storage).back().lsn) + kA;
    writer.reset();
    SimDisk torn = CutPower(&storage);
    // Its header is on the disk, the rest is not.
    std::vector<std::byte> sector(512);
    storage.disk().Find(PathOf(1))->Read(in_flight, sector, false);
    torn.Find(PathOf(1))->Overwrite(in_flight, sector);
    SimStorage next(torn);
    writer = Written(&next, 2);
    CHECK_EQ(writer->next_seq(), 6);
    writer.reset();
    CheckHolds(CutPower(&next), 5);
  }

  // A standby was sent the beginning of a record that a crash of its primary then replaced.
  TEST_CASE("PostgreSQL: a follower sees nothing that may still be replaced") {
    SimStorage storage;
    const Options options = Small(&storage);
    auto writer = Written(&storage, 3);
    auto follower = Follower::Open(options);
    REQUIRE(follower.ok());
    uint64_t followed = 0;
    for (uint64_t seq = 4; seq <= 30; ++seq) {
      REQUIRE(AppendText(writer.get(), {TextOf(seq)}).ok());
      REQUIRE(writer->Poll(absl::ZeroDuration()).ok());
      auto news = follower->Next();
      for (; news.ok() && *news != News::kNothing; news = follower->Next()) {
        REQUIRE_EQ(*news, News::kBatch);
        for (const Record& record : follower->span().records) followed = record.seq;
      }
      CHECK(followed <= writer->watermarks().durable);
      SimStorage after(CutPower(&storage));
      const auto log = Recover(Small(&after));
      REQUIRE(log.ok());
      CHECK(followed <= log->last_seq());
      REQUIRE(writer->Poll(absl::Milliseconds(seq % 3)).ok());
    }
    CHECK(followed > 20);
  }
}

}  // namespace stet::wal::others_bugs_test
