// Fields by their places in the tables.
#include "schema/rewrite.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <fmt/format.h>

namespace stet::schema {
namespace {

using enum FieldRole;

constexpr FieldPlace kPlaces[] = {
    {EventType::ExecutionStarted, fb::ExecutionStarted::VT_PARENT, kSeq},
    {EventType::ExecutionStarted, fb::ExecutionStarted::VT_PARENT_ATTEMPT, kSeq},
    {EventType::ExecutionStarted, fb::ExecutionStarted::VT_SCHEDULE, kSeq},
    {EventType::ExecutionStarted, fb::ExecutionStarted::VT_INPUT, kBytes},
    {EventType::ExecutionEnded, fb::ExecutionEnded::VT_CAUSE, kSeq},
    {EventType::ExecutionFinishing, fb::ExecutionFinishing::VT_CAUSE, kSeq},
    {EventType::TasksReady, fb::TasksReady::VT_CAUSE, kSeq},
    {EventType::TasksSkipped, fb::TasksSkipped::VT_CAUSE, kSeq},
    {EventType::TasksCancelled, fb::TasksCancelled::VT_CAUSE, kSeq},
    {EventType::TaskDeadLettered, fb::TaskDeadLettered::VT_CAUSE, kSeq},
    {EventType::AttemptFinished, fb::AttemptFinished::VT_ATTEMPT_SEQ, kSeq},
    {EventType::AttemptFinished, fb::AttemptFinished::VT_SIGNAL, kSeq},
    {EventType::AttemptFinished, fb::AttemptFinished::VT_OUTPUT, kBytes},
    {EventType::AttemptFinished, fb::AttemptFinished::VT_ERROR, kText},
    {EventType::CheckpointRecorded, fb::CheckpointRecorded::VT_ATTEMPT_SEQ, kSeq},
    {EventType::CheckpointRecorded, fb::CheckpointRecorded::VT_CHECKPOINT, kBytes},
    {EventType::StateSaved, fb::StateSaved::VT_ATTEMPT_SEQ, kSeq},
    {EventType::StateSaved, fb::StateSaved::VT_STATE, kBytes},
    {EventType::MapExpanded, fb::MapExpanded::VT_ATTEMPT_SEQ, kSeq},
    {EventType::MetadataSet, fb::MetadataSet::VT_ATTEMPT_SEQ, kSeq},
    {EventType::MetadataSet, fb::MetadataSet::VT_VALUE, kText},
    {EventType::RunTimedOut, fb::RunTimedOut::VT_ERROR, kText},
    {EventType::StepRecorded, fb::StepRecorded::VT_ATTEMPT_SEQ, kSeq},
    {EventType::StepRecorded, fb::StepRecorded::VT_RESULT, kBytes},
    {EventType::SignalReceived, fb::SignalReceived::VT_PAYLOAD, kBytes},
    {EventType::BreakerMoved, fb::BreakerMoved::VT_CAUSE, kSeq},
    {EventType::ScheduleCreated, fb::ScheduleCreated::VT_INPUT, kBytes},
    {EventType::ScheduleRemoved, fb::ScheduleRemoved::VT_SCHEDULE, kSeq},
    {EventType::SchedulePaused, fb::SchedulePaused::VT_SCHEDULE, kSeq},
    {EventType::ScheduleResumed, fb::ScheduleResumed::VT_SCHEDULE, kSeq},
    {EventType::SchedulePlanned, fb::SchedulePlanned::VT_SCHEDULE, kSeq},
    {EventType::ScheduleSkipped, fb::ScheduleSkipped::VT_SCHEDULE, kSeq},
};

flatbuffers::Table& TableOf(MutableBytes payload) {
  return *flatbuffers::GetMutableRoot<flatbuffers::Table>(payload.data());
}

void ReplaceSeq(flatbuffers::Table& table, uint16_t field,
                absl::FunctionRef<uint64_t(uint64_t)> number) {
  uint8_t* const at = table.GetAddressOf(field);
  if (at == nullptr) return;
  uint64_t seq = 0;
  std::memcpy(&seq, at, sizeof(seq));
  if (seq != 0) seq = number(seq);
  std::memcpy(at, &seq, sizeof(seq));
}

// The key of a child begins with the id of its parent, in 16 hex digits.
void ReplaceParentInKey(MutableBytes payload) {
  const auto& started = *flatbuffers::GetRoot<fb::ExecutionStarted>(payload.data());
  auto* const key =
      TableOf(payload).GetPointer<flatbuffers::Vector<uint8_t>*>(fb::ExecutionStarted::VT_KEY);
  constexpr size_t kDigits = 16;
  if (started.parent() == 0 || key->size() < kDigits) return;
  const std::string id = fmt::format("{:016x}", started.parent());
  std::copy(id.begin(), id.end(), key->data());
}

// A vector of bytes and a string lie alike.
size_t Blot(flatbuffers::Table& table, const FieldPlace& place) {
  auto* const bytes = table.GetPointer<flatbuffers::Vector<uint8_t>*>(place.field);
  if (bytes == nullptr) return 0;
  uint8_t* const data = bytes->data();
  const size_t size = bytes->size();
  std::fill_n(data, size, uint8_t{'x'});
  if (place.role == kBytes && size >= 2) data[0] = data[size - 1] = '"';
  return size;
}

}  // namespace

std::span<const FieldPlace> FieldPlaces() { return kPlaces; }

void Renumber(uint16_t type, MutableBytes payload, absl::FunctionRef<uint64_t(uint64_t)> number) {
  for (const FieldPlace& place : kPlaces) {
    if (static_cast<uint16_t>(place.type) != type || place.role != kSeq) continue;
    ReplaceSeq(TableOf(payload), place.field, number);
  }
  if (type == static_cast<uint16_t>(EventType::ExecutionStarted)) ReplaceParentInKey(payload);
  if (type != static_cast<uint16_t>(EventType::ExecutionsPurged)) return;
  auto* const purged = TableOf(payload).GetPointer<flatbuffers::Vector<uint64_t>*>(
      fb::ExecutionsPurged::VT_EXECUTIONS);
  for (flatbuffers::uoffset_t i = 0; i < purged->size(); ++i) {
    purged->Mutate(i, number(purged->Get(i)));
  }
}

size_t Redact(uint16_t type, MutableBytes payload) {
  size_t bytes = 0;
  for (const FieldPlace& place : kPlaces) {
    if (static_cast<uint16_t>(place.type) != type || place.role == kSeq) continue;
    bytes += Blot(TableOf(payload), place);
  }
  return bytes;
}

}  // namespace stet::schema
