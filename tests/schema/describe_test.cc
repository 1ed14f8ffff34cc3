// Events as JSON: names of fields that scripts rely on.
#include "schema/describe.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/schema/samples.h"

namespace stet::schema {
namespace {

std::string Described(EventType type, const Buffer& payload, DescribeOptions options = {}) {
  const auto text = Describe(static_cast<uint16_t>(type), payload, options);
  REQUIRE_MESSAGE(text.ok(), text.status().ToString());
  return *text;
}

TEST_SUITE_BEGIN("schema");

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
  CHECK_EQ(text(EventType::LeasesRenewed),
           R"({T,"worker":"w","until":"1970-01-01T00:00:00.000000009Z","executions":[16,18],)"
           R"("tasks":[3,4],"attempts":[16,18]})");
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
