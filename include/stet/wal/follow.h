// Follows a log that another process writes: its records, as they become durable.
//
//   absl::StatusOr<stet::wal::Follower> follower = stet::wal::Follower::Open({.directory = dir});
//   while (follower.ok()) {
//     absl::StatusOr<stet::wal::News> news = follower->Next();
//     if (!news.ok()) return news.status();
//     if (*news == stet::wal::News::kBatch) Use(follower->span().records);
//     if (*news == stet::wal::News::kNothing) Sleep();
//   }
#pragma once

#include <cstdint>
#include <memory>

#include <absl/status/statusor.h>

#include "stet/wal/inspect.h"
#include "stet/wal/options.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// What Next met.
enum class News : uint8_t {
  kNothing,  // nothing new is durable; ask again later
  kBatch,    // span() is the next batch
  kDamage,   // span() is durable and does not verify; the batches behind it come next
  kRetired,  // the segment was retired while it was read, and reading starts again at the oldest one;
             // lost() says how many seqs in between are gone
};

// Never gives anything that a later durable batch, a watermark slot or the next segment's header does
// not name durable: what is given is given for good, whatever happens to the writer.  (So the last
// batch of a killed writer shows when the log is opened again.)  Takes no lock and writes nothing.
// Not thread-safe.
class Follower {
 public:
  // Starts with the first batch that holds `from_seq` or a later one.
  // Errors: NotFound, PermissionDenied: the directory cannot be read; NotFound for one without a log.
  static absl::StatusOr<Follower> Open(const Options& options, uint64_t from_seq = 1);
  Follower(Follower&&) noexcept;
  Follower& operator=(Follower&&) noexcept;
  ~Follower();

  // Never blocks for news.  Errors: the directory cannot be read any more.
  absl::StatusOr<News> Next();

  const Span& span() const;      // of kBatch and kDamage, until the next call
  uint64_t next_seq() const;     // of the record that is expected next
  uint64_t lost() const;         // of the last kRetired
  uint64_t durable_lsn() const;  // the highest end that was seen to be durable

  class Impl;
  explicit Follower(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace stet::wal

#pragma GCC visibility pop
