// Tests of the machine's storage: posix, io_uring and the choice between them.
#include "stet/wal/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include <doctest/doctest.h>

#include "tests/wal/temp_directory.h"
#include "wal/io/aligned_buffer.h"

namespace stet::wal::storage_test {
namespace {

constexpr size_t kBlock = 4096;

AlignedBuffer Filled(size_t size, int value) {
  AlignedBuffer buffer(size, kBlock);
  std::memset(buffer.data(), value, size);
  return buffer;
}

// Both storages where io_uring is allowed, else posix alone.
std::vector<std::unique_ptr<Storage>> Storages() {
  std::vector<std::unique_ptr<Storage>> storages;
  storages.push_back(*OpenStorage(Backend::kPosix));
  if (auto uring = OpenStorage(Backend::kUring); uring.ok()) storages.push_back(*std::move(uring));
  return storages;
}

TEST_SUITE("wal::Storage") {
  TEST_CASE("a file gives back what was written, at any alignment") {
    for (auto& storage : Storages()) {
      CAPTURE(storage->name());
      const TempDirectory directory;
      const std::string path = directory.path() + "/file";
      auto file = storage->Open(path, OpenMode::kCreate);
      REQUIRE(file.ok());
      CHECK((*file)->alignment() >= kBlock);
      const AlignedBuffer data = Filled(2 * kBlock, 'a');
      REQUIRE((*file)->Write(0, data.span()).ok());
      const std::byte odd[5] = {std::byte{'b'}, std::byte{'c'}, std::byte{'d'}, std::byte{'e'},
                                std::byte{'f'}};
      REQUIRE((*file)->Write(kBlock - 2, odd).ok());
      REQUIRE((*file)->Flush().ok());
      std::byte back[7];
      CHECK_EQ(*(*file)->Read(kBlock - 3, back), 7);
      CHECK(std::memcmp(back, "abcdefa", 7) == 0);
      CHECK_EQ(*(*file)->Read(2 * kBlock - 3, back), 3);
      CHECK_EQ(*(*file)->Read(9 * kBlock, back), 0);
      CHECK_EQ(*(*file)->Size(), 2 * kBlock);
      REQUIRE((*file)->Allocate(4 * kBlock).ok());
      CHECK_EQ(*(*file)->Size(), 4 * kBlock);
      CHECK(absl::IsAlreadyExists(storage->Open(path, OpenMode::kCreate).status()));
    }
  }

  TEST_CASE("errors name the operation, the path and the place") {
    for (auto& storage : Storages()) {
      const TempDirectory directory;
      const std::string path = directory.path() + "/file";
      CHECK_EQ(storage->Open(path, OpenMode::kRead).status().ToString(),
               "NOT_FOUND: open " + path + ": No such file or directory");
      REQUIRE(storage->Open(path, OpenMode::kCreate).ok());
      auto file = storage->Open(path, OpenMode::kRead);
      const AlignedBuffer data = Filled(kBlock, 'a');
      const std::string text((*file)->Write(kBlock, data.span()).ToString());
      CHECK_MESSAGE(text.find("write " + path + " at 4096, 4096 bytes: ") != text.npos, text);
      CHECK(!storage->Open(directory.path(), OpenMode::kRead).ok());
      CHECK(absl::IsNotFound(storage->List(directory.path() + "/none").status()));
      CHECK(absl::IsAlreadyExists(storage->MakeDirectory(directory.path())));
    }
  }

  TEST_CASE("what is more than the disk has room for is refused before any of it is taken") {
    for (auto& storage : Storages()) {
      CAPTURE(storage->name());
      const TempDirectory directory;
      auto file = storage->Open(directory.path() + "/file", OpenMode::kCreate);
      REQUIRE(file.ok());
      // Too much for any file: whoever asks the kernel for it is told another error.
      const absl::Status refused = (*file)->Allocate(uint64_t{1} << 62);
      CHECK(absl::IsResourceExhausted(refused));
      CHECK(refused.message().find("No space left") != std::string::npos);
      CHECK((*file)->Allocate(16 * kBlock).ok());
      CHECK((*file)->Allocate(16 * kBlock).ok());
    }
  }

  TEST_CASE("a queue completes writes and flushes, each once") {
    for (auto& storage : Storages()) {
      CAPTURE(storage->name());
      const TempDirectory directory;
      auto file = storage->Open(directory.path() + "/file", OpenMode::kCreate);
      REQUIRE(file.ok());
      REQUIRE((*file)->Allocate(16 * kBlock).ok());
      auto queue = storage->NewQueue();
      REQUIRE(queue.ok());
      const AlignedBuffer data = Filled(kBlock, 'q');
      std::vector<Op> ops;
      for (uint64_t i = 0; i < 8; ++i) {
        const auto kind = i % 2 == 0 ? Op::Kind::kWrite : Op::Kind::kWriteDurable;
        ops.push_back({kind, file->get(), i * kBlock, data.span(), i});
      }
      ops.push_back({.kind = Op::Kind::kFlush, .file = file->get(), .token = 8});
      REQUIRE((*queue)->Submit(ops).ok());
      std::vector<int> seen(9);
      for (size_t left = ops.size(); left > 0;) {
        Completion completions[4];
        const auto count = (*queue)->Reap(completions, absl::Seconds(10));
        REQUIRE(count.ok());
        REQUIRE(*count > 0);
        for (size_t i = 0; i < *count; ++i) {
          CHECK_EQ(completions[i].result, completions[i].token == 8 ? 0 : int64_t{kBlock});
          ++seen[completions[i].token];
        }
        left -= *count;
      }
      CHECK_EQ(seen, std::vector<int>(9, 1));
      Completion none[1];
      CHECK_EQ(*(*queue)->Reap(none, absl::ZeroDuration()), 0);
    }
  }

  TEST_CASE("a write with a flush linked behind it completes once, with what it wrote") {
    for (auto& storage : Storages()) {
      CAPTURE(storage->name());
      const TempDirectory directory;
      auto file = storage->Open(directory.path() + "/file", OpenMode::kCreate);
      REQUIRE(file.ok());
      REQUIRE((*file)->Allocate(64 * kBlock).ok());
      auto queue = storage->NewQueue();
      REQUIRE(queue.ok());
      const AlignedBuffer data = Filled(2 * kBlock, 'l');
      std::vector<int> seen(20);
      for (uint64_t i = 0; i < seen.size(); ++i) {
        const Op op{Op::Kind::kWriteLinkedFlush, file->get(), i * 2 * kBlock, data.span(), i};
        REQUIRE((*queue)->Submit({&op, 1}).ok());
      }
      for (size_t left = seen.size(); left > 0;) {
        Completion completions[4];
        const auto count = (*queue)->Reap(completions, absl::Seconds(10));
        REQUIRE(count.ok());
        for (size_t i = 0; i < *count; ++i) {
          CHECK_EQ(completions[i].result, int64_t{2 * kBlock});
          ++seen[completions[i].token];
        }
        left -= *count;
      }
      CHECK_EQ(seen, std::vector<int>(20, 1));
      Completion none[1];
      CHECK_EQ(*(*queue)->Reap(none, absl::Milliseconds(5)), 0);
      const QueueStats stats = (*queue)->stats();
      CHECK_EQ(stats.writes, 20);
      CHECK_EQ(stats.flushes, 20);
      CHECK(!stats.setup.empty());
    }
  }

  TEST_CASE("a short write is told as one, and no flush behind it is taken for its own") {
    struct Limit {
      rlimit before{};
      explicit Limit(rlim_t bytes) {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit now{.rlim_cur = bytes, .rlim_max = before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &now);
      }
      ~Limit() { ::setrlimit(RLIMIT_FSIZE, &before); }
    };
    for (auto& storage : Storages()) {
      CAPTURE(storage->name());
      const TempDirectory directory;
      auto file = storage->Open(directory.path() + "/file", OpenMode::kCreate);
      REQUIRE(file.ok());
      auto queue = storage->NewQueue();
      const AlignedBuffer data = Filled(4 * kBlock, 's');
      // The file may grow to half of what is written; then not at all.
      for (const int64_t room : {int64_t{2 * kBlock}, int64_t{0}}) {
        Completion completion;
        {
          const Limit limit(2 * kBlock);
          const uint64_t offset = room == 0 ? 2 * kBlock : 0;
          const Op op{Op::Kind::kWriteLinkedFlush, file->get(), offset, data.span(), 5};
          REQUIRE((*queue)->Submit({&op, 1}).ok());
          REQUIRE_EQ(*(*queue)->Reap({&completion, 1}, absl::Seconds(10)), 1);
        }
        CHECK_EQ(completion.token, 5);
        CHECK_EQ(completion.result, room == 0 ? -EFBIG : room);
        // Nothing of the chain comes later, and the next operation is not mistaken for it.
        CHECK_EQ(*(*queue)->Reap({&completion, 1}, absl::Milliseconds(5)), 0);
        const Op next{Op::Kind::kWriteLinkedFlush, file->get(), 0, data.span().first(kBlock), 6};
        REQUIRE((*queue)->Submit({&next, 1}).ok());
        REQUIRE_EQ(*(*queue)->Reap({&completion, 1}, absl::Seconds(10)), 1);
        CHECK_EQ(completion.token, 6);
        CHECK_EQ(completion.result, int64_t{kBlock});
      }
    }
  }

  TEST_CASE("one queue serves more files and buffers than it registers") {
    for (auto& storage : Storages()) {
      CAPTURE(storage->name());
      const TempDirectory directory;
      auto queue = storage->NewQueue();
      REQUIRE(queue.ok());
      AlignedBuffer known = Filled(kBlock, 'k');
      const AlignedBuffer other = Filled(kBlock, 'o');
      const std::span<std::byte> registered[] = {known.span()};
      (*queue)->RegisterBuffers(registered);
      for (int i = 0; i < 12; ++i) {
        const std::string path = directory.path() + "/" + std::to_string(i);
        auto file = storage->Open(path, OpenMode::kCreate);
        REQUIRE(file.ok());
        std::memset(known.data(), 'a' + i, kBlock);
        const Op ops[] = {{Op::Kind::kWriteLinkedFlush, file->get(), 0, known.span(), 1},
                          {Op::Kind::kWriteDurable, file->get(), kBlock, other.span(), 2}};
        REQUIRE((*queue)->Submit(ops).ok());
        for (size_t left = 2; left > 0;) {
          Completion completions[2];
          const auto count = (*queue)->Reap(completions, absl::Seconds(10));
          REQUIRE(count.ok());
          for (size_t c = 0; c < *count; ++c) CHECK_EQ(completions[c].result, int64_t{kBlock});
          left -= *count;
        }
        std::byte back[kBlock + 1];
        CHECK_EQ(*(*file)->Read(0, back), kBlock + 1);
        CHECK_EQ(static_cast<int>(back[0]), 'a' + i);
        CHECK_EQ(static_cast<int>(back[kBlock]), 'o');
      }
    }
  }

  TEST_CASE("a queue reports an error as -errno") {
    for (auto& storage : Storages()) {
      const TempDirectory directory;
      const std::string path = directory.path() + "/file";
      REQUIRE(storage->Open(path, OpenMode::kCreate).ok());
      auto file = storage->Open(path, OpenMode::kRead);
      auto queue = storage->NewQueue();
      const AlignedBuffer data = Filled(kBlock, 'q');
      const Op op{Op::Kind::kWriteDurable, file->get(), 0, data.span(), 7};
      REQUIRE((*queue)->Submit({&op, 1}).ok());
      Completion completion;
      REQUIRE_EQ(*(*queue)->Reap({&completion, 1}, absl::Seconds(10)), 1);
      CHECK_EQ(completion.token, 7);
      CHECK_EQ(completion.result, -EBADF);
    }
  }

  TEST_CASE("a wake ends a wait, also one that has not begun") {
    for (auto& storage : Storages()) {
      CAPTURE(storage->name());
      auto queue = storage->NewQueue();
      REQUIRE(queue.ok());
      Completion none[1];
      const absl::Time start = absl::Now();
      (*queue)->Wake();
      CHECK_EQ(*(*queue)->Reap(none, absl::Seconds(20)), 0);
      for (int round = 0; round < 50; ++round) {
        std::thread waker([&] { (*queue)->Wake(); });
        CHECK_EQ(*(*queue)->Reap(none, absl::Seconds(20)), 0);
        waker.join();
      }
      CHECK(absl::Now() - start < absl::Seconds(10));
      CHECK_EQ(*(*queue)->Reap(none, absl::Milliseconds(1)), 0);
    }
  }

  TEST_CASE("a lock has one holder, who is named") {
    auto storage = OpenStorage(Backend::kPosix);
    const TempDirectory directory;
    const std::string path = directory.path() + "/LOCK";
    auto lock = (*storage)->TakeLock(path, absl::ZeroDuration());
    REQUIRE(lock.ok());
    const absl::Status refused = (*storage)->TakeLock(path, absl::Milliseconds(30)).status();
    CHECK_EQ(refused, absl::FailedPreconditionError("lock " + path + ": held by process " +
                                                    std::to_string(::getpid())));
    lock->reset();
    CHECK((*storage)->TakeLock(path, absl::ZeroDuration()).ok());
  }

  TEST_CASE("kPosix is posix, and names are listed in order") {
    auto storage = OpenStorage(Backend::kPosix);
    CHECK_EQ((*storage)->name(), "posix");
    CHECK_EQ((*storage)->note(), "");
    const TempDirectory directory;
    for (const char* name : {"b", "a", "c"}) {
      REQUIRE((*storage)->Open(directory.path() + "/" + name, OpenMode::kCreate).ok());
    }
    REQUIRE((*storage)->Rename(directory.path() + "/b", directory.path() + "/d").ok());
    REQUIRE((*storage)->Remove(directory.path() + "/a").ok());
    REQUIRE((*storage)->SyncDirectory(directory.path()).ok());
    CHECK_EQ(*(*storage)->List(directory.path()), std::vector<std::string>{"c", "d"});
  }
}

}  // namespace
}  // namespace stet::wal::storage_test
