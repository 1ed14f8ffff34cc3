// Tests of the machine's storage: posix, io_uring and the choice between them.
#include "stet/wal/storage.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include <doctest/doctest.h>

#include "tests/wal/temp_directory.h"
#include "wal/io/aligned_buffer.h"

namespace stet::wal {
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
}  // namespace stet::wal
