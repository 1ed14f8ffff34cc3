// What is asked of schedules, on the loop's thread.  What each returns may be told once it is released.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "engine/ledger.h"
#include "engine/stored_input.h"
#include "stet/engine.h"

namespace stet::engine {

// The definition is stored if need be.  Errors: those of core::CreateSchedule, kInvalidSchedule for a zone.
absl::StatusOr<uint64_t> CreateScheduleNow(Ledger& ledger, core::PreparedWorkflow& workflow,
                                           const Limits& limits, const ScheduleSpec& spec,
                                           const StoredInput& stored = {});
// Errors of the others: kUnknownSchedule and those of the command behind each.
absl::StatusOr<uint64_t> RemoveScheduleNow(Ledger& ledger, std::string_view name);
absl::StatusOr<uint64_t> PauseScheduleNow(Ledger& ledger, std::string_view name, bool pause);
absl::StatusOr<uint64_t> TriggerScheduleNow(Ledger& ledger, std::string_view name);
absl::StatusOr<uint64_t> BackfillScheduleNow(Ledger& ledger, std::string_view name, absl::Time from,
                                             absl::Time to);

// In the order in which they were created.  `wall`: from when on the next times are told; `executes`: whether
// this process fires them.
std::vector<ScheduleReport> SchedulesOf(const core::State& state, absl::Time wall, bool executes);

}  // namespace stet::engine
