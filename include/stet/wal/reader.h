// Reads the accepted records of a log, in order.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>

#include <absl/status/status.h>

#include "stet/wal/record.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// A cursor over accepted records.  Everything is verified once more while it is read: batch
// digests, the hash chain, density of seq, the check of each record.  Not thread-safe; each thread
// its own.
//
//   for (const Record& record : reader) { ... }
//   RETURN_IF_ERROR(reader.status());
class Reader {
 public:
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  // Moves to the next record; false at the end and on an error.  What record() gave before is gone.
  bool Next();

  const Record& record() const;
  const BatchInfo& batch() const;  // the one that holds record()

  // OK at the end of the log.  Errors: DataLoss naming file, offset, expected and found.
  const absl::Status& status() const;

  // Input iteration, once.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Record;
    using difference_type = std::ptrdiff_t;
    using pointer = const Record*;
    using reference = const Record&;

    explicit Iterator(Reader* reader) : reader_(reader) {}
    const Record& operator*() const { return reader_->record(); }
    const Record* operator->() const { return &reader_->record(); }
    Iterator& operator++() {
      if (!reader_->Next()) reader_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(const Iterator&) const = default;

   private:
    Reader* reader_;
  };
  Iterator begin() { return Iterator(Next() ? this : nullptr); }
  Iterator end() { return Iterator(nullptr); }

  class Impl;
  explicit Reader(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace stet::wal

#pragma GCC visibility pop
