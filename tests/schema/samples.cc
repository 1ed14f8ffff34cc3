// Events of every type.
#include "tests/schema/samples.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace stet::schema {

Buffer SampleChunk(Packer& pack) {
  const std::vector<uint32_t> name_end = {1, 4};
  const std::vector<uint32_t> config_end = {1, 6};
  const std::vector<uint32_t> zeros = {0, 0};
  const std::vector<int32_t> priorities = {0, -3};
  const std::vector<std::string> activities = {"run"};
  const std::vector<fb::TaskPolicy> policies(1);
  const std::vector<uint32_t> child = {1};
  const std::vector<uint32_t> parent = {0};
  std::vector<fb::TaskExtraT> extras(1);
  extras[0].task = 1;
  extras[0].kind = fb::TaskKind::SubWorkflow;
  extras[0].workflow = "other";
  extras[0].then_tasks = {"a", "b"};
  extras[0].key_held_in_retry = true;
  extras[0].duration = 5;
  return Copy(pack.DefinitionChunk({.hash_high = 1,
                                    .hash_low = 2,
                                    .time = 5,
                                    .index = 0,
                                    .name = "w",
                                    .task_name_end = name_end,
                                    .config_end = config_end,
                                    .text = "ab\"c{}",
                                    .activity = zeros,
                                    .policy = zeros,
                                    .priority = priorities,
                                    .activities = activities,
                                    .policies = policies,
                                    .child = child,
                                    .parent = parent,
                                    .extras = extras}));
}

namespace {

// Signals and schedules.
void AddWaits(Packer& pack, std::vector<Sample>& samples) {
  const auto add = [&samples](EventType type, Bytes payload) {
    samples.push_back({.type = type, .payload = Copy(payload)});
  };
  const std::vector<int64_t> times = {7, 9};
  add(EventType::SignalReceived,
      pack.SignalReceived({.time = 5, .name = "go", .id = "once", .payload = "1"}));
  add(EventType::ScheduleCreated, pack.ScheduleCreated({.time = 5,
                                                        .hash_high = 1,
                                                        .hash_low = 2,
                                                        .name = "nightly",
                                                        .input = "{}",
                                                        .cron = "0 3 * * *",
                                                        .zone = "UTC",
                                                        .next_at = 9,
                                                        .catch_up_max = 3,
                                                        .misfire = 2,
                                                        .overlap = 1}));
  add(EventType::ScheduleRemoved, pack.ScheduleRemoved(5, 3));
  add(EventType::SchedulePaused, pack.SchedulePaused(5, 3));
  add(EventType::ScheduleResumed, pack.ScheduleResumed(5, 3, 9));
  add(EventType::SchedulePlanned,
      pack.SchedulePlanned(
          {.time = 5, .wall_time = 9, .schedule = 3, .times = times, .next_at = 11, .missed = 2}));
  add(EventType::ScheduleSkipped, pack.ScheduleSkipped({.time = 5, .schedule = 3, .at = 7}));
}

// What attempts record while they run, and what becomes of breakers.
void AddRecords(Packer& pack, std::vector<Sample>& samples) {
  const auto add = [&samples](EventType type, Bytes payload) {
    samples.push_back({.type = type, .payload = Copy(payload)});
  };
  add(EventType::CheckpointRecorded,
      pack.CheckpointRecorded({.time = 5, .attempt_seq = 11, .checkpoint = "7", .task = 3}));
  add(EventType::MapExpanded,
      pack.MapExpanded({.time = 5, .attempt_seq = 11, .task = 3, .items = 7}));
  add(EventType::StateSaved,
      pack.StateSaved({.time = 5, .attempt_seq = 11, .state = "{}", .task = 3}));
  add(EventType::MetadataSet,
      pack.MetadataSet({.time = 5, .attempt_seq = 11, .key = "host", .value = "a", .task = 3}));
  add(EventType::RunTimedOut,
      pack.RunTimedOut(
          {.time = 5, .task = 3, .timeout = TimeoutKind::ScheduleToStart, .error = "late"}));
  add(EventType::RunScheduled, pack.RunScheduled(5, 3, 9));
  add(EventType::StepRecorded, pack.StepRecorded({.time = 5,
                                                  .attempt_seq = 11,
                                                  .name = "charge",
                                                  .result = "{}",
                                                  .task = 3,
                                                  .occurrence = 2}));
  const std::vector<uint64_t> probes = {16, 18};
  const std::vector<uint32_t> tasks = {3, 4};
  add(EventType::LeasesRenewed, pack.LeasesRenewed({.time = 5,
                                                    .until = 9,
                                                    .worker = "w",
                                                    .executions = probes,
                                                    .tasks = tasks,
                                                    .attempts = probes}));
  add(EventType::BreakerMoved, pack.BreakerMoved({.time = 5,
                                                  .cause = 9,
                                                  .name = "mail",
                                                  .state = BreakerState::HalfOpen,
                                                  .successes = 1,
                                                  .probes = probes}));
}

}  // namespace

std::vector<Sample> Samples() {
  Packer pack;
  const std::vector<uint32_t> tasks = {3, 1, 4};
  const TaskSetFields set = {.time = 5, .cause = 9, .tasks = tasks, .more = true};
  std::vector<Sample> samples;
  const auto add = [&samples](EventType type, Bytes payload) {
    samples.push_back({.type = type, .payload = Copy(payload)});
  };
  add(EventType::EngineOpened, pack.EngineOpened({.time = 5, .wall_time = 6, .epoch = 7}));
  add(EventType::EnginePaused, pack.EnginePaused(5));
  add(EventType::EngineResumed, pack.EngineResumed(5));
  add(EventType::ActivityPaused, pack.ActivityPaused(5, "mail"));
  add(EventType::ActivityResumed, pack.ActivityResumed(5, "mail"));
  add(EventType::DefinitionChunk, SampleChunk(pack));
  add(EventType::DefinitionSealed,
      pack.DefinitionSealed(
          {.hash_high = 1, .hash_low = 2, .time = 5, .task_count = 2, .chunk_count = 1}));
  add(EventType::ExecutionStarted,
      pack.ExecutionStarted({.hash_high = 1, .hash_low = 2, .time = 5, .key = "k", .input = "{}"}));
  add(EventType::CancelRequested, pack.CancelRequested(5));
  add(EventType::ExecutionEnded,
      pack.ExecutionEnded({.time = 5, .cause = 9, .outcome = ExecutionOutcome::Failed}));
  add(EventType::ExecutionPaused, pack.ExecutionPaused(5));
  add(EventType::ExecutionResumed, pack.ExecutionResumed(5));
  add(EventType::PrioritySet, pack.PrioritySet(5, -2));
  const std::vector<uint64_t> executions = {16, 18};
  add(EventType::ExecutionsPurged,
      pack.ExecutionsPurged(
          {.time = 5, .forget_at = 8, .executions = executions, .cause = PurgeCause::Age}));
  add(EventType::ExecutionBegun, pack.ExecutionBegun(5));
  add(EventType::ExecutionFinishing,
      pack.ExecutionFinishing({.time = 5, .cause = 9, .outcome = ExecutionOutcome::Failed}));
  add(EventType::TasksReady, pack.TasksReady(set));
  add(EventType::TasksSkipped, pack.TasksSkipped(set));
  add(EventType::TasksCancelled, pack.TasksCancelled(set));
  add(EventType::TaskDeadLettered, pack.TaskDeadLettered({.time = 5, .cause = 9, .task = 3}));
  add(EventType::TasksReopened, pack.TasksReopened(5, tasks, 2));
  add(EventType::DeadLetterDropped, pack.DeadLetterDropped(5, 3));
  add(EventType::BranchChosen, pack.BranchChosen(5, 3, Branch::Otherwise));
  add(EventType::AttemptStarted,
      pack.AttemptStarted({.time = 5, .deadline = 8, .task = 3, .attempt = 1, .epoch = 2}));
  add(EventType::AttemptFinished, pack.AttemptFinished({.time = 5,
                                                        .attempt_seq = 11,
                                                        .wake_at = 77,
                                                        .error = "no",
                                                        .task = 3,
                                                        .outcome = AttemptOutcome::Failure,
                                                        .next = RunNext::RetryWait}));
  add(EventType::RetriesWoken, pack.RetriesWoken(5, tasks));
  AddWaits(pack, samples);
  AddRecords(pack, samples);
  std::sort(samples.begin(), samples.end(),
            [](const Sample& a, const Sample& b) { return a.type < b.type; });
  return samples;
}

}  // namespace stet::schema
