// The file system stops at any moment without a flush of its journal, as when the power goes: after
// the next mount the log opens with all that was acknowledged.
#include <unistd.h>

#include <memory>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/crash/disk_stage.h"
#include "tests/crash/modes.h"

namespace stet::wal {
namespace {

PromisesThen Now(const WriterProcess& writer) {
  const Promises& promises = writer.promises();
  return {.appending = promises.appending,
          .released = promises.released,
          .durable = promises.durable,
          .witnessed = promises.witnessed};
}

void ShutDownAgainAndAgain(FileSystem type, std::mt19937_64* random) {
  DiskStage stage(type);
  WriterPlan& plan = stage.writer.plan();
  const std::vector<Backend> backends = Backends();
  std::vector<Durability> durabilities = Durabilities();
  std::erase(durabilities, Durability::kMemory);
  uint64_t failed = 0;
  for (uint64_t round = 0; round < Rounds(6); ++round) {
    plan.durability = durabilities[round % durabilities.size()];
    plan.backend = backends[(*random)() % backends.size()];
    plan.seed = (*random)();
    INFO(ToString(type), " ", ToString(plan.durability), ", round ", round);
    {
      const std::unique_ptr<MountedDisk> mount = stage.NewMount();
      const uint64_t before = stage.writer.promises().released;
      stage.writer.Start();
      stage.writer.WaitReleased(before + 1 + (*random)() % 200, absl::Seconds(10));
      ::usleep(static_cast<useconds_t>((*random)() % 3'000));
      mount->ShutDown();
      // It meets the error by itself: what it acknowledged until then counts.
      const Ending ending = stage.writer.Wait();
      CHECK_MESSAGE(ending.code == WriterExit::kFailed, ending.error);
      if (ending.code == WriterExit::kFailed) ++failed;
    }
    const std::unique_ptr<MountedDisk> mount = stage.NewMount();
    const LogJudgement judgement = Judge(stage.LogDirectory(), plan.backend,
                                         AfterPowerCut(Now(stage.writer), plan.durability));
    REQUIRE_MESSAGE(judgement.complaint.empty(), judgement.complaint);
    // What a relaxed mode lost will be appended again.
    stage.writer.Forget(judgement.last_seq);
  }
  MESSAGE(fmt::format("{}: {}; {} writers met the end", ToString(type), stage.writer.Describe(),
                      failed));
}

TEST_SUITE("shutdown") {
  TEST_CASE("ext4 is shut down while a log is written: all that was acknowledged is there") {
    std::mt19937_64 random(Seed());
    ShutDownAgainAndAgain(FileSystem::kExt4, &random);
  }

  TEST_CASE("XFS is shut down while a log is written: all that was acknowledged is there") {
    std::mt19937_64 random(Seed());
    ShutDownAgainAndAgain(FileSystem::kXfs, &random);
  }
}

}  // namespace
}  // namespace stet::wal
