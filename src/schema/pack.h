// Builds the payloads of events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <flatbuffers/flatbuffers.h>

#include "schema/event_type.h"
#include "schema/workflow.fbs.h"

namespace stet::schema {

using Bytes = std::span<const std::byte>;
using Indices = std::span<const uint32_t>;

inline constexpr std::string_view kDefaultContentType = "application/json";

struct EngineOpenedFields {
  int64_t time = 0;
  int64_t wall_time = 0;
  uint32_t epoch = 0;
};

struct DefinitionSealedFields {
  uint64_t hash_high = 0;
  uint64_t hash_low = 0;
  int64_t time = 0;
  uint32_t task_count = 0;
  uint32_t chunk_count = 0;
};

struct ExecutionStartedFields {
  uint64_t hash_high = 0;
  uint64_t hash_low = 0;
  int64_t time = 0;
  std::string_view key = {};
  std::string_view input = {};
  std::string_view content_type = kDefaultContentType;
  int64_t start_at = 0;
  uint64_t parent = 0;
  uint32_t parent_task = 0;
  uint64_t parent_attempt = 0;
  uint64_t schedule = 0;
  int64_t occurrence = 0;
  std::span<const std::string> keys = {};
  uint32_t parent_item = 0;
};

struct MapExpandedFields {
  int64_t time = 0;
  uint64_t attempt_seq = 0;
  uint32_t task = 0;
  uint32_t items = 0;
};

// ExecutionFinishing, ExecutionEnded.
struct ExecutionEndedFields {
  int64_t time = 0;
  uint64_t cause = 0;
  ExecutionOutcome outcome = ExecutionOutcome::Completed;
};

// TasksReady, TasksSkipped, TasksCancelled.
struct TaskSetFields {
  int64_t time = 0;
  uint64_t cause = 0;
  Indices tasks = {};
  bool more = false;
  SkipCause skip = SkipCause::Upstream;  // TasksSkipped
};

struct TaskDeadLetteredFields {
  int64_t time = 0;
  uint64_t cause = 0;
  uint32_t task = 0;
};

struct AttemptStartedFields {
  int64_t time = 0;
  int64_t deadline = 0;
  uint32_t task = 0;
  uint32_t attempt = 0;
  uint32_t epoch = 0;
  AttemptOwner owner = AttemptOwner::Worker;
  std::string_view worker = {};  // empty: none
  int64_t lease_until = 0;
};

struct AttemptFinishedFields {
  int64_t time = 0;
  uint64_t attempt_seq = 0;
  int64_t wake_at = 0;
  std::string_view output = {};
  std::string_view content_type = kDefaultContentType;
  std::string_view error = {};
  uint32_t task = 0;
  AttemptOutcome outcome = AttemptOutcome::Success;
  RunNext next = RunNext::Completed;
  FailureKind failure = FailureKind::None;
  uint64_t signal = 0;
  TimeoutKind timeout = TimeoutKind::StartToClose;
};

struct LeasesRenewedFields {
  int64_t time = 0;
  int64_t until = 0;
  std::string_view worker = {};
  std::span<const uint64_t> executions = {};
  std::span<const uint32_t> tasks = {};
  std::span<const uint64_t> attempts = {};
};

struct BreakerMovedFields {
  int64_t time = 0;
  uint64_t cause = 0;
  std::string_view name = {};
  BreakerState state = BreakerState::Closed;
  uint32_t failures = 0;
  uint32_t successes = 0;
  int64_t until = 0;
  std::span<const uint64_t> probes = {};
};

struct RunTimedOutFields {
  int64_t time = 0;
  uint32_t task = 0;
  TimeoutKind timeout = TimeoutKind::ScheduleToStart;
  std::string_view error = {};
};

struct ScheduleCreatedFields {
  int64_t time = 0;
  uint64_t hash_high = 0;
  uint64_t hash_low = 0;
  std::string_view name = {};
  std::string_view input = {};
  std::string_view content_type = kDefaultContentType;
  std::string_view cron = {};
  std::string_view zone = {};
  int64_t every = 0;
  int64_t anchor = 0;
  int64_t next_at = 0;
  uint32_t catch_up_max = 0;
  uint8_t misfire = 0;
  uint8_t overlap = 0;
  bool paused = false;
};

struct SchedulePlannedFields {
  int64_t time = 0;
  int64_t wall_time = 0;
  uint64_t schedule = 0;
  std::span<const int64_t> times = {};
  int64_t next_at = 0;
  uint32_t missed = 0;
  PlanCause cause = PlanCause::Calendar;
};

struct ScheduleSkippedFields {
  int64_t time = 0;
  uint64_t schedule = 0;
  int64_t at = 0;
  uint32_t position = 0;
  SkipReason reason = SkipReason::Overlap;
};

struct SignalReceivedFields {
  int64_t time = 0;
  std::string_view name = {};
  std::string_view id = {};
  std::string_view payload = {};
  std::string_view content_type = kDefaultContentType;
};

struct CheckpointRecordedFields {
  int64_t time = 0;
  uint64_t attempt_seq = 0;
  std::string_view checkpoint = {};
  std::string_view content_type = kDefaultContentType;
  uint32_t task = 0;
};

struct StateSavedFields {
  int64_t time = 0;
  uint64_t attempt_seq = 0;
  std::string_view state = {};
  std::string_view content_type = kDefaultContentType;
  uint32_t task = 0;
};

struct MetadataSetFields {
  int64_t time = 0;
  uint64_t attempt_seq = 0;
  std::string_view key = {};
  std::string_view value = {};
  uint32_t task = 0;
};

struct StepRecordedFields {
  int64_t time = 0;
  uint64_t attempt_seq = 0;
  std::string_view name = {};
  std::string_view result = {};
  std::string_view content_type = kDefaultContentType;
  uint32_t task = 0;
  uint32_t occurrence = 1;
};

struct ExecutionsPurgedFields {
  int64_t time = 0;
  int64_t forget_at = 0;
  std::span<const uint64_t> executions = {};
  PurgeCause cause = PurgeCause::Operator;
};

struct DefinitionChunkFields {
  uint64_t hash_high = 0;
  uint64_t hash_low = 0;
  int64_t time = 0;
  uint32_t index = 0;
  std::string_view name = {};
  uint32_t first_task = 0;
  Indices task_name_end = {};
  Indices config_end = {};
  std::string_view text = {};
  Indices activity = {};
  Indices policy = {};
  std::span<const int32_t> priority = {};
  std::span<const std::string> activities = {};
  std::span<const fb::TaskPolicy> policies = {};
  Indices child = {};
  Indices parent = {};
  std::span<const fb::TaskExtraT> extras = {};
};

// Reuses one builder: what a method returns is valid until the next call.  Not thread-safe.
class Packer {
 public:
  Bytes EngineOpened(const EngineOpenedFields& fields);
  Bytes EnginePaused(int64_t time);
  Bytes EngineResumed(int64_t time);
  Bytes ActivityPaused(int64_t time, std::string_view activity);
  Bytes ActivityResumed(int64_t time, std::string_view activity);
  Bytes DefinitionChunk(const DefinitionChunkFields& fields);
  Bytes DefinitionSealed(const DefinitionSealedFields& fields);
  Bytes ExecutionStarted(const ExecutionStartedFields& fields);
  Bytes CancelRequested(int64_t time, bool compensate = false);
  Bytes ExecutionFinishing(const ExecutionEndedFields& fields);
  Bytes ExecutionEnded(const ExecutionEndedFields& fields);
  Bytes ExecutionPaused(int64_t time);
  Bytes ExecutionResumed(int64_t time);
  Bytes PrioritySet(int64_t time, int32_t priority);
  Bytes ExecutionsPurged(const ExecutionsPurgedFields& fields);
  Bytes TasksReady(const TaskSetFields& fields);
  Bytes TasksSkipped(const TaskSetFields& fields);
  Bytes TasksCancelled(const TaskSetFields& fields);
  Bytes TaskDeadLettered(const TaskDeadLetteredFields& fields);
  Bytes TasksReopened(int64_t time, Indices tasks, uint32_t generation);
  Bytes DeadLetterDropped(int64_t time, uint32_t task);
  Bytes BranchChosen(int64_t time, uint32_t task, Branch branch);
  Bytes AttemptStarted(const AttemptStartedFields& fields);
  Bytes AttemptFinished(const AttemptFinishedFields& fields);
  Bytes RetriesWoken(int64_t time, Indices tasks);
  Bytes ExecutionBegun(int64_t time);
  Bytes SignalReceived(const SignalReceivedFields& fields);
  Bytes ScheduleCreated(const ScheduleCreatedFields& fields);
  Bytes ScheduleRemoved(int64_t time, uint64_t schedule);
  Bytes SchedulePaused(int64_t time, uint64_t schedule);
  Bytes ScheduleResumed(int64_t time, uint64_t schedule, int64_t next_at);
  Bytes SchedulePlanned(const SchedulePlannedFields& fields);
  Bytes ScheduleSkipped(const ScheduleSkippedFields& fields);
  Bytes CheckpointRecorded(const CheckpointRecordedFields& fields);
  Bytes MapExpanded(const MapExpandedFields& fields);
  Bytes StateSaved(const StateSavedFields& fields);
  Bytes MetadataSet(const MetadataSetFields& fields);
  Bytes StepRecorded(const StepRecordedFields& fields);
  Bytes BreakerMoved(const BreakerMovedFields& fields);
  Bytes RunScheduled(int64_t time, uint32_t task, int64_t at);
  Bytes RunTimedOut(const RunTimedOutFields& fields);
  Bytes LeasesRenewed(const LeasesRenewedFields& fields);

 private:
  flatbuffers::FlatBufferBuilder builder_;
};

}  // namespace stet::schema
