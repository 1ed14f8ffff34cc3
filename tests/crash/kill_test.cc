// A writer is killed at every call that it makes and at random moments: open never refuses, and all
// that it acknowledged is there.
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/crash/anchors.h"
#include "tests/crash/judge.h"
#include "tests/crash/modes.h"
#include "tests/crash/records.h"
#include "tests/crash/writer_process.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal {
namespace {

// A killed process loses nothing that the operating system has.
Allowed AfterKill(const WriterProcess& writer, Durability durability) {
  const Promises& promises = writer.promises();
  const uint64_t released = durability == Durability::kMemory ? 0 : promises.released.load();
  return {.at_least = std::max(released, promises.written.load()), .at_most = promises.appending};
}

void CheckJudgement(const WriterProcess& writer, const std::string& directory) {
  const WriterPlan& plan = const_cast<WriterProcess&>(writer).plan();
  const LogJudgement judgement = Judge(directory, plan.backend, AfterKill(writer, plan.durability),
                                       AnchorsOf(writer.promises()));
  REQUIRE_MESSAGE(judgement.complaint.empty(), judgement.complaint, "\n", writer.Describe());
}

// Kills a writer before its call `call`, judges, and lets another go on.  False when it came to its
// end before that call.
bool KillAtCall(WriterProcess* writer, const std::string& directory, uint64_t call) {
  CAPTURE(call);
  writer->plan().kill_at_call = call;
  writer->Start();
  const Ending ending = writer->Wait();
  REQUIRE_MESSAGE((ending.killed || ending.done()), ending.error);
  CheckJudgement(*writer, directory);
  return ending.killed;
}

TEST_SUITE("wal::Writer killed") {
  TEST_CASE("kill -9 before each call of the making of a log: it is made the next time") {
    const std::vector<Backend> backends = Backends();
    WriterProcess writer;
    writer.plan().records_max = 3;
    uint64_t call = 1;
    for (bool killed = true; killed; ++call) {
      const TempDirectory directory;
      const std::string path = directory.path() + "/log";
      writer.SetDirectory(path);
      writer.ForgetPromises();
      writer.plan().backend = backends[call / 2 % backends.size()];
      killed = KillAtCall(&writer, path, call);
      REQUIRE_FALSE(KillAtCall(&writer, path, 0));
      REQUIRE(writer.promises().released >= 3);
    }
    MESSAGE("killed at ", call - 2, " calls");
    CHECK(call > 20);
  }

  TEST_CASE("kill -9 before calls of recovery, of appends and of rotations") {
    const uint64_t seed = Seed();
    const uint64_t stride = Rounds(1) > 1 ? 1 : 4;
    for (const Backend backend : Backends()) {
      WriterProcess writer;
      writer.plan().backend = backend;
      writer.plan().records_max = 80;  // more than two segments
      writer.plan().outstanding_max = 8;
      bool killed = true;
      for (uint64_t call = 1; killed;) {
        // Anew now and then: the more segments, the more calls only to read them.
        const TempDirectory directory;
        writer.SetDirectory(directory.path());
        writer.ForgetPromises();
        for (int openings = 0; killed && openings < 12; ++openings) {
          writer.plan().seed = seed + call;
          killed = KillAtCall(&writer, directory.path(), call);
          call += 1 + Mix(seed + call) % stride;
        }
        MESSAGE("up to call ", call, ": ", writer.Describe());
      }
    }
  }

  TEST_CASE("kill -9 before calls while old segments are given up: the log has its end") {
    const uint64_t seed = Seed();
    const uint64_t stride = Rounds(1) > 1 ? 1 : 9;
    for (const Retired retired : {Retired::kRecycle, Retired::kDelete}) {
      const TempDirectory directory;
      WriterProcess writer;
      WriterPlan& plan = writer.plan();
      plan.backend = Backends()[retired == Retired::kRecycle ? 0 : Backends().size() - 1];
      plan.records_max = 60;
      plan.outstanding_max = 8;
      plan.retires = true;
      plan.retired = retired;
      writer.SetDirectory(directory.path());
      writer.ForgetPromises();
      bool killed = true;
      for (uint64_t call = 1; killed; call += 1 + Mix(seed + call) % stride) {
        plan.seed = seed + call;
        killed = KillAtCall(&writer, directory.path(), call);
        // Some come to their end: else there is never much to give up.
        REQUIRE_FALSE(KillAtCall(&writer, directory.path(), 0));
      }
      MESSAGE(writer.promises().retired.load(), " segments given up; ", writer.Describe());
      CHECK(writer.promises().retired > 10);
    }
  }

  TEST_CASE("kill -9 at any moment, in every mode: what was acknowledged is there") {
    std::mt19937_64 random(Seed());
    for (const Backend backend : Backends()) {
      for (const Durability durability : Durabilities()) {
        CAPTURE(ToString(durability));
        const TempDirectory directory;
        WriterProcess writer;
        writer.SetDirectory(directory.path());
        WriterPlan& plan = writer.plan();
        plan.backend = backend;
        plan.durability = durability;
        for (uint64_t round = 0; round < Rounds(5); ++round) {
          CAPTURE(round);
          plan.seed = random();
          plan.segment_bytes = (64 << 10) << random() % 3;
          plan.pause_us_max = round % 2 == 0 ? 0 : 300;
          writer.Start();
          // One in five is killed while it opens.
          if (round % 5 != 4) writer.WaitOpened(absl::Seconds(10));
          ::usleep(static_cast<useconds_t>(random() % 25'000));
          writer.Kill();
          CheckJudgement(writer, directory.path());
        }
        MESSAGE(ToString(durability), ": ", writer.Describe());
        CHECK(writer.promises().written > 0);
      }
    }
  }
}

}  // namespace
}  // namespace stet::wal
