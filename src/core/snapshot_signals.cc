// Signals into parts of a snapshot, and back.
#include "core/snapshot_signals.h"

#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/column.h"
#include "core/snapshot_decoder.h"
#include "core/snapshot_parse.h"
#include "core/snapshot_part.h"

namespace stet::core {
namespace {

void AddRow(uint64_t position, std::string_view name, uint64_t seq, fb::SnapshotSignalsT& c) {
  c.execution.push_back(position);
  c.names.insert(c.names.end(), name.begin(), name.end());
  c.name_end.push_back(static_cast<uint32_t>(c.names.size()));
  c.seq.push_back(seq);
}

}  // namespace

uint64_t CountSignals(const State& state) {
  uint64_t count = 0;
  for (const auto& execution : state.executions()) {
    const SignalBox* box = execution->signals.get();
    if (box != nullptr) count += box->buffered().size() + box->ids().size();
  }
  return count;
}

absl::Status EncodeSignals(const State& state, SnapshotSink sink, size_t part_bytes) {
  PartWriter<fb::SnapshotSignalsT> part(SnapshotPart::Signals, sink, part_bytes);
  for (size_t position = 0; position < state.executions().size(); ++position) {
    const SignalBox* box = state.executions()[position]->signals.get();
    if (box == nullptr) continue;
    for (const auto& [place, payload] : box->buffered()) {
      AddRow(position, place.first, place.second, part.columns());
      part.columns().payload_digest.push_back(payload.digest);
      part.columns().payload_bytes.push_back(payload.bytes);
      part.columns().id_high.push_back(0);
      part.columns().id_low.push_back(0);
      RETURN_IF_ERROR(part.Added(48 + place.first.size()));
    }
    for (const SignalBox::SeenId& id : box->ids()) {
      AddRow(position, {}, id.seq, part.columns());
      part.columns().payload_digest.push_back(0);
      part.columns().payload_bytes.push_back(0);
      part.columns().id_high.push_back(id.id.high);
      part.columns().id_low.push_back(id.id.low);
      RETURN_IF_ERROR(part.Added(48));
    }
  }
  return part.Flush();
}

absl::Status SnapshotDecoder::AddSignals(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Signals;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotSignals>(kPart, payload));
  const Column position(t->execution());
  const Column name_end(t->name_end());
  const Column seq(t->seq());
  const Column digest(t->payload_digest());
  const Column bytes(t->payload_bytes());
  const Column high(t->id_high());
  const Column low(t->id_low());
  const size_t n = CountOf(t->seq());
  if (!(position.Fits(n) && name_end.Fits(n) && seq.Fits(n) && digest.Fits(n) && bytes.Fits(n) &&
        high.Fits(n) && low.Fits(n))) {
    return WrongPart(kPart, "columns of different length");
  }
  const std::string_view names = TextOf(t->names());
  size_t begin = 0;
  for (size_t i = 0; i < n; ++i) {
    if (position[i] >= state_.executions_.size() || name_end[i] < begin ||
        name_end[i] > names.size() || seq[i] == 0) {
      return WrongPart(kPart,
                       fmt::format("a signal of the execution at {} points outside", position[i]));
    }
    Execution& execution = *state_.executions_[position[i]];
    if (execution.signals == nullptr) execution.signals = std::make_unique<SignalBox>();
    const std::string_view name = names.substr(begin, name_end[i] - begin);
    begin = name_end[i];
    ++signals_;
    if (name.empty()) {
      execution.signals->Remember({.id = {.high = high[i], .low = low[i]}, .seq = seq[i]});
    } else {
      execution.signals->Add(name, seq[i], {.seq = seq[i], .digest = digest[i], .bytes = bytes[i]});
    }
  }
  return absl::OkStatus();
}

}  // namespace stet::core
