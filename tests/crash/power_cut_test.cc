// The power goes at any write of a real file system's disk: the journal is replayed, the log opens,
// and all that was acknowledged is there.
#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/crash/anchors.h"
#include "tests/crash/disk_stage.h"
#include "tests/crash/modes.h"

namespace stet::wal {
namespace {

constexpr uint32_t kDelayUsMax = 400;

struct Cut {
  uint64_t event = 0;
  Survival survival = Survival::kSome;
  uint64_t seed = 0;
};

Cut RandomCut(uint64_t events, std::mt19937_64* random) {
  const uint64_t draw = (*random)();
  return {.event = 1 + draw % (events - 1),
          .survival = draw >> 60 == 0   ? Survival::kNone
                      : draw >> 60 == 1 ? Survival::kAll
                                        : Survival::kSome,
          .seed = (*random)()};
}

// The disk as the loss of power left it, mounted: the log opens, and holds what it must.
void JudgeCut(DiskStage* stage, const Cut& cut, Durability durability) {
  INFO("power cut before event ", cut.event, ", survival ", static_cast<int>(cut.survival),
       ", seed ", cut.seed);
  const Allowed allowed = AfterPowerCut(stage->disk.PromisesAt(cut.event), durability);
  stage->disk.GoTo(cut.event, cut.survival, cut.seed);
  const std::unique_ptr<MountedDisk> mount = stage->NewMount();
  const LogJudgement judgement =
      Judge(stage->LogDirectory(), Backend::kAuto, allowed, AnchorsOf(stage->writer.promises()));
  REQUIRE_MESSAGE(judgement.complaint.empty(), judgement.complaint);
}

// After the power cut: mounts, recovers, appends a little, and all of that loses power again.
void CutTheRecovery(DiskStage* stage, const Cut& cut, std::mt19937_64* random) {
  WriterPlan& plan = stage->writer.plan();
  const uint64_t records = std::exchange(plan.records_max, 20);
  const PromisesThen before = stage->disk.PromisesAt(cut.event);
  stage->disk.GoTo(cut.event, cut.survival, cut.seed);
  // What was promised before the first cut holds from the beginning.
  stage->writer.ForgetPromises();
  stage->disk.BeginHistory();
  {
    const std::unique_ptr<MountedDisk> mount = stage->NewMount();
    const Ending ending = stage->RunWriter();
    REQUIRE_MESSAGE(ending.done(), ending.error);
  }
  for (int i = 0; i < 2; ++i) {
    const Cut second = RandomCut(stage->disk.Counts().events, random);
    const PromisesThen then = stage->disk.PromisesAt(second.event);
    INFO("then before event ", second.event, ", survival ", static_cast<int>(second.survival),
         ", seed ", second.seed);
    Allowed allowed = AfterPowerCut(then, plan.durability);
    allowed.at_least = std::max(allowed.at_least, AfterPowerCut(before, plan.durability).at_least);
    allowed.at_most = std::max(allowed.at_most, before.appending);
    stage->disk.GoTo(second.event, second.survival, second.seed);
    const std::unique_ptr<MountedDisk> mount = stage->NewMount();
    const LogJudgement judgement = Judge(stage->LogDirectory(), Backend::kAuto, allowed);
    REQUIRE_MESSAGE(judgement.complaint.empty(), judgement.complaint);
  }
  stage->disk.EndHistory();
  plan.records_max = records;
}

void CutPower(FileSystem type, Durability durability, Backend backend, std::mt19937_64* random) {
  INFO(ToString(type), " ", ToString(durability));
  DiskStage stage(type);
  WriterPlan& plan = stage.writer.plan();
  plan.durability = durability;
  plan.backend = backend;
  plan.records_max = 250;
  plan.outstanding_max = 24;
  plan.seed = (*random)();
  stage.disk.SetDelay(kDelayUsMax);
  {
    const std::unique_ptr<MountedDisk> mount = stage.NewMount();
    stage.disk.BeginHistory();
    const Ending ending = stage.RunWriter();
    REQUIRE_MESSAGE(ending.done(), ending.error);
  }
  stage.disk.SetDelay(0);
  const DiskCounts counts = stage.disk.Counts();
  MESSAGE(fmt::format("{}, {}: {} writes, {} flushes, at most {} writes in flight; {}",
                      ToString(type), ToString(durability), counts.writes, counts.flushes,
                      counts.in_flight_max, stage.writer.Describe()));
  for (uint64_t round = 0; round < Rounds(8); ++round) {
    JudgeCut(&stage, RandomCut(counts.events, random), durability);
  }
  for (uint64_t round = 0; round < Rounds(2); ++round) {
    CutTheRecovery(&stage, RandomCut(counts.events, random), random);
  }
}

// A second writer gives up what the first one left; the snapshot is kept elsewhere.
void CutPowerOfRetiring(FileSystem type, Retired retired, std::mt19937_64* random) {
  INFO(ToString(type), " retires ", static_cast<int>(retired));
  DiskStage stage(type);
  WriterPlan& plan = stage.writer.plan();
  plan.records_max = 300;
  plan.outstanding_max = 4;  // small batches fill segments with padding
  plan.seed = (*random)();
  plan.retires = true;
  plan.retired = retired;
  for (const bool second : {false, true}) {
    const std::unique_ptr<MountedDisk> mount = stage.NewMount();
    if (second) stage.disk.BeginHistory();
    const Ending ending = stage.RunWriter();
    REQUIRE_MESSAGE(ending.done(), ending.error);
  }
  const DiskCounts counts = stage.disk.Counts();
  MESSAGE(stage.writer.promises().retired.load(), " segments given up, ", counts.writes, " writes");
  CHECK(stage.writer.promises().retired > 1);
  for (uint64_t round = 0; round < Rounds(12); ++round) {
    JudgeCut(&stage, RandomCut(counts.events, random), plan.durability);
  }
}

TEST_SUITE("power cut") {
  TEST_CASE("ext4 loses power at any write: the log opens with all that was acknowledged") {
    std::mt19937_64 random(Seed());
    for (const Durability durability : Durabilities()) {
      if (durability == Durability::kMemory) continue;
      CutPower(FileSystem::kExt4, durability, Backend::kAuto, &random);
    }
    CutPower(FileSystem::kExt4, Durability::kCommit, Backend::kPosix, &random);
  }

  TEST_CASE("the power goes while old segments are given up: the log has its end, and opens") {
    std::mt19937_64 random(Seed());
    CutPowerOfRetiring(FileSystem::kExt4, Retired::kRecycle, &random);
    CutPowerOfRetiring(FileSystem::kXfs, Retired::kDelete, &random);
  }

  TEST_CASE("XFS loses power at any write: the log opens with all that was acknowledged") {
    std::mt19937_64 random(Seed());
    for (const Durability durability : Durabilities()) {
      if (durability == Durability::kMemory) continue;
      CutPower(FileSystem::kXfs, durability, Backend::kAuto, &random);
    }
  }
}

}  // namespace
}  // namespace stet::wal
