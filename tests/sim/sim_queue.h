// The queue of a SimStorage: what is in flight completes in the order that the storage says.
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "tests/sim/sim_file.h"

namespace stet::wal {

class SimQueue final : public Queue {
 public:
  explicit SimQueue(SimStorage* storage) : storage_(*storage) {}

  absl::Status Submit(std::span<const Op> ops) override;
  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) override;
  void Wake() override {}
  size_t depth() const override { return 64; }

 private:
  struct Pending {
    Op op;
    uint64_t write = 0;
    uint64_t covers = 0;  // a flush: what had completed by then
    int64_t due_ns = 0;
  };

  static SimContent& Content(const Op& op) { return static_cast<SimFile*>(op.file)->content(); }
  void CheckUse(const Op& op);
  std::optional<size_t> Choose(bool may_wait, int64_t until_ns);
  int64_t Execute(const Pending& pending);
  int64_t ExecuteFlush(const Pending& pending);
  uint64_t LengthDone(const Op& op);
  bool Misplace(const Pending& pending);

  SimStorage& storage_;
  std::deque<Pending> pending_;
};

}  // namespace stet::wal
