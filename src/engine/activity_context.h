// The context that an activity sees: a view of its attempt.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/attempt.h"
#include "stet/activity.h"

namespace stet::engine {

class AttemptContext final : public ActivityContext {
 public:
  explicit AttemptContext(Attempt* attempt) : attempt_(*attempt) {}

  std::string_view execution_key() const override { return attempt_.execution_key; }
  uint64_t execution_id() const override { return attempt_.run.execution; }
  std::string_view task() const override { return attempt_.task_name; }
  std::string_view config() const override { return attempt_.config; }
  uint32_t attempt() const override { return attempt_.number; }
  uint64_t run() const override { return attempt_.run_id; }
  uint32_t occurrence() const override { return attempt_.nth_run; }

  const Payload& input() const override;
  std::optional<Payload> signal() const override;
  absl::StatusOr<Payload> output(std::string_view task) const override;
  std::vector<std::string_view> upstream() const override;
  std::string idempotency_key() const override;

  bool cancelled() const override { return attempt_.stopped() != StopReason::kNone; }
  bool SleepFor(absl::Duration duration) override { return attempt_.SleepFor(duration); }
  absl::Time Deadline() const override { return attempt_.deadline; }

  absl::StatusOr<Payload> Step(std::string_view name, const StepFunction& step) override;
  absl::Status Checkpoint(const Payload& checkpoint) override;
  std::optional<Payload> checkpoint() const override;
  absl::Status SetState(Payload state) override;
  std::optional<Payload> state() const override;
  absl::Status Heartbeat() override;
  absl::Status SetMetadata(std::string_view key, std::string_view value) override;

  // What the task has besides its activity; null for most.
  const core::TaskExtra* extra() const { return attempt_.extra; }

 private:
  absl::StatusOr<Payload> DoStep(std::string_view name, uint32_t occurrence,
                                 const StepFunction& step);
  absl::Status CheckGoesOn() const;
  // `encoded` holds what a codec made of it.  Errors: those of the codec, kTooLarge.
  absl::StatusOr<core::PayloadView> ToStore(std::string_view what, const Payload& plain,
                                            std::optional<Payload>& encoded) const;
  absl::Status Record(const core::Command& command);

  Attempt& attempt_;
  // Behind the output that was asked for last: most ask in order, and of a fan-in for thousands.
  mutable std::atomic<size_t> next_output_ = 0;
};

}  // namespace stet::engine
