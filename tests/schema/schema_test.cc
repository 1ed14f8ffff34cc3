// Events into bytes and back: nothing in bytes from disk is believed.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "schema/describe.h"
#include "schema/pack.h"
#include "schema/parse.h"

namespace stet::schema {
namespace {

using Buffer = std::vector<std::byte>;

Buffer Copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

struct Sample {
  EventType type = EventType::None;
  Buffer payload = {};
};

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

// One of each type.
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
  add(EventType::TasksReady, pack.TasksReady(set));
  add(EventType::TasksSkipped, pack.TasksSkipped(set));
  add(EventType::TasksCancelled, pack.TasksCancelled(set));
  add(EventType::TaskDeadLettered, pack.TaskDeadLettered({.time = 5, .cause = 9, .task = 3}));
  add(EventType::TasksReopened, pack.TasksReopened(5, tasks, 2));
  add(EventType::DeadLetterDropped, pack.DeadLetterDropped(5, 3));
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
  add(EventType::CheckpointRecorded,
      pack.CheckpointRecorded({.time = 5, .attempt_seq = 11, .checkpoint = "7", .task = 3}));
  add(EventType::MetadataSet,
      pack.MetadataSet({.time = 5, .attempt_seq = 11, .key = "host", .value = "a", .task = 3}));
  add(EventType::RunTimedOut,
      pack.RunTimedOut(
          {.time = 5, .task = 3, .timeout = TimeoutKind::ScheduleToStart, .error = "late"}));
  add(EventType::StepRecorded, pack.StepRecorded({.time = 5,
                                                  .attempt_seq = 11,
                                                  .name = "charge",
                                                  .result = "{}",
                                                  .task = 3,
                                                  .occurrence = 2}));
  const std::vector<uint64_t> probes = {16, 18};
  add(EventType::BreakerMoved, pack.BreakerMoved({.time = 5,
                                                  .cause = 9,
                                                  .name = "mail",
                                                  .state = BreakerState::HalfOpen,
                                                  .successes = 1,
                                                  .probes = probes}));
  return samples;
}

std::string Described(EventType type, const Buffer& payload, DescribeOptions options = {}) {
  const auto text = Describe(static_cast<uint16_t>(type), payload, options);
  REQUIRE_MESSAGE(text.ok(), text.status().ToString());
  return *text;
}

std::string CheckOf(const AttemptFinishedFields& fields) {
  Packer pack;
  return std::string(
      Check(static_cast<uint16_t>(EventType::AttemptFinished), pack.AttemptFinished(fields))
          .message());
}

TEST_SUITE_BEGIN("schema");

TEST_CASE("there is a sample, a name and a check for every type") {
  const std::vector<Sample> samples = Samples();
  REQUIRE_EQ(samples.size(), AllEventTypes().size());
  for (size_t i = 0; i < samples.size(); ++i) {
    CHECK_EQ(samples[i].type, AllEventTypes()[i]);
    CHECK_NE(ToString(samples[i].type), "unknown");
    CHECK(IsEventType(static_cast<uint16_t>(samples[i].type)));
    CHECK(Check(static_cast<uint16_t>(samples[i].type), samples[i].payload).ok());
  }
  CHECK_FALSE(IsEventType(0));
  CHECK_FALSE(IsEventType(999));
  CHECK_EQ(Check(999, {}).code(), absl::StatusCode::kUnimplemented);
  CHECK_EQ(Describe(999, {}).status().code(), absl::StatusCode::kUnimplemented);
}

TEST_CASE("an event cut at any byte is refused or harmless") {
  for (const Sample& sample : Samples()) {
    for (size_t size = 0; size < sample.payload.size(); ++size) {
      const Buffer cut(sample.payload.begin(),
                       sample.payload.begin() + static_cast<std::ptrdiff_t>(size));
      const absl::Status status = Check(static_cast<uint16_t>(sample.type), cut);
      if (!status.ok()) CHECK_EQ(status.code(), absl::StatusCode::kDataLoss);
      (void)Describe(static_cast<uint16_t>(sample.type), cut);
    }
    CHECK_FALSE(Check(static_cast<uint16_t>(sample.type), {}).ok());
  }
}

TEST_CASE("an event with any byte changed is refused or described, never worse") {
  for (const Sample& sample : Samples()) {
    for (size_t at = 0; at < sample.payload.size(); ++at) {
      for (const unsigned value : {0x00u, 0x01u, 0x7Fu, 0x80u, 0xFFu}) {
        Buffer changed = sample.payload;
        changed[at] = static_cast<std::byte>(value);
        for (const EventType type : AllEventTypes()) {
          (void)Describe(static_cast<uint16_t>(type), changed);
        }
      }
    }
  }
}

TEST_CASE("meaning is checked, not structure alone") {
  Packer pack;
  const auto check = [](EventType type, Bytes payload) {
    return std::string(Check(static_cast<uint16_t>(type), payload).message());
  };
  CHECK_EQ(check(EventType::EngineOpened, pack.EngineOpened({})), "engine_opened: epoch is 0");
  CHECK_EQ(check(EventType::DefinitionChunk, pack.DefinitionChunk({})),
           "definition_chunk: no name");
  CHECK_EQ(check(EventType::DefinitionSealed, pack.DefinitionSealed({})),
           "definition_sealed: task_count is 0");
  CHECK_EQ(check(EventType::ExecutionStarted, pack.ExecutionStarted({})),
           "execution_started: key is empty");
  CHECK_EQ(check(EventType::ActivityPaused, pack.ActivityPaused(5, "")),
           "activity_paused: activity is empty");
  CHECK_EQ(check(EventType::ActivityResumed, pack.ActivityResumed(5, "")),
           "activity_resumed: activity is empty");
  CHECK_EQ(check(EventType::ExecutionsPurged, pack.ExecutionsPurged({})),
           "executions_purged: executions is empty");
  const uint64_t one = 1;
  CHECK_EQ(check(EventType::ExecutionsPurged,
                 pack.ExecutionsPurged(
                     {.executions = std::span(&one, 1), .cause = static_cast<PurgeCause>(9)})),
           "executions_purged: cause is out of range");
  CHECK_EQ(check(EventType::TasksReopened, pack.TasksReopened(5, {}, 2)),
           "tasks_reopened: tasks is empty");
  CHECK_EQ(check(EventType::TasksReopened, pack.TasksReopened(5, {}, 1)),
           "tasks_reopened: generation is below 2");
  CHECK_EQ(check(EventType::TasksReady, pack.TasksReady({})), "tasks_ready: tasks is empty");
  CHECK_EQ(check(EventType::TasksSkipped, pack.TasksSkipped({})), "tasks_skipped: tasks is empty");
  CHECK_EQ(check(EventType::TasksCancelled, pack.TasksCancelled({})),
           "tasks_cancelled: tasks is empty");
  CHECK_EQ(check(EventType::RetriesWoken, pack.RetriesWoken(0, {})),
           "retries_woken: tasks is empty");
  CHECK_EQ(check(EventType::MetadataSet, pack.MetadataSet({})), "metadata_set: key is empty");
  CHECK_EQ(
      check(EventType::RunTimedOut, pack.RunTimedOut({.timeout = static_cast<TimeoutKind>(9)})),
      "run_timed_out: timeout is out of range");
  CHECK_EQ(check(EventType::BreakerMoved, pack.BreakerMoved({})), "breaker_moved: name is empty");
  CHECK_EQ(check(EventType::BreakerMoved,
                 pack.BreakerMoved({.name = "b", .state = static_cast<BreakerState>(9)})),
           "breaker_moved: state is out of range");
  CHECK_EQ(check(EventType::BreakerMoved, pack.BreakerMoved({.name = "b", .until = 7})),
           "breaker_moved: state and numbers contradict each other");
  CHECK_EQ(check(EventType::StepRecorded, pack.StepRecorded({})), "step_recorded: name is empty");
  CHECK_EQ(check(EventType::StepRecorded, pack.StepRecorded({.name = "a", .occurrence = 0})),
           "step_recorded: occurrence is 0");
  CHECK_EQ(check(EventType::AttemptStarted, pack.AttemptStarted({.epoch = 1})),
           "attempt_started: attempt is 0");
  CHECK_EQ(check(EventType::AttemptStarted, pack.AttemptStarted({.attempt = 1})),
           "attempt_started: epoch is 0");
  CHECK_EQ(check(EventType::ExecutionEnded,
                 pack.ExecutionEnded({.outcome = static_cast<ExecutionOutcome>(9)})),
           "execution_ended: outcome is out of range");
}

TEST_CASE("a vector of structs that is not aligned is refused") {
  Packer pack;
  Buffer bytes = SampleChunk(pack);
  const auto* chunk = flatbuffers::GetRoot<flatbuffers::Table>(bytes.data());
  // Point the field 4 bytes further, and let what stands there read as a length of 1.
  const auto place = static_cast<size_t>(chunk->GetAddressOf(fb::DefinitionChunk::VT_POLICIES) -
                                         reinterpret_cast<const uint8_t*>(bytes.data()));
  bytes[place] = std::byte{static_cast<uint8_t>(std::to_integer<int>(bytes[place]) + 4)};
  const size_t length = place + std::to_integer<size_t>(bytes[place]);
  REQUIRE_EQ(bytes[length], std::byte{0});
  bytes[length] = std::byte{1};
  CHECK_EQ(std::string(Check(static_cast<uint16_t>(EventType::DefinitionChunk), bytes).message()),
           "definition_chunk: policies is not aligned");
}

TEST_CASE("an attempt's end must agree with itself") {
  const auto failure = AttemptOutcome::Failure;
  CHECK_EQ(CheckOf({}), "");
  CHECK_EQ(CheckOf({.outcome = static_cast<AttemptOutcome>(9)}),
           "attempt_finished: outcome is out of range");
  CHECK_EQ(CheckOf({.next = static_cast<RunNext>(9)}), "attempt_finished: next is out of range");
  CHECK_EQ(CheckOf({.failure = static_cast<FailureKind>(9)}),
           "attempt_finished: failure is out of range");
  CHECK_EQ(CheckOf({.outcome = failure}),
           "attempt_finished: outcome and next contradict each other");
  CHECK_EQ(CheckOf({.error = "x"}), "attempt_finished: a success with an error");
  CHECK_EQ(CheckOf({.output = "x", .outcome = failure, .next = RunNext::Canceled}),
           "attempt_finished: an output without success");
  CHECK_EQ(CheckOf({.outcome = failure, .next = RunNext::Failed}),
           "attempt_finished: failure and next contradict each other");
  CHECK_EQ(CheckOf({.outcome = failure, .next = RunNext::RetryWait}),
           "attempt_finished: wake_at and next contradict each other");
  CHECK_EQ(CheckOf({.timeout = static_cast<TimeoutKind>(9)}),
           "attempt_finished: timeout is out of range");
  CHECK_EQ(CheckOf({.timeout = TimeoutKind::Heartbeat}),
           "attempt_finished: outcome and timeout contradict each other");
  CHECK_EQ(CheckOf({.wake_at = 1}), "attempt_finished: wake_at and next contradict each other");
}

TEST_CASE("packing the same twice gives the same bytes") {
  const std::vector<Sample> one = Samples();
  const std::vector<Sample> two = Samples();
  for (size_t i = 0; i < one.size(); ++i) CHECK(one[i].payload == two[i].payload);
}

TEST_CASE("hot events are small") {
  Packer pack;
  const std::vector<uint32_t> tasks = {3};
  size_t bytes = pack.TasksReady({.time = 1, .cause = 1, .tasks = tasks}).size();
  bytes += pack.AttemptStarted({.time = 1, .task = 3, .attempt = 1, .epoch = 1}).size();
  bytes += pack.AttemptFinished({.time = 1, .attempt_seq = 1, .task = 3}).size();
  CHECK_LE(bytes, 200);
}

TEST_CASE("descriptions have stable field names") {
  const std::vector<Sample> s = Samples();
  constexpr std::string_view kTime = R"("time":"1970-01-01T00:00:00.000000005Z")";
  const auto text = [&s, kTime](EventType type) {
    const auto sample =
        std::find_if(s.begin(), s.end(), [type](const Sample& one) { return one.type == type; });
    std::string described = Described(type, sample->payload);
    CHECK(described.starts_with("{" + std::string(kTime)));
    described.replace(1, kTime.size(), "T");
    return described;
  };
  CHECK_EQ(text(EventType::EngineOpened),
           R"({T,"wall_time":"1970-01-01T00:00:00.000000006Z","epoch":7})");
  CHECK_EQ(text(EventType::DefinitionChunk),
           R"({T,"hash":"00000000000000010000000000000002","index":0,"name":"w","first_task":0,)"
           R"("tasks":[{"name":"a","activity":"run"},)"
           R"({"name":"b\"c","activity":"run","config":"{}"}],"child":[1],"parent":[0],)"
           R"("extras":[{"task":1,"kind":"sub_workflow","key_held_in_retry":true,)"
           R"("then_tasks":["a","b"],"duration":5,"workflow":"other"}]})");
  CHECK_EQ(text(EventType::DefinitionSealed),
           R"({T,"hash":"00000000000000010000000000000002","task_count":2,"chunk_count":1})");
  CHECK_EQ(text(EventType::ExecutionStarted),
           R"({T,"key":"k","hash":"00000000000000010000000000000002",)"
           R"("input":{"content_type":"application/json","bytes":2,"text":"{}"}})");
  CHECK_EQ(text(EventType::CancelRequested), R"({T})");
  CHECK_EQ(text(EventType::ExecutionEnded), R"({T,"cause":9,"outcome":"failed"})");
  for (const EventType type :
       {EventType::TasksReady, EventType::TasksSkipped, EventType::TasksCancelled}) {
    CHECK_EQ(text(type), R"({T,"cause":9,"tasks":[3,1,4],"more":true})");
  }
  CHECK_EQ(text(EventType::TaskDeadLettered), R"({T,"cause":9,"task":3})");
  CHECK_EQ(text(EventType::AttemptStarted),
           R"({T,"task":3,"attempt":1,"epoch":2,"deadline":"1970-01-01T00:00:00.000000008Z"})");
  CHECK_EQ(text(EventType::AttemptFinished),
           R"({T,"task":3,"attempt_seq":11,"outcome":"failure","next":"retry_wait",)"
           R"("wake_at":"1970-01-01T00:00:00.000000077Z","error":"no"})");
  CHECK_EQ(text(EventType::RetriesWoken), R"({T,"tasks":[3,1,4]})");
  CHECK_EQ(text(EventType::CheckpointRecorded),
           R"({T,"task":3,"attempt_seq":11,)"
           R"("checkpoint":{"content_type":"application/json","bytes":1,"text":"7"}})");
  CHECK_EQ(text(EventType::MetadataSet),
           R"({T,"task":3,"attempt_seq":11,"key":"host","value":"a"})");
  CHECK_EQ(text(EventType::BreakerMoved),
           R"({T,"cause":9,"name":"mail","state":"half_open","successes":1,"probes":[16,18]})");
  CHECK_EQ(text(EventType::RunTimedOut),
           R"({T,"task":3,"timeout":"schedule_to_start","error":"late"})");
  CHECK_EQ(text(EventType::StepRecorded),
           R"({T,"task":3,"attempt_seq":11,"name":"charge","occurrence":2,)"
           R"("result":{"content_type":"application/json","bytes":2,"text":"{}"}})");
  for (const EventType type : {EventType::EnginePaused, EventType::EngineResumed,
                               EventType::ExecutionPaused, EventType::ExecutionResumed}) {
    CHECK_EQ(text(type), R"({T})");
  }
  CHECK_EQ(text(EventType::ActivityPaused), R"({T,"activity":"mail"})");
  CHECK_EQ(text(EventType::ActivityResumed), R"({T,"activity":"mail"})");
  CHECK_EQ(text(EventType::PrioritySet), R"({T,"priority":-2})");
  CHECK_EQ(text(EventType::ExecutionsPurged),
           R"({T,"cause":"age","forget_at":"1970-01-01T00:00:00.000000008Z",)"
           R"("executions":[16,18]})");
  CHECK_EQ(text(EventType::TasksReopened), R"({T,"generation":2,"tasks":[3,1,4]})");
  CHECK_EQ(text(EventType::DeadLetterDropped), R"({T,"task":3})");
}

TEST_CASE("payloads are shown as text if they are, else as base64, and cut at a character") {
  Packer pack;
  const auto finished = [&pack](std::string_view output, DescribeOptions options = {}) {
    const Buffer payload = Copy(pack.AttemptFinished({.time = 5, .output = output}));
    const std::string text = Described(EventType::AttemptFinished, payload, options);
    return text.substr(text.find("\"bytes\""));
  };
  CHECK_EQ(finished("\x01\"\\\n\xC3\xBC"), R"("bytes":6,"text":"\u0001\"\\\n)"
                                           "\xC3\xBC"
                                           R"("}})");
  CHECK_EQ(finished(std::string_view("\xFF\x00\x10\x20", 4)), R"("bytes":4,"base64":"/wAQIA=="}})");
  CHECK_EQ(finished("a\xC3\xBCz", {.payload_chars_max = 2}), R"("bytes":4,"text":"a"}})");
  CHECK_EQ(finished("abc", {.payload_chars_max = 0}), R"("bytes":3,"text":""}})");
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::schema
