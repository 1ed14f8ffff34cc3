// Every fault of a kind on small logs: what open answers is what an independent reading of the format
// answers, with the records that survive.
//
// A plain run flips a bit in every byte that is written and in every 64th of the others, and cuts at
// every 127th byte; under sanitizers every seventh of those.  With STET_EXHAUSTIVE=all it is every bit of every file of every log, and a cut
// at every byte.
#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/base/stride.h"
#include "tests/wal/log_subjects.h"
#include "tests/wal/oracle.h"

namespace stet::wal::recovery_oracle_test {
namespace {

bool Everything() {
  const char* const asked = std::getenv("STET_EXHAUSTIVE");  // NOLINT(concurrency-mt-unsafe)
  return asked != nullptr && std::string_view(asked) == "all";
}

// Asks both of one disk.  One for each thread.
class Trial {
 public:
  explicit Trial(const Subject& subject) : anchors_(subject.anchors) {
    disk.files = subject.files;
    options_.storage = &disk;
    for (const Anchor& anchor : anchors_) {
      std::string id(16, '\0');
      std::memcpy(id.data(), &anchor.batch_id, 16);
      question_.snapshots.push_back({.seq = anchor.seq, .lsn = anchor.lsn, .batch_id = id});
    }
  }

  MemoryStorage disk = {};

  // "" if they agree.
  std::string Ask(bool lenient, bool read) {
    options_.tail = lenient ? TailPolicy::kLenient : TailPolicy::kStrict;
    question_.lenient = lenient;
    const RecoveryReport report = Examine(options_, anchors_);
    const oracle::Answer expected = oracle::Judge(
        {.files = &disk.files, .directory = "log", .unreadable = &disk.unreadable}, question_);
    std::string found =
        Said(std::string(ToString(report.refusal)), std::string(ToString(report.verdict)),
             report.first_seq, report.last_seq);
    const std::string wanted = Said(expected.refusal.empty() ? "NONE" : expected.refusal,
                                    expected.refusal.empty() ? expected.verdict : "refused",
                                    expected.first_seq, expected.last_seq);
    if (found != wanted) {
      return fmt::format("expected {}, found {}\n{}", wanted, found, report.ToString());
    }
    if (!read || report.refused()) return {};
    return Compare(expected);
  }

 private:
  static std::string Said(std::string refusal, std::string verdict, uint64_t first, uint64_t last) {
    if (refusal != "NONE") return refusal;
    return fmt::format("{} seq {}..{}", verdict, first, last);
  }

  std::string Compare(const oracle::Answer& expected) {
    const absl::StatusOr<RecoveredLog> log = Recover(options_, anchors_);
    if (!log.ok()) return log.status().ToString();
    const uint64_t from = expected.records.empty() ? 1 : expected.records.front().first;
    size_t at = 0;
    Reader reader = log->NewReader(std::max(from, log->report().first_seq));
    for (const Record& record : reader) {
      const std::string payload(reinterpret_cast<const char*>(record.payload.data()),
                                record.payload.size());
      if (at >= expected.records.size() || expected.records[at].first != record.seq ||
          expected.records[at].second != payload) {
        return fmt::format("record {} differs", record.seq);
      }
      ++at;
    }
    if (at != expected.records.size()) return "records are missing";
    return reader.status().ok() ? "" : reader.status().ToString();
  }

  Options options_ = {.directory = "log"};
  const std::vector<Anchor> anchors_;
  oracle::Question question_ = {};
};

// Runs `work(trial, i)` for every kStride-th i < count, on all processors.  `work` gives "" or what went wrong, and
// leaves the disk as it found it.
void ForAll(const Subject& subject, uint64_t count,
            const std::function<std::string(Trial& trial, uint64_t i)>& work) {
  std::atomic<uint64_t> next = 0;
  std::mutex mutex;
  std::vector<std::string> failures;
  const auto run = [&] {
    Trial trial(subject);
    constexpr uint64_t kPiece = 64 * kStride;
    while (true) {
      const uint64_t begin = next.fetch_add(kPiece);
      if (begin >= count) return;
      for (uint64_t i = begin; i < std::min(begin + kPiece, count); i += kStride) {
        std::string failure = work(trial, i);
        if (failure.empty()) continue;
        const std::lock_guard lock(mutex);
        failures.push_back(std::move(failure));
        if (failures.size() > 20) return;
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
      threads.emplace_back(run);
    }
  }
  for (const std::string& failure : failures) FAIL_CHECK(subject.name << ": " << failure);
  CHECK_EQ(failures.size(), 0);
}

std::string AskBoth(Trial& trial, bool read, const std::function<std::string()>& what) {
  for (const bool lenient : {false, true}) {
    std::string failure = trial.Ask(lenient, read);
    if (!failure.empty()) return what() + (lenient ? " (lenient): " : ": ") + failure;
  }
  return {};
}

// Every bit, or one of each byte: another one from byte to byte.
void FlipBits(const Subject& subject, bool all) {
  std::vector<Spot> spots;
  for (const Spot& spot : Spots(subject, 1)) {
    const bool written = subject.files.at(*spot.path)[spot.offset] != 0;
    if (all || written || spot.offset % 64 == 0) spots.push_back(spot);
  }
  ForAll(subject, spots.size(), [&](Trial& trial, uint64_t i) {
    const Spot& spot = spots[i];
    char& byte = trial.disk.files.at(*spot.path)[spot.offset];
    const int first = all ? 0 : static_cast<int>(i % 8);
    std::string failure;
    for (int bit = first; bit < (all ? 8 : first + 1) && failure.empty(); ++bit) {
      const char before = byte;
      byte = static_cast<char>(byte ^ (1 << bit));
      // Readers verify again: once for some bytes is enough.
      failure = AskBoth(trial, i % 16 == 0 && bit == first,
                        [&] { return fmt::format("{} {} bit {}", *spot.path, spot.offset, bit); });
      byte = before;
    }
    return failure;
  });
}

// Each of `edits` on a copy of the files.
void Apply(const Subject& subject, const std::vector<Edit>& edits) {
  ForAll(subject, edits.size(), [&](Trial& trial, uint64_t i) {
    edits[i].apply(trial.disk.files);
    std::string failure = AskBoth(trial, true, [&] { return edits[i].what; });
    trial.disk.files = subject.files;
    return failure;
  });
}

}  // namespace

TEST_SUITE("wal::recovery beside an oracle") {
  TEST_CASE("the logs themselves are accepted") {
    for (const Subject& subject : Subjects()) {
      Trial trial(subject);
      CHECK_EQ(trial.Ask(false, true), "");
      CHECK_FALSE(Examine({.directory = "log", .storage = &trial.disk}, subject.anchors).refused());
    }
  }

  TEST_CASE("every flipped bit") {
    for (const Subject& subject : Subjects()) {
      if (subject.name == "crashed" || Everything()) FlipBits(subject, Everything());
    }
  }

  TEST_CASE("every sector and every block zeroed") {
    for (const Subject& subject : Subjects()) {
      for (const uint64_t step : {uint64_t{512}, kA}) {
        const std::vector<Spot> spots = Spots(subject, step);
        ForAll(subject, spots.size(), [&](Trial& trial, uint64_t i) {
          std::string& bytes = trial.disk.files.at(*spots[i].path);
          const std::string before = bytes;
          const uint64_t size = std::min(step, bytes.size() - spots[i].offset);
          std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(spots[i].offset), size, '\0');
          std::string failure = AskBoth(trial, true, [&] {
            return fmt::format("{} {} zeroed", *spots[i].path, spots[i].offset);
          });
          bytes = before;
          return failure;
        });
      }
    }
  }

  TEST_CASE("a file cut at every byte") {
    for (const Subject& subject : Subjects()) {
      const std::vector<Spot> spots = Spots(subject, Everything() ? 1 : 127);
      ForAll(subject, spots.size(), [&](Trial& trial, uint64_t i) {
        std::string& bytes = trial.disk.files.at(*spots[i].path);
        const std::string before = bytes;
        bytes.resize(spots[i].offset);
        std::string failure = AskBoth(trial, i % 8 == 0, [&] {
          return fmt::format("{} cut at {}", *spots[i].path, spots[i].offset);
        });
        bytes = before;
        return failure;
      });
    }
  }

  TEST_CASE("every block unreadable") {
    for (const Subject& subject : Subjects()) {
      const std::vector<Spot> spots = Spots(subject, kA);
      ForAll(subject, spots.size(), [&](Trial& trial, uint64_t i) {
        if (spots[i].path->ends_with("LOG_ID")) return std::string();
        trial.disk.unreadable[*spots[i].path] = {spots[i].offset};
        std::string failure = AskBoth(trial, false, [&] {
          return fmt::format("{} {} unreadable", *spots[i].path, spots[i].offset);
        });
        trial.disk.unreadable.clear();
        return failure;
      });
    }
  }

  TEST_CASE("files removed, emptied, copied, moved, swapped and renamed") {
    for (const Subject& subject : Subjects()) Apply(subject, FileEdits(subject));
  }

  TEST_CASE("files of another log, and older copies of our own") {
    for (const Subject& subject : Subjects()) Apply(subject, StrangerEdits(subject));
  }

  TEST_CASE("intact structures with fields of a newer version, or wrong ones") {
    for (const Subject& subject : Subjects()) Apply(subject, FutureEdits(subject));
  }

  TEST_CASE("every block written over every other one") {
    for (const Subject& subject : Subjects()) Apply(subject, MisdirectedEdits(subject));
  }
}

}  // namespace stet::wal::recovery_oracle_test
