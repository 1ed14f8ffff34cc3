// The gate before completions.
#include "tests/engine/gated_storage.h"

#include <errno.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include <doctest/doctest.h>

namespace stet::testing {
namespace {

class GatedQueue final : public wal::Queue {
 public:
  GatedQueue(Gate* gate, std::unique_ptr<wal::Queue> inner)
      : gate_(gate), inner_(std::move(inner)) {}

  absl::Status Submit(std::span<const wal::Op> ops) override { return inner_->Submit(ops); }

  absl::StatusOr<size_t> Reap(std::span<wal::Completion> out, absl::Duration wait_max) override {
    if (!gate_->Pass(wait_max)) return 0;
    absl::StatusOr<size_t> count = inner_->Reap(out, wait_max);
    if (count.ok() && gate_->failing()) {
      for (wal::Completion& completion : out.first(*count)) completion.result = -EIO;
    }
    return count;
  }

  void Wake() override {
    gate_->Wake();
    inner_->Wake();
  }

  size_t depth() const override { return inner_->depth(); }

 private:
  Gate* gate_;
  std::unique_ptr<wal::Queue> inner_;
};

}  // namespace

bool Gate::failing() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return fail_;
}

bool Gate::Pass(absl::Duration wait_max) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (shut_ && !woken_ && wait_max > absl::ZeroDuration()) {
    const absl::Duration wait = std::min(wait_max, absl::Seconds(10));
    changed_.wait_for(lock, absl::ToChronoNanoseconds(wait), [&] { return !shut_ || woken_; });
  }
  woken_ = false;
  return !shut_;
}

void Gate::Wake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void Gate::Set(bool shut, bool fails) {
  const std::lock_guard<std::mutex> lock(mutex_);
  shut_ = shut;
  fail_ = fail_ || fails;
  woken_ = true;
  changed_.notify_all();
}

GatedStorage::GatedStorage(Gate* gate) : gate_(gate) {
  auto inner = wal::OpenStorage(wal::Backend::kPosix);
  REQUIRE(inner.ok());
  inner_ = *std::move(inner);
}

absl::StatusOr<std::unique_ptr<wal::Queue>> GatedStorage::NewQueue() {
  auto queue = inner_->NewQueue();
  if (!queue.ok()) return queue.status();
  return std::make_unique<GatedQueue>(gate_, *std::move(queue));
}

}  // namespace stet::testing
