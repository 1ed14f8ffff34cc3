// Runs activities where the host wants them to run.
#pragma once

#include "engine/bindings.h"
#include "engine/workers.h"
#include "stet/engine.h"

namespace stet::engine {

class HostWorkers final : public Workers {
 public:
  // `activities` are kept as long as the host keeps a closure.
  HostWorkers(uint32_t at_once, Executor executor, std::shared_ptr<Inbox> inbox,
              std::shared_ptr<const Activities> activities);

  absl::Status Start(std::function<void(std::string_view)> /*note*/) override {
    return absl::OkStatus();
  }
  uint32_t threads_max() const override { return at_once_; }
  void Dispatch(std::vector<std::unique_ptr<Attempt>>& attempts) override;
  // Nobody knows what the host has begun: what was told to stop before does not begin.
  std::vector<std::unique_ptr<Attempt>> Withdraw() override { return {}; }
  uint32_t Shutdown(absl::Duration /*grace*/) override;
  void KeepAlive(std::shared_ptr<const void> what) override;

  struct Shared;

 private:
  const uint32_t at_once_;
  const Executor executor_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace stet::engine
