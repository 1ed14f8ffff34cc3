// Verification of payloads: structure by FlatBuffers' verifier, then meaning.
#include "schema/parse.h"

#include <cstdint>

#include <fmt/format.h>

#include "schema/event_list.h"

namespace stet::schema {
namespace {

absl::Status Bad(std::string_view table, std::string_view what) {
  return absl::DataLossError(fmt::format("{}: {}", table, what));
}

template <class E>
bool InRange(E value, E last) {
  return static_cast<unsigned>(value) <= static_cast<unsigned>(last);
}

template <class T>
absl::Status CheckTasks(std::string_view name, const T& event) {
  if (event.tasks()->size() == 0) return Bad(name, "tasks is empty");
  return absl::OkStatus();
}

// What the verifier cannot know.  One function per table.
absl::Status Meaning(const fb::EngineOpened& event) {
  if (event.epoch() == 0) return Bad("engine_opened", "epoch is 0");
  return absl::OkStatus();
}

// FlatBuffers 2 verifies where the length of a vector stands, not where its elements do.
template <typename Element, typename Vector>
bool IsAligned(const Vector& vector) {
  return vector.size() == 0 || reinterpret_cast<uintptr_t>(vector.Data()) % alignof(Element) == 0;
}

absl::Status CheckExtra(const fb::TaskExtra& extra) {
  constexpr std::string_view kName = "task_extra";
  if (!InRange(extra.kind(), fb::TaskKind::MAX)) return Bad(kName, "kind is out of range");
  if (!InRange(extra.op(), fb::CompareOp::MAX)) return Bad(kName, "op is out of range");
  if (!InRange(extra.repeat(), fb::RepeatKind::MAX)) return Bad(kName, "repeat is out of range");
  if (!InRange(extra.trigger(), fb::Trigger::MAX)) return Bad(kName, "trigger is out of range");
  if (!InRange(extra.on_upstream_failure(), fb::UpstreamFailure::MAX)) {
    return Bad(kName, "on_upstream_failure is out of range");
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::DefinitionChunk& event) {
  constexpr std::string_view kName = "definition_chunk";
  if (event.index() == 0 && event.name() == nullptr) return Bad(kName, "no name");
  const auto* policies = event.policies();
  if (policies != nullptr && !IsAligned<fb::TaskPolicy>(*policies)) {
    return Bad(kName, "policies is not aligned");
  }
  if (event.extras() == nullptr) return absl::OkStatus();
  for (const fb::TaskExtra* extra : *event.extras()) {
    if (absl::Status status = CheckExtra(*extra); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::DefinitionSealed& event) {
  if (event.task_count() == 0) return Bad("definition_sealed", "task_count is 0");
  return absl::OkStatus();
}

absl::Status Meaning(const fb::ExecutionStarted& event) {
  constexpr std::string_view kName = "execution_started";
  if (event.key()->size() == 0) return Bad(kName, "key is empty");
  if ((event.parent() != 0) != (event.parent_attempt() != 0)) {
    return Bad(kName, "parent and parent_attempt contradict each other");
  }
  if (event.parent_item() != 0 && event.parent() == 0)
    return Bad(kName, "an item without a parent");
  return absl::OkStatus();
}

absl::Status Meaning(const fb::CancelRequested&) { return absl::OkStatus(); }

absl::Status Meaning(const fb::ExecutionEnded& event) {
  if (!InRange(event.outcome(), ExecutionOutcome::MAX)) {
    return Bad("execution_ended", "outcome is out of range");
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::TasksReady& event) { return CheckTasks("tasks_ready", event); }
absl::Status Meaning(const fb::TasksSkipped& event) {
  constexpr std::string_view kName = "tasks_skipped";
  if (!InRange(event.skip(), SkipCause::Branch)) return Bad(kName, "skip is out of range");
  if (event.more() && event.skip() == SkipCause::Branch) return Bad(kName, "more of a branch");
  return CheckTasks(kName, event);
}
absl::Status Meaning(const fb::TasksCancelled& event) {
  return CheckTasks("tasks_cancelled", event);
}
absl::Status Meaning(const fb::TaskDeadLettered&) { return absl::OkStatus(); }

absl::Status Meaning(const fb::AttemptStarted& event) {
  if (event.attempt() == 0) return Bad("attempt_started", "attempt is 0");
  if (event.epoch() == 0) return Bad("attempt_started", "epoch is 0");
  if (!InRange(event.owner(), AttemptOwner::MAX)) {
    return Bad("attempt_started", "owner is out of range");
  }
  const bool leased = event.worker() != nullptr;
  if (leased && event.worker()->size() == 0) return Bad("attempt_started", "worker is empty");
  if (leased && event.owner() == AttemptOwner::Engine) {
    return Bad("attempt_started", "owner and worker contradict each other");
  }
  if (leased ? event.lease_until() <= event.time() : event.lease_until() != 0) {
    return Bad("attempt_started", "worker and lease_until contradict each other");
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::LeasesRenewed& event) {
  constexpr std::string_view kName = "leases_renewed";
  if (event.worker()->size() == 0) return Bad(kName, "worker is empty");
  if (event.until() <= event.time()) return Bad(kName, "until is not ahead");
  if (event.tasks()->size() == 0) return Bad(kName, "tasks is empty");
  if (event.executions()->size() != event.tasks()->size() ||
      event.attempts()->size() != event.tasks()->size()) {
    return Bad(kName, "vectors of different length");
  }
  if (!IsAligned<uint64_t>(*event.executions()) || !IsAligned<uint64_t>(*event.attempts())) {
    return Bad(kName, "a vector is not aligned");
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::AttemptFinished& event) {
  constexpr std::string_view kName = "attempt_finished";
  if (!InRange(event.outcome(), AttemptOutcome::MAX)) return Bad(kName, "outcome is out of range");
  if (!InRange(event.next(), RunNext::MAX)) return Bad(kName, "next is out of range");
  if (!InRange(event.failure(), FailureKind::MAX)) return Bad(kName, "failure is out of range");
  if (!InRange(event.timeout(), TimeoutKind::MAX)) return Bad(kName, "timeout is out of range");
  if (event.timeout() != TimeoutKind::StartToClose && event.outcome() != AttemptOutcome::Timeout) {
    return Bad(kName, "outcome and timeout contradict each other");
  }
  const bool success = event.outcome() == AttemptOutcome::Success;
  const bool again = event.next() == RunNext::Again;
  if (success != (event.next() == RunNext::Completed || again)) {
    return Bad(kName, "outcome and next contradict each other");
  }
  if (success && event.error() != nullptr) return Bad(kName, "a success with an error");
  if (!success && event.output() != nullptr) return Bad(kName, "an output without success");
  if (event.signal() != 0 && (!success || event.output() != nullptr)) {
    return Bad(kName, "a signal beside another output, or without success");
  }
  if ((event.failure() != FailureKind::None) != (event.next() == RunNext::Failed)) {
    return Bad(kName, "failure and next contradict each other");
  }
  if ((event.wake_at() != 0) != (event.next() == RunNext::RetryWait || again)) {
    return Bad(kName, "wake_at and next contradict each other");
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::EnginePaused&) { return absl::OkStatus(); }
absl::Status Meaning(const fb::EngineResumed&) { return absl::OkStatus(); }

absl::Status Meaning(const fb::ActivityPaused& event) {
  if (event.activity()->size() == 0) return Bad("activity_paused", "activity is empty");
  return absl::OkStatus();
}
absl::Status Meaning(const fb::ActivityResumed& event) {
  if (event.activity()->size() == 0) return Bad("activity_resumed", "activity is empty");
  return absl::OkStatus();
}

absl::Status Meaning(const fb::ExecutionPaused&) { return absl::OkStatus(); }
absl::Status Meaning(const fb::ExecutionResumed&) { return absl::OkStatus(); }
absl::Status Meaning(const fb::PrioritySet&) { return absl::OkStatus(); }

absl::Status Meaning(const fb::ExecutionsPurged& event) {
  constexpr std::string_view kName = "executions_purged";
  if (event.executions()->size() == 0) return Bad(kName, "executions is empty");
  if (!IsAligned<uint64_t>(*event.executions())) return Bad(kName, "executions is not aligned");
  if (!InRange(event.cause(), PurgeCause::MAX)) return Bad(kName, "cause is out of range");
  return absl::OkStatus();
}

absl::Status Meaning(const fb::TasksReopened& event) {
  if (event.generation() < 2) return Bad("tasks_reopened", "generation is below 2");
  return CheckTasks("tasks_reopened", event);
}

absl::Status Meaning(const fb::DeadLetterDropped&) { return absl::OkStatus(); }

absl::Status Meaning(const fb::ExecutionFinishing& event) {
  if (!InRange(event.outcome(), ExecutionOutcome::MAX)) {
    return Bad("execution_finishing", "outcome is out of range");
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::BranchChosen& event) {
  if (event.branch() == Branch::None || !InRange(event.branch(), Branch::MAX)) {
    return Bad("branch_chosen", "branch is out of range");
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::ScheduleCreated& event) {
  constexpr std::string_view kName = "schedule_created";
  if (event.misfire() > 2) return Bad(kName, "misfire is out of range");
  if (event.overlap() > 3) return Bad(kName, "overlap is out of range");
  if (event.catch_up_max() == 0) return Bad(kName, "catch_up_max is 0");
  return absl::OkStatus();
}
absl::Status Meaning(const fb::ScheduleRemoved&) { return absl::OkStatus(); }
absl::Status Meaning(const fb::SchedulePaused&) { return absl::OkStatus(); }
absl::Status Meaning(const fb::ScheduleResumed&) { return absl::OkStatus(); }

absl::Status Meaning(const fb::SchedulePlanned& event) {
  constexpr std::string_view kName = "schedule_planned";
  if (!InRange(event.cause(), PlanCause::MAX)) return Bad(kName, "cause is out of range");
  if (event.times() != nullptr && !IsAligned<int64_t>(*event.times())) {
    return Bad(kName, "times is not aligned");
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::ScheduleSkipped& event) {
  if (InRange(event.reason(), SkipReason::MAX)) return absl::OkStatus();
  return Bad("schedule_skipped", "reason is out of range");
}

absl::Status Meaning(const fb::RunScheduled& event) {
  if (event.at() <= 0) return Bad("run_scheduled", "at is not positive");
  return absl::OkStatus();
}

absl::Status Meaning(const fb::ExecutionBegun&) { return absl::OkStatus(); }

absl::Status Meaning(const fb::SignalReceived& event) {
  if (event.name()->size() == 0) return Bad("signal_received", "name is empty");
  return absl::OkStatus();
}

absl::Status Meaning(const fb::RetriesWoken& event) { return CheckTasks("retries_woken", event); }

absl::Status Meaning(const fb::CheckpointRecorded&) { return absl::OkStatus(); }
absl::Status Meaning(const fb::MapExpanded&) { return absl::OkStatus(); }
absl::Status Meaning(const fb::StateSaved&) { return absl::OkStatus(); }

absl::Status Meaning(const fb::MetadataSet& event) {
  if (event.key()->size() == 0) return Bad("metadata_set", "key is empty");
  return absl::OkStatus();
}

absl::Status Meaning(const fb::BreakerMoved& event) {
  constexpr std::string_view kName = "breaker_moved";
  if (event.name()->size() == 0) return Bad(kName, "name is empty");
  if (!InRange(event.state(), BreakerState::MAX)) return Bad(kName, "state is out of range");
  const auto* probes = event.probes();
  if (probes != nullptr && !IsAligned<uint64_t>(*probes))
    return Bad(kName, "probes is not aligned");
  const bool closed = event.state() == BreakerState::Closed;
  const bool open = event.state() == BreakerState::Open;
  const bool half_open = event.state() == BreakerState::HalfOpen;
  if ((event.failures() != 0 && !closed) || (event.until() != 0) != open ||
      ((event.successes() != 0 || probes != nullptr) && !half_open)) {
    return Bad(kName, "state and numbers contradict each other");
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::RunTimedOut& event) {
  if (!InRange(event.timeout(), TimeoutKind::MAX)) {
    return Bad("run_timed_out", "timeout is out of range");
  }
  return absl::OkStatus();
}

absl::Status Meaning(const fb::StepRecorded& event) {
  if (event.name()->size() == 0) return Bad("step_recorded", "name is empty");
  if (event.occurrence() == 0) return Bad("step_recorded", "occurrence is 0");
  return absl::OkStatus();
}

}  // namespace

template <class T>
absl::StatusOr<const T*> Parse(Bytes payload) {
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(payload.data()), payload.size());
  if (!verifier.VerifyBuffer<T>(nullptr)) {
    return absl::DataLossError(
        fmt::format("payload of {} bytes is not the table of its type", payload.size()));
  }
  const T* table = flatbuffers::GetRoot<T>(payload.data());
  if (absl::Status status = Meaning(*table); !status.ok()) return status;
  return table;
}

absl::Status Check(uint16_t type, Bytes payload) {
  switch (static_cast<EventType>(type)) {
    case EventType::None:
      break;
#define STET_CASE(name) \
  case EventType::name: \
    return Parse<fb::name>(payload).status();
      STET_EVENT_TYPES(STET_CASE)
#undef STET_CASE
  }
  return absl::UnimplementedError(fmt::format("event type {} is unknown", type));
}

#define STET_PARSE(name) template absl::StatusOr<const fb::name*> Parse(Bytes);
STET_EVENT_TYPES(STET_PARSE)
#undef STET_PARSE

}  // namespace stet::schema
