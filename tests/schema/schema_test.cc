// Events into bytes and back: nothing in bytes from disk is believed.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "schema/describe.h"
#include "schema/pack.h"
#include "schema/parse.h"
#include "tests/schema/samples.h"

namespace stet::schema {
namespace {

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
  CHECK_EQ(check(EventType::LeasesRenewed, pack.LeasesRenewed({.until = 1, .worker = "w"})),
           "leases_renewed: tasks is empty");
  CHECK_EQ(check(EventType::AttemptStarted,
                 pack.AttemptStarted({.attempt = 1, .epoch = 1, .lease_until = 7})),
           "attempt_started: worker and lease_until contradict each other");
  CHECK_EQ(check(EventType::AttemptStarted,
                 pack.AttemptStarted({.attempt = 1, .epoch = 1, .worker = "w"})),
           "attempt_started: worker and lease_until contradict each other");
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

TEST_SUITE_END();

}  // namespace
}  // namespace stet::schema
