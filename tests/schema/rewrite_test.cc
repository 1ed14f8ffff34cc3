// Events changed where they lie: no seq and nothing of the user's may be forgotten.
#include "schema/rewrite.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <flatbuffers/minireflect.h>

#include "schema/pack.h"
#include "schema/parse.h"

namespace stet::schema {
namespace {

using Buffer = std::vector<std::byte>;

Buffer Copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// A table by its type; null for one that this test does not know.
const flatbuffers::TypeTable* TableOf(EventType type) {
  switch (type) {
    case EventType::ExecutionStarted:
      return fb::ExecutionStartedTypeTable();
    case EventType::ExecutionFinishing:
      return fb::ExecutionFinishingTypeTable();
    case EventType::ExecutionEnded:
      return fb::ExecutionEndedTypeTable();
    case EventType::TasksReady:
      return fb::TasksReadyTypeTable();
    case EventType::TasksSkipped:
      return fb::TasksSkippedTypeTable();
    case EventType::TasksCancelled:
      return fb::TasksCancelledTypeTable();
    case EventType::TaskDeadLettered:
      return fb::TaskDeadLetteredTypeTable();
    case EventType::AttemptFinished:
      return fb::AttemptFinishedTypeTable();
    case EventType::CheckpointRecorded:
      return fb::CheckpointRecordedTypeTable();
    case EventType::StateSaved:
      return fb::StateSavedTypeTable();
    case EventType::MapExpanded:
      return fb::MapExpandedTypeTable();
    case EventType::MetadataSet:
      return fb::MetadataSetTypeTable();
    case EventType::RunTimedOut:
      return fb::RunTimedOutTypeTable();
    case EventType::StepRecorded:
      return fb::StepRecordedTypeTable();
    case EventType::BreakerMoved:
      return fb::BreakerMovedTypeTable();
    case EventType::SignalReceived:
      return fb::SignalReceivedTypeTable();
    case EventType::ScheduleCreated:
      return fb::ScheduleCreatedTypeTable();
    default:
      return nullptr;
  }
}

// What is neither another event's seq nor the user's own.
const std::set<std::string_view> kPlain = {"hash_high", "hash_low",     "key",  "name", "id",
                                           "cron",      "content_type", "zone", "keys"};

TEST_SUITE_BEGIN("schema::Rewrite");

TEST_CASE("every field that may hold a seq or something of the user's has its place") {
  for (const EventType type : AllEventTypes()) {
    const flatbuffers::TypeTable* table = TableOf(type);
    if (table == nullptr) continue;
    CAPTURE(std::string(ToString(type)));
    for (size_t i = 0; i < table->num_elems; ++i) {
      const auto kind = static_cast<flatbuffers::ElementaryType>(table->type_codes[i].base_type);
      const bool vector = table->type_codes[i].is_repeating != 0;
      const bool seq = kind == flatbuffers::ET_ULONG && !vector;
      const bool bytes = kind == flatbuffers::ET_UCHAR && vector;
      const bool text = kind == flatbuffers::ET_STRING;
      if (!(seq || bytes || text) || kPlain.contains(table->names[i])) continue;
      CAPTURE(std::string(table->names[i]));
      const auto field = static_cast<uint16_t>(
          flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(i)));
      CHECK(std::any_of(FieldPlaces().begin(), FieldPlaces().end(), [&](const FieldPlace& place) {
        return place.type == type && place.field == field &&
               place.role == (seq     ? FieldRole::kSeq
                              : bytes ? FieldRole::kBytes
                                      : FieldRole::kText);
      }));
    }
  }
}

TEST_CASE("seqs get other numbers, and those that are not there stay away") {
  Packer pack;
  Buffer finished = Copy(pack.AttemptFinished({.time = 5,
                                               .attempt_seq = 42,
                                               .output = "{}",
                                               .task = 3,
                                               .outcome = AttemptOutcome::Success,
                                               .next = RunNext::Completed}));
  std::vector<uint64_t> asked;
  const auto number = [&asked](uint64_t seq) {
    asked.push_back(seq);
    return seq / 2;
  };
  Renumber(static_cast<uint16_t>(EventType::AttemptFinished), finished, number);
  const auto* event = Trusted<fb::AttemptFinished>(finished);
  CHECK_EQ(event->attempt_seq(), 21);
  CHECK_EQ(event->signal(), 0);
  CHECK_EQ(event->task(), 3);
  CHECK(asked == std::vector<uint64_t>{42});
  const std::vector<uint64_t> ids = {4, 8};
  Buffer purged = Copy(pack.ExecutionsPurged({.time = 5, .forget_at = 6, .executions = ids}));
  Renumber(static_cast<uint16_t>(EventType::ExecutionsPurged), purged, number);
  CHECK_EQ(Trusted<fb::ExecutionsPurged>(purged)->executions()->Get(1), 4);
}

TEST_CASE("what is redacted keeps its length, and is still an event") {
  Packer pack;
  for (const std::string text : {"", "7", "[]", "{\"secret\":1}"}) {
    Buffer started = Copy(pack.ExecutionStarted({.time = 5, .key = "k", .input = text}));
    const auto type = static_cast<uint16_t>(EventType::ExecutionStarted);
    CHECK_EQ(Redact(type, started), text.size());
    CHECK(Check(type, started).ok());
    const auto* event = Trusted<fb::ExecutionStarted>(started);
    CHECK_EQ(event->key()->str(), "k");
    const auto* input = event->input();
    const std::string left = input == nullptr ? "" : std::string(input->begin(), input->end());
    CHECK_EQ(left.size(), text.size());
    if (text.size() > 2) CHECK_EQ(left, "\"" + std::string(text.size() - 2, 'x') + "\"");
    if (text.size() == 1) CHECK_EQ(left, "x");
  }
  Buffer failed = Copy(pack.AttemptFinished({.time = 5,
                                             .attempt_seq = 42,
                                             .error = "no such card",
                                             .outcome = AttemptOutcome::Failure,
                                             .next = RunNext::Failed,
                                             .failure = FailureKind::AttemptsUsedUp}));
  CHECK_EQ(Redact(static_cast<uint16_t>(EventType::AttemptFinished), failed), 12);
  CHECK_EQ(Trusted<fb::AttemptFinished>(failed)->error()->str(), "xxxxxxxxxxxx");
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::schema
