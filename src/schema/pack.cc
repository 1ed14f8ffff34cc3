// Builds payloads with one reused builder: after the first few events nothing is allocated.
#include "schema/pack.h"

#include <vector>

namespace stet::schema {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::String;
using flatbuffers::Vector;

template <class T>
Bytes Finish(FlatBufferBuilder& builder, Offset<T> root) {
  builder.Finish(root);
  return std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
}

// Absent when empty.
Offset<Vector<uint8_t>> PackBytes(FlatBufferBuilder& builder, std::string_view bytes) {
  if (bytes.empty()) return 0;
  return builder.CreateVector(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

Offset<String> PackText(FlatBufferBuilder& builder, std::string_view text) {
  if (text.empty()) return 0;
  return builder.CreateString(text.data(), text.size());
}

Offset<String> PackContentType(FlatBufferBuilder& builder, std::string_view type) {
  if (type == kDefaultContentType) return 0;
  return builder.CreateString(type.data(), type.size());
}

template <class T>
Offset<Vector<T>> PackArray(FlatBufferBuilder& builder, std::span<const T> values) {
  if (values.empty()) return 0;
  return builder.CreateVector(values.data(), values.size());
}

Offset<Vector<Offset<String>>> PackTexts(FlatBufferBuilder& builder,
                                         std::span<const std::string> texts) {
  if (texts.empty()) return 0;
  std::vector<Offset<String>> packed;
  for (const std::string& text : texts) packed.push_back(builder.CreateString(text));
  return builder.CreateVector(packed);
}

}  // namespace

Bytes Packer::EngineOpened(const EngineOpenedFields& f) {
  builder_.Clear();
  return Finish(builder_, fb::CreateEngineOpened(builder_, f.time, f.wall_time, f.epoch));
}

Bytes Packer::DefinitionChunk(const DefinitionChunkFields& f) {
  builder_.Clear();
  const auto name = PackText(builder_, f.name);
  const auto name_end = PackArray(builder_, f.task_name_end);
  const auto config_end = PackArray(builder_, f.config_end);
  const auto text = PackText(builder_, f.text);
  const auto activity = PackArray(builder_, f.activity);
  const auto policy = PackArray(builder_, f.policy);
  const auto priority = PackArray(builder_, f.priority);
  std::vector<Offset<String>> names;
  for (const std::string& activity_name : f.activities) {
    names.push_back(builder_.CreateString(activity_name));
  }
  const auto activities = builder_.CreateVector(names);
  const auto policies = builder_.CreateVectorOfStructs(f.policies.data(), f.policies.size());
  const auto child = PackArray(builder_, f.child);
  const auto parent = PackArray(builder_, f.parent);
  std::vector<Offset<fb::TaskExtra>> tables;
  for (const fb::TaskExtraT& extra : f.extras) {
    tables.push_back(fb::CreateTaskExtra(builder_, &extra));
  }
  const Offset<Vector<Offset<fb::TaskExtra>>> extras =
      tables.empty() ? 0 : builder_.CreateVector(tables);
  return Finish(builder_, fb::CreateDefinitionChunk(builder_, f.hash_high, f.hash_low, f.time,
                                                    f.index, name, f.first_task, name_end,
                                                    config_end, text, activity, policy, priority,
                                                    activities, policies, child, parent, extras));
}

Bytes Packer::DefinitionSealed(const DefinitionSealedFields& f) {
  builder_.Clear();
  return Finish(builder_, fb::CreateDefinitionSealed(builder_, f.hash_high, f.hash_low, f.time,
                                                     f.task_count, f.chunk_count));
}

Bytes Packer::ExecutionStarted(const ExecutionStartedFields& f) {
  builder_.Clear();
  const auto key = builder_.CreateString(f.key.data(), f.key.size());
  const auto input = PackBytes(builder_, f.input);
  const auto content_type = PackContentType(builder_, f.content_type);
  const auto keys = PackTexts(builder_, f.keys);
  return Finish(builder_, fb::CreateExecutionStarted(builder_, f.hash_high, f.hash_low, f.time, key,
                                                     input, content_type, f.start_at, f.parent,
                                                     f.parent_task, f.parent_attempt, f.schedule,
                                                     f.occurrence, keys, f.parent_item));
}

Bytes Packer::CancelRequested(int64_t time, bool compensate) {
  builder_.Clear();
  return Finish(builder_, fb::CreateCancelRequested(builder_, time, compensate));
}

Bytes Packer::ExecutionFinishing(const ExecutionEndedFields& f) {
  builder_.Clear();
  return Finish(builder_, fb::CreateExecutionFinishing(builder_, f.time, f.cause, f.outcome));
}

Bytes Packer::BranchChosen(int64_t time, uint32_t task, Branch branch) {
  builder_.Clear();
  return Finish(builder_, fb::CreateBranchChosen(builder_, time, task, branch));
}

Bytes Packer::ExecutionEnded(const ExecutionEndedFields& f) {
  builder_.Clear();
  return Finish(builder_, fb::CreateExecutionEnded(builder_, f.time, f.cause, f.outcome));
}

Bytes Packer::TasksReady(const TaskSetFields& f) {
  builder_.Clear();
  const auto tasks = builder_.CreateVector(f.tasks.data(), f.tasks.size());
  return Finish(builder_, fb::CreateTasksReady(builder_, f.time, f.cause, tasks, f.more));
}

Bytes Packer::TasksSkipped(const TaskSetFields& f) {
  builder_.Clear();
  const auto tasks = builder_.CreateVector(f.tasks.data(), f.tasks.size());
  return Finish(builder_, fb::CreateTasksSkipped(builder_, f.time, f.cause, tasks, f.more, f.skip));
}

Bytes Packer::TasksCancelled(const TaskSetFields& f) {
  builder_.Clear();
  const auto tasks = builder_.CreateVector(f.tasks.data(), f.tasks.size());
  return Finish(builder_, fb::CreateTasksCancelled(builder_, f.time, f.cause, tasks, f.more));
}

Bytes Packer::TaskDeadLettered(const TaskDeadLetteredFields& f) {
  builder_.Clear();
  return Finish(builder_, fb::CreateTaskDeadLettered(builder_, f.time, f.cause, f.task));
}

Bytes Packer::AttemptStarted(const AttemptStartedFields& f) {
  builder_.Clear();
  const auto worker = PackText(builder_, f.worker);
  return Finish(builder_, fb::CreateAttemptStarted(builder_, f.time, f.deadline, f.task, f.attempt,
                                                   f.epoch, f.owner, worker, f.lease_until));
}

Bytes Packer::AttemptFinished(const AttemptFinishedFields& f) {
  builder_.Clear();
  const auto output = PackBytes(builder_, f.output);
  const auto content_type = PackContentType(builder_, f.content_type);
  const auto error = PackText(builder_, f.error);
  return Finish(builder_, fb::CreateAttemptFinished(builder_, f.time, f.attempt_seq, f.wake_at,
                                                    output, content_type, error, f.task, f.outcome,
                                                    f.next, f.failure, f.signal, f.timeout));
}

Bytes Packer::RetriesWoken(int64_t time, Indices tasks) {
  builder_.Clear();
  const auto vector = builder_.CreateVector(tasks.data(), tasks.size());
  return Finish(builder_, fb::CreateRetriesWoken(builder_, time, vector));
}

Bytes Packer::RunScheduled(int64_t time, uint32_t task, int64_t at) {
  builder_.Clear();
  return Finish(builder_, fb::CreateRunScheduled(builder_, time, at, task));
}

Bytes Packer::ExecutionBegun(int64_t time) {
  builder_.Clear();
  return Finish(builder_, fb::CreateExecutionBegun(builder_, time));
}

Bytes Packer::SignalReceived(const SignalReceivedFields& f) {
  builder_.Clear();
  const auto name = builder_.CreateString(f.name.data(), f.name.size());
  const auto id = PackText(builder_, f.id);
  const auto payload = PackBytes(builder_, f.payload);
  const auto content_type = PackContentType(builder_, f.content_type);
  return Finish(builder_,
                fb::CreateSignalReceived(builder_, f.time, name, id, payload, content_type));
}

Bytes Packer::CheckpointRecorded(const CheckpointRecordedFields& f) {
  builder_.Clear();
  const auto checkpoint = PackBytes(builder_, f.checkpoint);
  const auto content_type = PackContentType(builder_, f.content_type);
  return Finish(builder_, fb::CreateCheckpointRecorded(builder_, f.time, f.attempt_seq, checkpoint,
                                                       content_type, f.task));
}

Bytes Packer::MapExpanded(const MapExpandedFields& f) {
  builder_.Clear();
  return Finish(builder_, fb::CreateMapExpanded(builder_, f.time, f.attempt_seq, f.task, f.items));
}

Bytes Packer::StateSaved(const StateSavedFields& f) {
  builder_.Clear();
  const auto state = PackBytes(builder_, f.state);
  const auto content_type = PackContentType(builder_, f.content_type);
  return Finish(builder_,
                fb::CreateStateSaved(builder_, f.time, f.attempt_seq, state, content_type, f.task));
}

Bytes Packer::MetadataSet(const MetadataSetFields& f) {
  builder_.Clear();
  const auto key = builder_.CreateString(f.key.data(), f.key.size());
  const auto value = PackText(builder_, f.value);
  return Finish(builder_,
                fb::CreateMetadataSet(builder_, f.time, f.attempt_seq, key, value, f.task));
}

Bytes Packer::BreakerMoved(const BreakerMovedFields& f) {
  builder_.Clear();
  const auto name = builder_.CreateString(f.name.data(), f.name.size());
  const auto probes = PackArray(builder_, f.probes);
  return Finish(builder_, fb::CreateBreakerMoved(builder_, f.time, f.cause, name, f.state,
                                                 f.failures, f.successes, f.until, probes));
}

Bytes Packer::RunTimedOut(const RunTimedOutFields& f) {
  builder_.Clear();
  const auto error = PackText(builder_, f.error);
  return Finish(builder_, fb::CreateRunTimedOut(builder_, f.time, f.task, f.timeout, error));
}

Bytes Packer::LeasesRenewed(const LeasesRenewedFields& f) {
  builder_.Clear();
  const auto worker = builder_.CreateString(f.worker.data(), f.worker.size());
  const auto executions = builder_.CreateVector(f.executions.data(), f.executions.size());
  const auto tasks = builder_.CreateVector(f.tasks.data(), f.tasks.size());
  const auto attempts = builder_.CreateVector(f.attempts.data(), f.attempts.size());
  return Finish(builder_, fb::CreateLeasesRenewed(builder_, f.time, f.until, worker, executions,
                                                  tasks, attempts));
}

Bytes Packer::StepRecorded(const StepRecordedFields& f) {
  builder_.Clear();
  const auto name = builder_.CreateString(f.name.data(), f.name.size());
  const auto result = PackBytes(builder_, f.result);
  const auto content_type = PackContentType(builder_, f.content_type);
  return Finish(builder_, fb::CreateStepRecorded(builder_, f.time, f.attempt_seq, name, result,
                                                 content_type, f.task, f.occurrence));
}

Bytes Packer::EnginePaused(int64_t time) {
  builder_.Clear();
  return Finish(builder_, fb::CreateEnginePaused(builder_, time));
}

Bytes Packer::EngineResumed(int64_t time) {
  builder_.Clear();
  return Finish(builder_, fb::CreateEngineResumed(builder_, time));
}

Bytes Packer::ActivityPaused(int64_t time, std::string_view activity) {
  builder_.Clear();
  const auto name = builder_.CreateString(activity.data(), activity.size());
  return Finish(builder_, fb::CreateActivityPaused(builder_, time, name));
}

Bytes Packer::ActivityResumed(int64_t time, std::string_view activity) {
  builder_.Clear();
  const auto name = builder_.CreateString(activity.data(), activity.size());
  return Finish(builder_, fb::CreateActivityResumed(builder_, time, name));
}

Bytes Packer::ExecutionPaused(int64_t time) {
  builder_.Clear();
  return Finish(builder_, fb::CreateExecutionPaused(builder_, time));
}

Bytes Packer::ExecutionResumed(int64_t time) {
  builder_.Clear();
  return Finish(builder_, fb::CreateExecutionResumed(builder_, time));
}

Bytes Packer::PrioritySet(int64_t time, int32_t priority) {
  builder_.Clear();
  return Finish(builder_, fb::CreatePrioritySet(builder_, time, priority));
}

Bytes Packer::ExecutionsPurged(const ExecutionsPurgedFields& f) {
  builder_.Clear();
  const auto executions = builder_.CreateVector(f.executions.data(), f.executions.size());
  return Finish(builder_,
                fb::CreateExecutionsPurged(builder_, f.time, f.forget_at, executions, f.cause));
}

Bytes Packer::TasksReopened(int64_t time, Indices tasks, uint32_t generation) {
  builder_.Clear();
  const auto vector = builder_.CreateVector(tasks.data(), tasks.size());
  return Finish(builder_, fb::CreateTasksReopened(builder_, time, vector, generation));
}

Bytes Packer::DeadLetterDropped(int64_t time, uint32_t task) {
  builder_.Clear();
  return Finish(builder_, fb::CreateDeadLetterDropped(builder_, time, task));
}

Bytes Packer::ScheduleCreated(const ScheduleCreatedFields& f) {
  builder_.Clear();
  const auto name = builder_.CreateString(f.name.data(), f.name.size());
  const auto input = PackBytes(builder_, f.input);
  const auto content_type = PackContentType(builder_, f.content_type);
  const auto cron = PackText(builder_, f.cron);
  const auto zone = PackText(builder_, f.zone);
  return Finish(builder_,
                fb::CreateScheduleCreated(builder_, f.time, f.hash_high, f.hash_low, name, input,
                                          content_type, cron, zone, f.every, f.anchor, f.next_at,
                                          f.catch_up_max, f.misfire, f.overlap, f.paused));
}

Bytes Packer::ScheduleRemoved(int64_t time, uint64_t schedule) {
  builder_.Clear();
  return Finish(builder_, fb::CreateScheduleRemoved(builder_, time, schedule));
}

Bytes Packer::SchedulePaused(int64_t time, uint64_t schedule) {
  builder_.Clear();
  return Finish(builder_, fb::CreateSchedulePaused(builder_, time, schedule));
}

Bytes Packer::ScheduleResumed(int64_t time, uint64_t schedule, int64_t next_at) {
  builder_.Clear();
  return Finish(builder_, fb::CreateScheduleResumed(builder_, time, schedule, next_at));
}

Bytes Packer::SchedulePlanned(const SchedulePlannedFields& f) {
  builder_.Clear();
  const auto times = PackArray(builder_, f.times);
  return Finish(builder_, fb::CreateSchedulePlanned(builder_, f.time, f.wall_time, f.schedule,
                                                    times, f.next_at, f.missed, f.cause));
}

Bytes Packer::ScheduleSkipped(const ScheduleSkippedFields& f) {
  builder_.Clear();
  return Finish(builder_, fb::CreateScheduleSkipped(builder_, f.time, f.schedule, f.at, f.position,
                                                    f.reason));
}

}  // namespace stet::schema
