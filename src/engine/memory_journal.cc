// The journal of an engine without a directory.
#include "engine/closed.h"
#include "engine/doorbell.h"
#include "engine/journal.h"

namespace stet::engine {
namespace {

class MemoryJournal final : public Journal {
 public:
  absl::Status Admit(std::span<const wal::NewRecord>) override {
    return closed_ ? EngineClosed() : absl::OkStatus();
  }

  absl::Status Append(std::span<const wal::NewRecord> group, uint64_t) override {
    next_seq_ += group.size();
    return absl::OkStatus();
  }

  absl::Status Poll(absl::Duration wait_max) override {
    if (wait_max > absl::ZeroDuration()) bell_.Wait(wait_max);
    return absl::OkStatus();
  }

  void Wake() override { bell_.Ring(); }
  uint64_t released() const override { return next_seq_ - 1; }
  uint64_t next_seq() const override { return next_seq_; }
  uint32_t epoch() const override { return 1; }
  absl::Status Close() override {
    closed_ = true;
    return absl::OkStatus();
  }

 private:
  uint64_t next_seq_ = 1;
  bool closed_ = false;
  Doorbell bell_;
};

}  // namespace

std::unique_ptr<Journal> NewMemoryJournal() { return std::make_unique<MemoryJournal>(); }

}  // namespace stet::engine
