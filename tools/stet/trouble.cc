// Holding of attempts that stet has not the means to run.
#include "tools/stet/trouble.h"

#include <string>

#include "tools/stet/failure.h"

namespace stet::cli {
namespace {

constexpr char kMakeRoom[] =
    "no task failed for it: make room (or raise the limit, or use fewer --workers) and run the "
    "same command, which goes on";
constexpr char kMend[] = "no task failed for it: mend that and run the same command, which goes on";

}  // namespace

absl::Status OwnFailure(const absl::Status& failure) {
  const bool full = absl::IsResourceExhausted(failure) || absl::IsUnavailable(failure);
  return WithExit(failure, ExitStatus::kInputOutput, full ? kMakeRoom : kMend);
}

bool IsOwnFailure(const absl::Status& failure) { return HasExit(failure); }

absl::StatusOr<Payload> Trouble::Hold(const absl::Status& failure, ActivityContext& context) {
  {
    const std::lock_guard lock(mutex_);
    if (first_.ok()) first_ = failure;
  }
  context.SleepFor(absl::InfiniteDuration());
  return absl::CancelledError("stet had not the means to run it");
}

absl::Status Trouble::Check() const {
  const std::lock_guard lock(mutex_);
  return first_;
}

}  // namespace stet::cli
