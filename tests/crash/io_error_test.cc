// The disk under a real file system fails for a moment (fsync can fail once: Rebello et al., ATC
// 2020): the log fails over or is poisoned, and never acknowledges what the disk does not have.
#include <memory>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/crash/disk_stage.h"
#include "tests/crash/modes.h"

namespace stet::wal {
namespace {

// One writer on a disk that fails, while it appends or from its opening on; then the file system is
// mounted anew, so that only what the disk has is read; then another writer goes on.
Ending FailOnce(DiskStage* stage, const DiskFault& fault, bool at_opening,
                uint64_t records_max = 200) {
  WriterPlan& plan = stage->writer.plan();
  Ending ending;
  {
    const std::unique_ptr<MountedDisk> mount = stage->NewMount();
    plan.records_max = 20;
    const Ending first = stage->RunWriter();
    REQUIRE_MESSAGE(first.done(), first.error);
    plan.records_max = records_max;
    if (at_opening) stage->disk.SetFault(fault);
    stage->writer.Start();
    if (!at_opening) {
      stage->writer.WaitReleased(stage->writer.promises().released + 10, absl::Seconds(10));
      stage->disk.SetFault(fault);
    }
    ending = stage->writer.Wait();
    REQUIRE_MESSAGE((ending.done() || ending.code == WriterExit::kFailed ||
                     ending.code == WriterExit::kNotOpened),
                    ending.error);
    stage->disk.SetFault({});
  }
  const Promises& promises = stage->writer.promises();
  const PromisesThen then{
      .appending = promises.appending, .released = promises.released, .durable = promises.durable};
  const std::unique_ptr<MountedDisk> mount = stage->NewMount();
  const LogJudgement judgement =
      Judge(stage->LogDirectory(), plan.backend, AfterPowerCut(then, plan.durability));
  REQUIRE_MESSAGE(judgement.complaint.empty(), judgement.complaint, "\nthe writer: ", ending.error);
  stage->writer.Forget(judgement.last_seq);
  plan.records_max = 20;
  const Ending last = stage->RunWriter();
  REQUIRE_MESSAGE(last.done(), last.error);
  return ending;
}

struct Case {
  const char* what;
  DiskFault::Kind kind;
  uint32_t page;
};

constexpr Case kCases[] = {
    {"write of a batch", DiskFault::Kind::kWriteError, kBatchPage},
    {"flush", DiskFault::Kind::kFlushError, 0},
    {"write of a header", DiskFault::Kind::kWriteError, kHeaderPage},
    {"write of a watermark slot", DiskFault::Kind::kWriteError, kSlotPage},
    {"no space for a batch", DiskFault::Kind::kNoSpace, kBatchPage},
    {"any write", DiskFault::Kind::kWriteError, 0},
};

void FailEverything(FileSystem type, std::mt19937_64* random) {
  const std::vector<Backend> backends = Backends();
  std::vector<Durability> durabilities = Durabilities();
  std::erase(durabilities, Durability::kMemory);
  DiskStage stage(type);
  uint64_t round = (*random)() % 100;
  for (uint64_t again = 0; again < Rounds(1); ++again) {
    for (const Case& what : kCases) {
      ++round;
      WriterPlan& plan = stage.writer.plan();
      plan.seed = (*random)();
      plan.backend = backends[round % backends.size()];
      plan.durability = durabilities[round / 2 % durabilities.size()];
      const DiskFault fault{.kind = what.kind,
                            .page = what.page,
                            .skip = (*random)() % (what.page == kBatchPage ? 8 : 3),
                            .count = 1 + (*random)() % 2};
      INFO(ToString(type), ", ", std::string(what.what), ", ", ToString(plan.durability));
      const Ending ending = FailOnce(&stage, fault, round % 3 == 0);
      MESSAGE(fmt::format("{}: {} fails {} times after {}: {} faults met, the writer {}",
                          ToString(type), what.what, fault.count, fault.skip,
                          stage.disk.Counts().faults,
                          ending.done() ? "went on" : "gave up: " + ending.error));
    }
  }
}

// A disk that loses its cache tells every flush from then on.  (Had it told another one only, that of
// the next segment say, nobody could know.)
void LoseCache(Durability durability, Backend backend, std::mt19937_64* random) {
  INFO(ToString(durability));
  DiskStage stage(FileSystem::kXfs);
  WriterPlan& plan = stage.writer.plan();
  plan.seed = (*random)();
  plan.durability = durability;
  plan.backend = backend;
  // The window wants a flush before the next segment is prepared.
  plan.segment_bytes = 256 << 10;
  plan.first_segment_bytes = 256 << 10;
  plan.inflight_bytes_max = 64 << 10;
  const DiskFault fault{.kind = DiskFault::Kind::kCacheLost, .count = UINT64_MAX};
  const Ending ending = FailOnce(&stage, fault, false, 100'000);
  CHECK_FALSE(ending.done());
  CHECK(stage.disk.Counts().faults > 0);
}

TEST_SUITE("I/O errors") {
  TEST_CASE("the disk under ext4 fails for a moment: nothing acknowledged is lost") {
    std::mt19937_64 random(Seed());
    FailEverything(FileSystem::kExt4, &random);
  }

  TEST_CASE("the disk under XFS fails for a moment: nothing acknowledged is lost") {
    std::mt19937_64 random(Seed());
    FailEverything(FileSystem::kXfs, &random);
  }

  TEST_CASE("a flush fails and the disk has lost its cache: that was not called durable") {
    std::mt19937_64 random(Seed());
    const std::vector<Backend> backends = Backends();
    size_t turn = 0;
    for (const Durability durability : Durabilities()) {
      if (durability == Durability::kMemory) continue;
      LoseCache(durability, backends[turn++ % backends.size()], &random);
    }
  }
}

}  // namespace
}  // namespace stet::wal
