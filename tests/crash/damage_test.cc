// A disk that lies about one write, or cannot give back one block: what was acknowledged and witnessed
// is never missing without a word.
#include <memory>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/crash/disk_stage.h"
#include "tests/crash/modes.h"

namespace stet::wal {
namespace {

// A log of about `records`, closed in order, on a disk that had `fault` meanwhile.
void WriteWith(DiskStage* stage, const DiskFault& fault, uint64_t records) {
  const std::unique_ptr<MountedDisk> mount = stage->NewMount();
  stage->disk.SetFault(fault);
  stage->writer.plan().records_max = records;
  const Ending ending = stage->RunWriter();
  stage->disk.SetFault({});
  REQUIRE_MESSAGE(ending.done(), ending.error);
}

// Open refuses, and names the range that holds the batch `lsn`.
void CheckRefused(DiskStage* stage, uint64_t lsn) {
  const std::unique_ptr<MountedDisk> mount = stage->NewMount();
  const Options options{.directory = stage->LogDirectory()};
  const RecoveryReport report = Examine(options);
  const std::string text = report.ToString();
  CHECK(RefusalOf(Recover(options).status()) == report.refusal);
  REQUIRE_MESSAGE(report.refused(), text);
  REQUIRE(report.refusal_finding() != nullptr);
  CAPTURE(lsn);
  // A batch that was written over LOG_ID: that is the place.
  if (report.refusal == Refusal::kNoLogId) return;
  CHECK_MESSAGE(report.refusal_finding()->lsn_begin <= lsn, text);
  CHECK_MESSAGE(report.refusal_finding()->lsn_end > lsn, text);
}

struct Lie {
  const char* what;
  DiskFault::Kind kind;
  uint64_t distance;
};

constexpr Lie kLies[] = {
    {"a lost write", DiskFault::Kind::kLostWrite, 0},
    {"a misdirected write", DiskFault::Kind::kMisdirected, 8 << 10},
};

void TellLies(FileSystem type, std::mt19937_64* random) {
  for (const Lie& lie : kLies) {
    for (const Backend backend : Backends()) {
      DiskStage stage(type);
      stage.writer.plan().backend = backend;
      stage.writer.plan().outstanding_max = 8;
      const DiskFault fault{
          .kind = lie.kind, .page = kBatchPage, .skip = (*random)() % 15, .distance = lie.distance};
      WriteWith(&stage, fault, 120);
      const DiskCounts counts = stage.disk.Counts();
      REQUIRE_EQ(counts.faults, 1);
      INFO(ToString(type), ", ", std::string(lie.what), " after ", fault.skip);
      CheckRefused(&stage, counts.struck_lsn);
    }
  }
}

// Each batch in turn, among some, cannot be read.
void LoseBlocks(FileSystem type, std::mt19937_64* random) {
  DiskStage stage(type);
  stage.writer.plan().outstanding_max = 8;
  WriteWith(&stage, {}, 120);
  std::vector<uint64_t> lsns;
  {
    const std::unique_ptr<MountedDisk> mount = stage.NewMount();
    const absl::StatusOr<RecoveredLog> log = Recover({.directory = stage.LogDirectory()});
    REQUIRE_MESSAGE(log.ok(), log.status().ToString());
    Reader reader = log->NewReader();
    while (reader.Next()) {
      if (lsns.empty() || lsns.back() != reader.batch().lsn) lsns.push_back(reader.batch().lsn);
    }
  }
  REQUIRE(lsns.size() > 5);
  for (uint64_t round = 0; round < Rounds(3); ++round) {
    const uint64_t lsn = round == 0 ? lsns.back() : lsns[(*random)() % lsns.size()];
    INFO(ToString(type), ", the batch at ", lsn, " of ", lsns.size(), " cannot be read");
    stage.disk.SetFault(
        {.kind = DiskFault::Kind::kReadError, .page = kBatchPage, .lsn = lsn, .count = UINT64_MAX});
    CheckRefused(&stage, lsn);
    CHECK(stage.disk.Counts().faults > 0);
  }
  stage.disk.SetFault({});
  const std::unique_ptr<MountedDisk> mount = stage.NewMount();
  const LogJudgement judgement =
      Judge(stage.LogDirectory(), Backend::kAuto, {.at_least = stage.writer.promises().released});
  CHECK_MESSAGE(judgement.complaint.empty(), "once it can be read again: ", judgement.complaint);
}

TEST_SUITE("damage") {
  TEST_CASE("a disk under ext4 or XFS that loses or misplaces one write: refused, by its place") {
    std::mt19937_64 random(Seed());
    TellLies(FileSystem::kExt4, &random);
    TellLies(FileSystem::kXfs, &random);
  }

  TEST_CASE("one block that cannot be read: refused, by its place, and nothing is given up") {
    std::mt19937_64 random(Seed());
    LoseBlocks(FileSystem::kExt4, &random);
    LoseBlocks(FileSystem::kXfs, &random);
  }
}

}  // namespace
}  // namespace stet::wal
