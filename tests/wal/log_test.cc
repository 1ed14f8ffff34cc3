// Tests of the log for many threads.
#include "stet/wal/log.h"

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/mutex.h"
#include "tests/wal/failing_storage.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal::log_test {
namespace {

std::vector<std::string> ReadAll(Log* log, uint64_t from_seq = 1) {
  std::vector<std::string> texts;
  absl::StatusOr<Reader> reader = log->NewReader(from_seq);
  REQUIRE(reader.ok());
  for (const Record& record : *reader) {
    CHECK_EQ(record.seq, from_seq + texts.size());
    texts.emplace_back(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
  }
  CHECK_MESSAGE(reader->status().ok(), reader->status().ToString());
  return texts;
}

// Threads that append and wait, each until a call of its fails.
class Producers {
 public:
  Producers(Log* log, int count) {
    for (int t = 0; t < count; ++t) threads_.emplace_back([this, log] { Run(log); });
  }
  ~Producers() { Join(); }

  uint64_t synced() const { return synced_.load(); }

  // What each of them got in the end.
  std::vector<absl::Status> Join() {
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    return ends_;
  }

 private:
  void Run(Log* log) {
    const std::string text(3000, 'p');
    absl::Status status;
    while (status.ok()) {
      const auto seq = log->Append(text);
      status = seq.ok() ? log->Sync(*seq) : seq.status();
      if (status.ok()) ++synced_;
    }
    MutexLock lock(mutex_);
    ends_.push_back(status);
  }

  std::atomic<uint64_t> synced_ = 0;
  Mutex mutex_;
  std::vector<absl::Status> ends_;
  std::vector<std::thread> threads_;
};

TEST_SUITE("wal::Log") {
  TEST_CASE("append, sync, read, open again") {
    const TempDirectory directory;
    const Options options{.directory = directory.path(), .create = true};
    {
      auto log = Log::Open(options);
      REQUIRE_MESSAGE(log.ok(), log.status().ToString());
      CHECK(ReadAll(log->get()).empty());
      CHECK_EQ(*(*log)->Append("a"), 1);
      CHECK_EQ(*(*log)->Append("b"), 2);
      CHECK((*log)->Sync(2).ok());
      CHECK_EQ((*log)->released(), 2);
      CHECK_EQ(ReadAll(log->get()), std::vector<std::string>{"a", "b"});
      CHECK_EQ(ReadAll(log->get(), 2), std::vector<std::string>{"b"});
      CHECK(absl::IsOutOfRange((*log)->Sync(3)));
      CHECK(absl::IsInvalidArgument((*log)->Append(std::span<const NewRecord>()).status()));
      CHECK_EQ(*(*log)->Append("c"), 3);
      CHECK((*log)->Close().ok());
      CHECK((*log)->Sync(3).ok());
      CHECK(absl::IsFailedPrecondition((*log)->Append("d").status()));
      CHECK_EQ(ReadAll(log->get()), std::vector<std::string>{"a", "b", "c"});
    }
    auto log = Log::Open({.directory = directory.path()});
    REQUIRE_MESSAGE(log.ok(), log.status().ToString());
    CHECK((*log)->recovery().clean);
    CHECK_EQ(*(*log)->Append("e"), 4);
    CHECK((*log)->Sync(4).ok());
    CHECK_EQ(ReadAll(log->get()), std::vector<std::string>{"a", "b", "c", "e"});
  }

  TEST_CASE("many threads: what each appended is there, in its order, once synced") {
    for (const Durability durability :
         {Durability::kCommit, Durability::kOs, Durability::kMemory}) {
      const TempDirectory directory;
      constexpr int kThreads = 8;
      constexpr int kAppends = 200;
      auto log = Log::Open({.directory = directory.path(),
                            .create = true,
                            .durability = durability,
                            .segment_bytes = 1 << 20,
                            .first_segment_bytes = 128 << 10});
      REQUIRE_MESSAGE(log.ok(), log.status().ToString());
      std::atomic<int> failures = 0;
      std::vector<std::thread> threads;
      for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          for (int i = 0; i < kAppends; ++i) {
            const std::string text = std::to_string(t) + ":" + std::to_string(i);
            const auto seq = (*log)->Append(text + std::string(500, '.'));
            if (!seq.ok() || !(*log)->Sync(*seq).ok()) ++failures;
            if ((*log)->released() < *seq) ++failures;
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      CHECK_EQ(failures.load(), 0);
      CHECK((*log)->Close().ok());
      CHECK((*log)->stats().rotations > 0);
      std::vector<int> next(kThreads);
      for (const std::string& text : ReadAll(log->get())) {
        const int thread = std::stoi(text);
        CHECK_EQ(std::stoi(text.substr(text.find(':') + 1)), next[static_cast<size_t>(thread)]++);
      }
      CHECK_EQ(next, std::vector<int>(kThreads, kAppends));
    }
  }

  TEST_CASE("a group can ask for more than its log gives, and Sync waits for that") {
    for (const Durability mode : {Durability::kMemory, Durability::kOs, Durability::kInterval}) {
      CAPTURE(ToString(mode));
      const TempDirectory directory;
      auto log = Log::Open({.directory = directory.path(),
                            .create = true,
                            .durability = mode,
                            .flush_interval = absl::InfiniteDuration(),
                            .idle_watermark = absl::InfiniteDuration()});
      REQUIRE(log.ok());
      CHECK((*log)->Sync(*(*log)->Append("a")).ok());
      CHECK_EQ((*log)->watermarks().durable, 0);
      CHECK((*log)->Sync(*(*log)->Append("b", Durability::kCommit)).ok());
      CHECK_EQ((*log)->watermarks().durable, 2);
      CHECK_EQ((*log)->watermarks().witnessed, 0);
      CHECK((*log)->Sync(*(*log)->Append("c")).ok());
      CHECK_EQ((*log)->watermarks().durable, 2);
      const std::string text = "d";
      const NewRecord record{.payload = std::as_bytes(std::span(text))};
      CHECK((*log)->Sync(*(*log)->Append({&record, 1}, 0, Durability::kWitness)).ok());
      CHECK_EQ((*log)->watermarks().witnessed, 4);
      CHECK_EQ(ReadAll(log->get()), std::vector<std::string>{"a", "b", "c", "d"});
    }
  }

  TEST_CASE("what waits for more than its log gives is not read before, nor what is behind it") {
    const TempDirectory directory;
    FailingStorage storage;
    auto log = Log::Open({.directory = directory.path(),
                          .create = true,
                          .durability = Durability::kOs,
                          .storage = &storage});
    REQUIRE(log.ok());
    storage.flushes_wait = true;
    CHECK((*log)->Sync(*(*log)->Append("a")).ok());
    REQUIRE((*log)->Append("b", Durability::kCommit).ok());
    REQUIRE((*log)->Append("c").ok());
    while ((*log)->watermarks().written < 3) std::this_thread::yield();
    CHECK_EQ((*log)->released(), 1);
    CHECK_EQ(ReadAll(log->get()), std::vector<std::string>{"a"});
    storage.flushes_wait = false;
    CHECK((*log)->Sync(*(*log)->Append("d")).ok());
    CHECK((*log)->watermarks().durable >= 2);
    CHECK_EQ(ReadAll(log->get()), std::vector<std::string>{"a", "b", "c", "d"});
  }

  TEST_CASE("statistics tell how the queue to the disk works") {
    const TempDirectory directory;
    auto log = Log::Open({.directory = directory.path(), .create = true});
    REQUIRE(log.ok());
    CHECK((*log)->Sync(*(*log)->Append("a")).ok());
    const QueueStats queue = (*log)->stats().queue;
    CHECK(queue.ToString().find(queue.setup) == 0);
    CHECK(!queue.setup.empty());
    CHECK(queue.writes >= 1);
    CHECK(queue.flushes >= 1);
    CHECK(queue.system_calls >= 1);
  }

  TEST_CASE("producers that never wait are held to the memory that is allowed") {
    const TempDirectory directory;
    auto log = Log::Open({.directory = directory.path(), .create = true, .segment_bytes = 8 << 20});
    REQUIRE(log.ok());
    const std::string text(60'000, 'x');
    uint64_t seq = 0;
    for (int i = 0; i < 500; ++i) {
      const auto next = (*log)->Append(text);
      REQUIRE_MESSAGE(next.ok(), next.status().ToString());
      seq = *next;
    }
    CHECK((*log)->Sync(seq).ok());
    const std::string large(1'900'000, 'y');
    CHECK((*log)->Sync(*(*log)->Append(large)).ok());
    CHECK((*log)->Close().ok());
    CHECK_EQ(ReadAll(log->get()).size(), 501);
  }

  TEST_CASE("when the disk fails for good, everybody learns it and nobody waits on") {
    const TempDirectory directory;
    FailingStorage storage;
    auto log = Log::Open({.directory = directory.path(),
                          .create = true,
                          .first_segment_bytes = 1 << 20,
                          .storage = &storage});
    REQUIRE_MESSAGE(log.ok(), log.status().ToString());
    Producers producers(log->get(), 8);
    while (producers.synced() < 100) std::this_thread::yield();
    storage.writes_fail = true;
    for (const absl::Status& end : producers.Join()) {
      CHECK_MESSAGE(end.code() == absl::StatusCode::kInternal, end.ToString());
    }
    CHECK((*log)->released() >= producers.synced());
    CHECK_EQ((*log)->Append("more").status().code(), absl::StatusCode::kInternal);
    CHECK_EQ((*log)->Close().code(), absl::StatusCode::kInternal);
  }

  TEST_CASE("closing ends who appends and who waits") {
    for (const Durability durability : {Durability::kCommit, Durability::kMemory}) {
      const TempDirectory directory;
      auto log =
          Log::Open({.directory = directory.path(), .create = true, .durability = durability});
      REQUIRE(log.ok());
      Producers producers(log->get(), 8);
      while (producers.synced() < 100) std::this_thread::yield();
      CHECK((*log)->Close().ok());
      for (const absl::Status& end : producers.Join()) {
        CHECK_MESSAGE(absl::IsFailedPrecondition(end), end.ToString());
      }
      CHECK_EQ((*log)->watermarks().durable, (*log)->watermarks().appended);
    }
  }

  TEST_CASE("a full disk refuses, and takes again when there is space") {
    const TempDirectory directory;
    FailingStorage storage;
    auto log = Log::Open({.directory = directory.path(),
                          .create = true,
                          .segment_bytes = 256 << 10,
                          .first_segment_bytes = 256 << 10,
                          .storage = &storage});
    REQUIRE(log.ok());
    storage.full = true;
    Producers producers(log->get(), 4);
    for (const absl::Status& end : producers.Join()) {
      CHECK_MESSAGE(absl::IsResourceExhausted(end), end.ToString());
    }
    storage.full = false;
    absl::StatusOr<uint64_t> seq = absl::ResourceExhaustedError("");
    while (absl::IsResourceExhausted(seq.status())) {
      std::this_thread::yield();
      seq = (*log)->Append("again");
    }
    REQUIRE_MESSAGE(seq.ok(), seq.status().ToString());
    CHECK((*log)->Sync(*seq).ok());
    CHECK((*log)->Close().ok());
    CHECK_EQ(ReadAll(log->get()).size(), *seq);
  }

  TEST_CASE("what lies before an anchor is given up while threads append; it opens from there") {
    const TempDirectory directory;
    const Options options{.directory = directory.path(),
                          .create = true,
                          .segment_bytes = 256 << 10,
                          .first_segment_bytes = 256 << 10};
    Anchor anchor;
    uint64_t synced = 0;
    {
      auto log = Log::Open(options);
      REQUIRE(log.ok());
      Producers producers(log->get(), 4);
      while ((*log)->stats().rotations < 4) std::this_thread::yield();
      absl::StatusOr<Reader> reader = (*log)->NewReader();
      REQUIRE(reader.ok());
      for (const Record& record : *reader) {
        if (record.seq > 1) anchor = AnchorBehind(reader->batch());
      }
      REQUIRE((*log)->Retire(anchor).ok());
      while ((*log)->stats().segments_retired < 3) std::this_thread::yield();
      absl::StatusOr<Reader> later = (*log)->NewReader(anchor.seq + 1);
      REQUIRE(later.ok());
      for (const Record& record : *later) CHECK(record.seq > anchor.seq);
      CHECK_MESSAGE(later->status().ok(), later->status().ToString());
      absl::StatusOr<Reader> whole = (*log)->NewReader();
      REQUIRE(whole.ok());
      CHECK(whole->begin() == whole->end());
      CHECK_MESSAGE(absl::IsOutOfRange(whole->status()), whole->status().ToString());
      const Anchor ahead{.seq = uint64_t{1} << 40, .lsn = uint64_t{9} << 32, .batch_id = {}};
      CHECK(absl::IsFailedPrecondition((*log)->Retire(ahead)));
      CHECK((*log)->Close().ok());
      CHECK(absl::IsFailedPrecondition((*log)->Retire(anchor)));
      synced = producers.Join().size() == 4 ? producers.synced() : 0;
    }
    const Anchor anchors[] = {anchor};
    const auto recovered = Recover(options, anchors);
    REQUIRE_MESSAGE(recovered.ok(), recovered.status().ToString());
    CHECK(recovered->report().last_seq >= synced);
  }

  TEST_CASE("a log that cannot be opened says why, and leaves no thread behind") {
    const TempDirectory directory;
    const absl::Status status = Log::Open({.directory = directory.path()}).status();
    CHECK(RefusalOf(status) == Refusal::kNotALog);
  }
}

}  // namespace
}  // namespace stet::wal::log_test
