// Every call of the writer fails once, and the power goes at every call: nothing acknowledged is lost, nobody waits for ever.
#include <errno.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "stet/wal/writer.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"

namespace stet::wal::writer_faults_test {
namespace {

// What a run of the scenario below got told.
struct Story {
  std::vector<std::string> submitted;
  uint64_t acknowledged = 0;
  absl::Status status;  // the first error
  WriterStats stats = {};
};

std::string TextOf(uint64_t seq) {
  return std::to_string(seq) +
         std::string(200 + seq * 977 % 9000, static_cast<char>('a' + seq % 26));
}

void Note(Story* story, const Writer& writer, const absl::Status& status) {
  story->acknowledged = std::max(story->acknowledged, writer.released());
  if (story->status.ok()) story->status = status;
}

// Opens, appends enough to rotate twice, with slots and pipelines on the way, closes.  Ends with the first error; every call
// returns, or the test would hang.
void Play(const Options& options, int appends, Story* story) {
  absl::StatusOr<std::unique_ptr<Writer>> writer = OpenWriter(options);
  if (!writer.ok()) {
    story->status = writer.status();
    return;
  }
  for (int i = 0; i < appends && story->status.ok(); ++i) {
    const uint64_t seq = (*writer)->next_seq();
    story->submitted.push_back(TextOf(seq));
    const auto appended = AppendText(writer->get(), {story->submitted.back()});
    if (!appended.ok()) story->submitted.pop_back();
    Note(story, **writer, appended.status());
    if (i % 3 == 0) Note(story, **writer, (*writer)->Poll(absl::ZeroDuration()));
    if (i % 4 == 1) Note(story, **writer, (*writer)->Poll(absl::Milliseconds(1)));
    if (i % 10 == 9) {
      for (int idle = 0; idle < 3; ++idle)
        Note(story, **writer, (*writer)->Poll(absl::Milliseconds(20)));
      Note(story, **writer, (*writer)->Maintain(absl::Milliseconds(1)));
    }
  }
  if (story->status.ok()) Note(story, **writer, (*writer)->Close());
  Note(story, **writer, absl::OkStatus());
  story->stats = (*writer)->stats();
  if (!story->status.ok() && !absl::IsResourceExhausted(story->status)) {
    // Poison stays: nothing more is taken or released.
    CHECK(!AppendText(writer->get(), {"x"}).ok());
    CHECK(!(*writer)->Flush().ok());
    CHECK_EQ((*writer)->released(), story->acknowledged);
  }
}

// The log opens, and holds at least what was acknowledged and at most what was submitted, byte by byte.
void CheckSurvivors(SimDisk disk, const Options& options, const std::vector<std::string>& submitted,
                    uint64_t acknowledged) {
  SimStorage storage(std::move(disk));
  Options reopened = options;
  reopened.storage = &storage;
  const auto log = Recover(reopened);
  REQUIRE_MESSAGE(log.ok(), log.status().ToString());
  const std::vector<std::string> texts = ReadTexts(*log);
  CHECK(texts.size() >= acknowledged);
  REQUIRE(texts.size() <= submitted.size());
  for (size_t i = 0; i < texts.size(); ++i) REQUIRE(texts[i] == submitted[i]);
}

constexpr int kAppends = 60;

Options Scenario(SimStorage* storage, Durability durability) {
  Options options = SimOptions(storage);
  options.durability = durability;
  options.segment_bytes = 128 << 10;
  options.inflight_bytes_max = 128 << 10;
  return options;
}

// How many calls the scenario makes when nothing goes wrong; and nothing does.
uint64_t CallsOf(Durability durability, SimOrder order) {
  SimStorage storage;
  storage.order = order;
  const Options options = Scenario(&storage, durability);
  Story story;
  Play(options, kAppends, &story);
  REQUIRE_MESSAGE(story.status.ok(), story.status.ToString());
  CHECK_EQ(story.acknowledged, kAppends);
  CheckSurvivors(storage.Crash(CrashPolicy::kLoseAll), options, story.submitted, kAppends);
  return storage.calls();
}

// In os mode a power cut may take what was not flushed: only a kill may not.
uint64_t Promised(Durability durability, CrashPolicy policy, uint64_t acknowledged) {
  return durability == Durability::kCommit || policy == CrashPolicy::kKeepAll ? acknowledged : 0;
}

TEST_SUITE("wal::Writer faults") {
  TEST_CASE("each call fails once: the log goes on in the next segment, or says that it cannot") {
    for (const Durability durability : {Durability::kCommit, Durability::kOs}) {
      const uint64_t calls = CallsOf(durability, SimOrder::kFifo);
      REQUIRE(calls > 80);
      for (uint64_t call = 1; call <= calls; ++call) {
        SimStorage storage;
        storage.faults.fail_call = call;
        storage.faults.fail_errno = EIO;
        const Options options = Scenario(&storage, durability);
        Story story;
        Play(options, kAppends, &story);
        CAPTURE(storage.history()[call - 1]);
        CAPTURE(call);
        CAPTURE(ToString(durability));
        // A batch, a flush or a slot: its segment is given up, and nobody notices.
        const bool queued = storage.history()[call - 1].starts_with("queued");
        CHECK((!queued || story.status.ok()));
        CHECK((!queued || story.stats.failovers == 1));
        CHECK((!story.status.ok() || story.acknowledged == kAppends));
        CHECK((!queued || story.stats.failures == 1));
        const uint64_t promised = Promised(durability, CrashPolicy::kKeepAll, story.acknowledged);
        CheckSurvivors(storage.disk(), options, story.submitted, promised);
      }
    }
  }

  TEST_CASE("the power goes at each call, and any part of what was in flight survives") {
    for (const Durability durability : {Durability::kCommit, Durability::kOs}) {
      for (const SimOrder order : {SimOrder::kFifo, SimOrder::kLifo}) {
        const uint64_t calls = CallsOf(durability, order);
        for (uint64_t call = 1; call <= calls; ++call) {
          SimStorage storage({}, call);
          storage.order = order;
          storage.faults.die_at_call = call;
          const Options options = Scenario(&storage, durability);
          Story story;
          Play(options, kAppends, &story);
          CAPTURE(storage.history().back());
          CAPTURE(call);
          CAPTURE(ToString(durability));
          CHECK(!story.status.ok());
          for (const CrashPolicy policy :
               {CrashPolicy::kLoseAll, CrashPolicy::kKeepAll, CrashPolicy::kRandom,
                CrashPolicy::kRandom, CrashPolicy::kRandom}) {
            CAPTURE(static_cast<int>(policy));
            CheckSurvivors(storage.Crash(policy), options, story.submitted,
                           Promised(durability, policy, story.acknowledged));
          }
        }
      }
    }
  }

  TEST_CASE("a power cut while the log is opened again changes nothing of that") {
    SimStorage first;
    first.faults.die_at_call = 90;
    const Options options = Scenario(&first, Durability::kCommit);
    Story story;
    Play(options, kAppends, &story);
    REQUIRE(story.acknowledged > 0);
    std::mt19937_64 random(7);
    for (uint64_t call = 1; call < 120; ++call) {
      CAPTURE(call);
      SimStorage second(first.disk().Crash(CrashPolicy::kRandom, random), call);
      second.faults.die_at_call = call;
      Options reopened = options;
      reopened.storage = &second;
      Story later = story;
      later.status = absl::OkStatus();
      {
        const auto log = Recover(reopened);
        if (log.ok()) later.submitted.resize(log->last_seq());
      }
      if (!second.dead()) Play(reopened, 20, &later);
      CheckSurvivors(
          second.Crash(CrashPolicy::kRandom), options,
          later.submitted.size() < story.submitted.size() ? story.submitted : later.submitted,
          later.acknowledged);
    }
  }

  TEST_CASE("killed while the log is made: what the next one acknowledges outlives a power cut") {
    for (uint64_t call = 1; call < 20; ++call) {
      CAPTURE(call);
      SimStorage first;
      first.faults.die_at_call = call;
      Story none;
      Play(Scenario(&first, Durability::kCommit), 0, &none);
      SimStorage second(first.disk());
      Options options = Scenario(&second, Durability::kCommit);
      Story story;
      Play(options, 1, &story);
      REQUIRE_MESSAGE(story.status.ok(), story.status.ToString());
      CheckSurvivors(second.Crash(CrashPolicy::kLoseAll), options, story.submitted, 1);
    }
  }

  TEST_CASE("a short write is completed, and then flushed for itself") {
    for (const Durability durability : {Durability::kCommit, Durability::kOs}) {
      for (uint64_t nth = 1; nth <= 30; ++nth) {
        CAPTURE(nth);
        SimStorage storage;
        storage.faults.short_write = nth;
        const Options options = Scenario(&storage, durability);
        Story story;
        Play(options, kAppends, &story);
        REQUIRE_MESSAGE(story.status.ok(), story.status.ToString());
        CheckSurvivors(storage.Crash(CrashPolicy::kLoseAll), options, story.submitted, kAppends);
      }
    }
  }
}

}  // namespace
}  // namespace stet::wal::writer_faults_test
