// The seam between the log and the machine: files, directories, a queue of asynchronous writes,
// time and randomness.
//
// The log never calls the operating system except through a Storage, so that a test can own the
// disk: lose what was not flushed, complete writes in any order, fail the n-th call.  OpenStorage
// gives the machine's own.
//
// Errors of every call name the operation, the path and, for reads and writes, offset and length.
// ENOENT is NotFound, EEXIST AlreadyExists, ENOSPC and EDQUOT ResourceExhausted, EACCES and EROFS
// PermissionDenied, EIO Internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/wal/disk.h"
#include "stet/wal/options.h"
#include "stet/wal/record.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// kCreate: the file must not exist yet; it is then open for reading and writing.
enum class OpenMode : uint8_t { kRead, kReadWrite, kCreate };

// An open file.  Read, Write and Flush may be called from any thread; they block.
//
// Where the file system allows direct I/O, a call whose offset, length and address are multiples of
// `alignment` goes past the page cache; any other goes through a buffer.  Segments are only ever
// written in the first way: a cached page makes every asynchronous write to its place a slow one.
class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  // Fills `out` from `offset` on and returns how many bytes it got: fewer only at the end of the
  // file.
  virtual absl::StatusOr<size_t> Read(uint64_t offset, std::span<std::byte> out) = 0;

  // Writes all of `data`, or fails; after an error any part of it may have been written.  Not
  // durable before a Flush.
  virtual absl::Status Write(uint64_t offset, Bytes data) = 0;

  // Makes durable what was written before the call, with the size of the file (fdatasync).  A
  // failed flush must not be repeated: the kernel may report a loss only once.
  virtual absl::Status Flush() = 0;

  // Reserves space for the first `bytes` bytes and makes the file at least that long.  Where the
  // file system cannot reserve, only the length is set.
  virtual absl::Status Allocate(uint64_t bytes) = 0;

  virtual absl::StatusOr<uint64_t> Size() = 0;

  // How many names the file has: more than one, and somebody else keeps it.
  virtual absl::StatusOr<uint64_t> Links() { return uint64_t{1}; }

  // Drops what the page cache holds of the file, and returns how many bytes that was, as far as the
  // kernel tells.  A reader that maps or reads the file through the cache leaves such pages.
  virtual absl::StatusOr<uint64_t> DropCached() { return uint64_t{0}; }

  // The path that it was opened with; a later rename does not change it.
  virtual const std::string& path() const = 0;

  // Power of two, at least 4096: block size of the file system under the file, the natural unit of
  // its writes.
  virtual uint32_t alignment() const = 0;
};

// One asynchronous operation.  `file`, of the same Storage as the queue, and `data` must stay alive
// until it completes. Offset, length and address of `data` are multiples of File::alignment.
//
//   kWrite             write `data` at `offset`
//   kWriteDurable      the same, and what was written is durable when it completes
//   kWriteLinkedFlush  the same by a write and, if that wrote all, a flush: one system call for both,
//                      no work on a thread of ours.  After a short write nothing is durable.
//   kFlush             make durable every write to the file that had completed before this was
//                      submitted
//
// Operations in flight are not ordered among each other.
struct Op {
  enum class Kind : uint8_t { kWrite, kWriteDurable, kWriteLinkedFlush, kFlush };
  Kind kind = Kind::kWrite;
  File* file = nullptr;
  uint64_t offset = 0;
  Bytes data = {};
  uint64_t token = 0;  // given back with the completion
};

// How an operation ended.  `result`: bytes written, 0 for a flush, or -errno.  Fewer bytes than
// asked is no error: whoever submitted it submits the rest and, if it has to be durable, a flush
// after that.
struct Completion {
  uint64_t token = 0;
  int64_t result = 0;
};

// A queue of asynchronous operations.  One thread, the one that made it, calls everything but Wake.
// Whoever destroys a queue has reaped all that it submitted, or does not care any more: the
// destructor waits for what is in flight.
class Queue {
 public:
  Queue() = default;
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  virtual ~Queue() = default;

  // Starts `ops`; each completes exactly once.  On an error none of them was started.  At most
  // `depth()` may be in flight.
  virtual absl::Status Submit(std::span<const Op> ops) = 0;

  // Puts completions into `out` and returns how many.  Waits at most `wait_max` for the first; zero
  // never blocks.  Returns 0 early if woken.
  virtual absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) = 0;

  // Makes a blocked Reap return, or the next one that would block.  From any thread.
  virtual void Wake() = 0;

  virtual size_t depth() const = 0;

  // Tells which memory the data of later operations will be in, so that it is pinned once rather
  // than with every write.  Best effort: where the limit of locked memory forbids it, nothing
  // changes.  Replaces what was told before, and that only while nothing is in flight.  The memory
  // must stay until it is replaced, or the queue goes.
  virtual void RegisterBuffers(std::span<const std::span<std::byte>> buffers);

  virtual QueueStats stats() const { return {}; }
};

// Holds a lock until it is destroyed.
class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  virtual ~Lock() = default;
};

// A machine's files.  Thread-safe; must outlive whatever it gave.
class Storage {
 public:
  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  virtual ~Storage() = default;

  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;

  // Names (not paths) of what `directory` holds, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& directory) = 0;

  // Replaces `to` if it exists.  Durable after SyncDirectory.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;

  // Gives the file `from` a second name, which must not exist.  Durable after SyncDirectory.
  // Errors: Unimplemented where it cannot be done (another file system, or none that has links).
  virtual absl::Status Link(const std::string& from, const std::string& to);

  // The parent must exist.  AlreadyExists if the path does.
  virtual absl::Status MakeDirectory(const std::string& path) = 0;

  // Makes the names in `directory` durable: files created, renamed or removed there.
  virtual absl::Status SyncDirectory(const std::string& directory) = 0;

  // Takes the lock file `path`, made if it is absent, and writes our process id into it.  Tries for
  // `wait_max`: the kernel may hold the lock of a killed process for some milliseconds. Errors:
  // FailedPrecondition if another process (or another opener in this one) holds it; the message
  // gives its pid.
  virtual absl::StatusOr<std::unique_ptr<Lock>> TakeLock(const std::string& path,
                                                         absl::Duration wait_max) = 0;

  // The pid of who holds the lock file `path`, if anyone does; 0 if the pid cannot be told.  Takes
  // nothing, so that it disturbs no one.
  virtual std::optional<int> LockHolder(const std::string& path);

  // A queue for the calling thread.
  virtual absl::StatusOr<std::unique_ptr<Queue>> NewQueue() = 0;

  // What is known of the file system and the device under `directory`.  Never fails: what cannot be
  // told is left empty.
  virtual FileSystemFacts Describe(const std::string& directory);

  // "io_uring", "posix", …
  virtual std::string name() const = 0;

  // Why it is not the storage that one would expect; empty if it is.
  virtual std::string note() const = 0;

  // Wall time, in ns since the Unix epoch, and time since an arbitrary start that never steps back.
  virtual int64_t WallNanos();
  virtual int64_t MonotonicNanos();

  // Random bits; the log takes identities and salts from here.
  virtual uint64_t Random();
};

// The machine's storage.  kAuto takes io_uring if the kernel allows it, else posix, and note() says
// why. Errors: Unavailable if kUring was asked for and cannot be had.
absl::StatusOr<std::unique_ptr<Storage>> OpenStorage(Backend backend);

}  // namespace stet::wal

#pragma GCC visibility pop
