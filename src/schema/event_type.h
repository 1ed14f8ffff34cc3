// The kinds of events and the small enumerations they use, with their names.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "schema/event.fbs.h"

namespace stet::schema {

using fb::AttemptOutcome;
using fb::AttemptOwner;
using fb::Branch;
using fb::BreakerState;
using fb::EventType;
using fb::ExecutionOutcome;
using fb::FailureKind;
using fb::PlanCause;
using fb::PurgeCause;
using fb::RunNext;
using fb::SkipCause;
using fb::SkipReason;
using fb::TimeoutKind;

// Of the record header: version of the payload's schema.
inline constexpr uint32_t kSchemaId = 1;
// The newest level of event types that this library writes and reads (wal::Options::event_level).
// 2 brought what operators do: pauses, priorities, purges, reopened tasks, dropped dead letters.
// 3 brought tasks that wait: delays, signals, children, schedules.
// 4 brought what attempts record while they run.
// 5 brought branches, cleanup and compensation, attempts of workers elsewhere, under a lease, tasks that run
// several times or keep a state, maps.
inline constexpr uint16_t kEventLevel = 5;

// Every event type, ascending.
std::span<const EventType> AllEventTypes();
bool IsEventType(uint16_t type);

// Wire names: snake_case ("attempt_started"); "unknown" for a value without a name.
std::string_view ToString(EventType type);
std::string_view ToString(AttemptOutcome outcome);
std::string_view ToString(AttemptOwner owner);
std::string_view ToString(RunNext next);
std::string_view ToString(FailureKind kind);
std::string_view ToString(TimeoutKind kind);
std::string_view ToString(BreakerState state);
std::string_view ToString(ExecutionOutcome outcome);
std::string_view ToString(PurgeCause cause);
std::string_view ToString(PlanCause cause);
std::string_view ToString(SkipReason reason);
std::string_view ToString(SkipCause cause);
std::string_view ToString(Branch branch);

}  // namespace stet::schema
