// The journal of a directory: its write-ahead log.
#include <utility>

#include "engine/closed.h"
#include "engine/journal.h"

namespace stet::engine {
namespace {

class LogJournal final : public Journal {
 public:
  explicit LogJournal(std::unique_ptr<wal::Writer> writer) : writer_(std::move(writer)) {}

  absl::Status Admit(std::span<const wal::NewRecord> group) override {
    if (closed_) return EngineClosed();
    return writer_->Admit(group);
  }

  absl::Status Append(std::span<const wal::NewRecord> group, uint64_t digest) override {
    return writer_->Append(group, digest).status();
  }

  absl::Status Poll(absl::Duration wait_max) override { return writer_->Poll(wait_max); }
  void Wake() override { writer_->Wake(); }
  uint64_t released() const override { return writer_->released(); }
  uint64_t next_seq() const override { return writer_->next_seq(); }
  uint32_t epoch() const override { return writer_->epoch(); }
  absl::Status Close() override {
    closed_ = true;
    return writer_->Close();
  }

 private:
  std::unique_ptr<wal::Writer> writer_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<Journal> NewLogJournal(std::unique_ptr<wal::Writer> writer) {
  return std::make_unique<LogJournal>(std::move(writer));
}

}  // namespace stet::engine
