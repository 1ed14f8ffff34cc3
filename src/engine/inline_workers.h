// Runs activities on the thread that polls, one after the other.
#pragma once

#include <deque>

#include "engine/workers.h"

namespace stet::engine {

class InlineWorkers final : public Workers {
 public:
  // `at_once`: how many may be started, and wait for their turn.
  InlineWorkers(uint32_t at_once, std::shared_ptr<Inbox> inbox)
      : at_once_(at_once), inbox_(std::move(inbox)) {}

  absl::Status Start(std::function<void(std::string_view)> /*note*/) override {
    return absl::OkStatus();
  }
  uint32_t threads_max() const override { return at_once_; }
  void Dispatch(std::vector<std::unique_ptr<Attempt>>& attempts) override;
  std::vector<std::unique_ptr<Attempt>> Withdraw() override;
  uint32_t Shutdown(absl::Duration /*grace*/) override { return 0; }
  void KeepAlive(std::shared_ptr<const void> /*what*/) override {}
  bool RunNext() override;
  bool HasNext() const override { return !queue_.empty(); }

 private:
  const uint32_t at_once_;
  const std::shared_ptr<Inbox> inbox_;
  std::deque<std::unique_ptr<Attempt>> queue_;
};

}  // namespace stet::engine
