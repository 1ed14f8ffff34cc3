// Load, replay, write, read back, remove what is too old.
#include "engine/snapshot_job.h"

#include <pthread.h>
#include <sys/resource.h>

#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "engine/replay.h"
#include "engine/worker_pool.h"

namespace stet::engine {
namespace {

// Behind whatever else wants a processor: nobody waits for it.
constexpr int kNice = 10;
// So many are a few microseconds.
constexpr uint64_t kEventsTogether = 16;

}  // namespace

SnapshotJob::~SnapshotJob() {
  Stop();
  Join();
}

absl::Status SnapshotJob::Start(std::function<void()> done) {
  try {
    thread_ = std::thread([this, done = std::move(done)] {
      pthread_setname_np(pthread_self(), "stet-snapshot");
      setpriority(PRIO_PROCESS, 0, kNice);  // On Linux, of this thread alone.
      RunHere();
      done();
    });
  } catch (const std::system_error& error) {
    return NoThread("a snapshot", error);
  }
  return absl::OkStatus();
}

const SnapshotJob::Result& SnapshotJob::RunHere() {
  const absl::Duration begin = parts_.clock->Monotonic();
  result_.snapshot = Run();
  result_.time = parts_.clock->Monotonic() - begin;
  result_.rested = pace_.rested();
  return result_;
}

const SnapshotJob::Result& SnapshotJob::Join() {
  if (thread_.joinable()) thread_.join();
  return result_;
}

absl::StatusOr<SnapshotInfo> SnapshotJob::Run() {
  Books books;
  if (parts_.base) {
    absl::StatusOr<Books> read = parts_.store->Read(*parts_.base, pace_);
    result_.base_failed = !read.ok() && !absl::IsCancelled(read.status());
    RETURN_IF_ERROR(read.status());
    books = *std::move(read);
  }
  ASSIGN_OR_RETURN(const wal::Anchor anchor, Replay(books));
  ASSIGN_OR_RETURN(SnapshotInfo made, parts_.store->Write(books, anchor, pace_));
  if (parts_.base) result_.pruned = parts_.store->Prune(made, *parts_.base);
  return made;
}

// Returns the place of the last event, whose batch says which digest the state must have.
absl::StatusOr<wal::Anchor> SnapshotJob::Replay(Books& books) {
  const absl::Duration begin = parts_.clock->Monotonic();
  const absl::Duration rested = pace_.rested();
  wal::Reader& reader = parts_.reader;
  wal::Anchor anchor = parts_.base ? parts_.base->anchor : wal::Anchor();
  while (reader.Next()) {
    RETURN_IF_ERROR(ReplayNext(books, reader));
    ++result_.replayed.events;
    result_.replayed.bytes += RecordBytes(reader.record().payload.size());
    if (EndsBatch(reader)) anchor = AnchorBehind(reader.batch());
    if (result_.replayed.events % kEventsTogether == 0) RETURN_IF_ERROR(pace_.Go());
  }
  RETURN_IF_ERROR(reader.status());
  result_.replay_time = parts_.clock->Monotonic() - begin - (pace_.rested() - rested);
  if (anchor.seq == 0 || anchor.seq != books.state.seq()) {
    return absl::FailedPreconditionError(
        fmt::format("snapshot: the log ends at event {} of a batch, and the last whole one at {}",
                    books.state.seq(), anchor.seq));
  }
  return anchor;
}

}  // namespace stet::engine
