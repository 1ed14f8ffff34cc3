// Appends, watermarks, and what must be there afterwards.
#include "tests/sim/history.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <fmt/format.h>

namespace stet::wal {
namespace {

std::string TextOf(const Watermarks& marks) {
  return fmt::format("appended {}, written {}, durable {}, witnessed {}", marks.appended,
                     marks.written, marks.durable, marks.witnessed);
}

}  // namespace

absl::Status History::Append(Writer* writer, uint64_t records, Durability at_least) {
  std::vector<std::string> payloads;
  std::vector<NewRecord> group;
  for (uint64_t i = 0; i < records; ++i) {
    payloads.push_back(payload_(next_id_ + i));
  }
  for (const std::string& payload : payloads) {
    group.push_back({.type = 1, .payload = std::as_bytes(std::span(payload))});
  }
  const uint64_t before = writer->next_seq();
  const absl::StatusOr<uint64_t> seq = writer->Append(group, 0, at_least);
  if (!seq.ok()) {
    if (writer->next_seq() != before) return Broken("an append that was refused took a seq");
    return seq.status();
  }
  for (uint64_t i = 0; i < records; ++i) {
    ids_.push_back(next_id_++);
    ends_group_.push_back(i + 1 == records);
  }
  asked_.emplace_back(ids_.size(), at_least);
  if (*seq == ids_.size()) return absl::OkStatus();
  return Broken(fmt::format("append gave seq {}, expected {}", *seq, ids_.size()));
}

void History::Promise(uint64_t seq, Durability durability) {
  if (durability != Durability::kMemory) promises_.kill = std::max(promises_.kill, seq);
  if (durability >= Durability::kCommit) promises_.power = std::max(promises_.power, seq);
  if (durability == Durability::kWitness) promises_.witnessed = std::max(promises_.witnessed, seq);
}

absl::Status History::Observe(const Writer& writer, Durability durability) {
  const Watermarks marks = writer.watermarks();
  const uint64_t released = writer.released();
  const bool ordered = marks.appended >= marks.written && marks.written >= marks.durable &&
                       marks.durable >= marks.witnessed && marks.appended == ids_.size();
  const bool forth = marks.written >= seen_.written && marks.durable >= seen_.durable &&
                     marks.witnessed >= seen_.witnessed && released >= released_;
  if (!ordered || !forth || released > marks.appended) {
    return Broken(fmt::format("watermarks: {}, released {}; before: {}, released {}; {} records",
                              TextOf(marks), released, TextOf(seen_), released_, ids_.size()));
  }
  seen_ = marks;
  released_ = released;
  promises_.kill = std::max(promises_.kill, marks.written);
  promises_.power = std::max(promises_.power, marks.durable);
  promises_.witnessed = std::max(promises_.witnessed, marks.witnessed);
  // What the mode promises of `released`, and of groups that asked for more, whatever the watermarks say.
  Promise(released, durability);
  while (!asked_.empty() && asked_.front().first <= released) {
    Promise(asked_.front().first, asked_.front().second);
    asked_.pop_front();
  }
  promises_.kill = std::max(promises_.kill, promises_.power);
  return absl::OkStatus();
}

absl::Status History::CheckRecovered(const RecoveredLog& log, uint64_t at_least,
                                     uint64_t from) const {
  const uint64_t count = log.last_seq();
  if (count < at_least || count > ids_.size()) {
    return Broken(fmt::format("recovered {} records; {} were promised, {} given", count, at_least,
                              ids_.size()));
  }
  if (count > 0 && !ends_group_[count - 1]) {
    return Broken(fmt::format("recovered {} records: the last group is not whole", count));
  }
  Reader reader = log.NewReader(from);
  uint64_t seq = from - 1;
  for (const Record& record : reader) {
    if (record.seq != ++seq) return Broken(fmt::format("seq {} follows {}", record.seq, seq - 1));
    if (seq > count) return Broken(fmt::format("the reader gives more than {} records", count));
    const std::string expected = Payload(seq);
    if (expected.size() != record.payload.size() ||
        std::memcmp(expected.data(), record.payload.data(), expected.size()) != 0) {
      return Broken(fmt::format("seq {} holds other bytes than were appended", seq));
    }
  }
  if (!reader.status().ok()) return Broken("the reader says " + reader.status().ToString());
  if (seq == count) return absl::OkStatus();
  return Broken(fmt::format("the reader gives {} of {} records", seq, count));
}

void History::Settle(uint64_t records) {
  ids_.resize(records);
  ends_group_.resize(records);
  if (records > 0) ends_group_.back() = true;
  promises_.kill = promises_.power = records;
  promises_.witnessed = std::min(promises_.witnessed, records);
  asked_.clear();
  seen_ = {};
  released_ = 0;
}

}  // namespace stet::wal
