// What operators ask for, on the loop's thread.  What each returns may be told once it is released.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "engine/ledger.h"
#include "stet/engine.h"

namespace stet::engine {

struct SignalRequest {
  std::string name = {};
  Payload payload = {};
  std::string id = {};
};

// Executions are named as for Resolve.  Errors: those of it and of the command behind each.
absl::StatusOr<uint64_t> PauseNow(Ledger& ledger, std::string_view execution, bool pause);
absl::StatusOr<uint64_t> PauseActivityNow(Ledger& ledger, std::string_view activity, bool pause);
absl::StatusOr<uint64_t> PauseEngineNow(Ledger& ledger, bool pause);
absl::StatusOr<uint64_t> SetPriorityNow(Ledger& ledger, std::string_view execution,
                                        int32_t priority);
// All tasks that failed.  Errors: also kTooManyExecutions.
absl::StatusOr<uint64_t> RetryNow(Ledger& ledger, const Limits& limits, std::string_view execution);
absl::StatusOr<uint64_t> PurgeNow(Ledger& ledger, std::string_view execution,
                                  absl::Duration key_retention);

// The seq of the signal, or of the one with the same id that came before.
absl::StatusOr<uint64_t> SignalNow(Ledger& ledger, const Limits& limits, std::string_view execution,
                                   const SignalRequest& request);

// Errors of the dead letters': also kUnknownTask, kUnknownDeadLetter.
absl::StatusOr<DeadLetter> DeadLetterNow(const Ledger& ledger, std::string_view execution,
                                         std::string_view task);
absl::StatusOr<uint64_t> RequeueNow(Ledger& ledger, const Limits& limits,
                                    std::string_view execution, std::string_view task);
absl::StatusOr<uint64_t> DropNow(Ledger& ledger, std::string_view execution, std::string_view task);

}  // namespace stet::engine
