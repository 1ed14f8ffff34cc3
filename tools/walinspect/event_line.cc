// Payloads are shown as their events, or in hex if they are none that is known.
#include "tools/walinspect/event_line.h"

#include <utility>

#include <fmt/format.h>

#include "stet/inspect.h"

namespace stet::walinspect {

Json EventJson(const wal::BatchInfo& batch, const wal::Record& record) {
  Json line = {{"seq", record.seq},
               {"lsn", Hex(record.lsn)},
               {"epoch", batch.epoch},
               {"time", TimeJson(batch.closed_ns)},
               {"execution", record.stream == 0 ? Json(nullptr) : Json(Hex(record.stream))},
               {"type", EventTypeName(record.type)},
               {"type_id", record.type},
               {"bytes", record.payload.size()}};
  const auto described = DescribeEvent(record.type, record.payload);
  Json event = described.ok() ? Json::parse(*described, nullptr, false) : Json();
  if (described.ok() && !event.is_discarded()) {
    line["event"] = std::move(event);
  } else {
    line["hex"] = HexDump(record.payload, SIZE_MAX);
  }
  return line;
}

std::string EventText(const wal::BatchInfo& batch, const wal::Record& record) {
  const auto described = DescribeEvent(record.type, record.payload, kPayloadChars);
  return fmt::format("{:>8}  {}  {}  {:<22} {}", record.seq, TimeText(batch.closed_ns),
                     record.stream == 0 ? fmt::format("{:<16}", "engine") : Hex(record.stream),
                     EventTypeName(record.type),
                     described.ok() ? *described : HexDump(record.payload, kPayloadChars / 2));
}

bool IsGap(const wal::Span& span) {
  return span.kind != wal::Span::Kind::kBatch && span.kind != wal::Span::Kind::kSegmentEnd &&
         span.kind != wal::Span::Kind::kDetached && span.kind != wal::Span::Kind::kZeros;
}

Json GapJson(const wal::Span& span, bool in_flight) {
  return {{"damage", in_flight ? "in_flight" : wal::ToString(span.kind)},
          {"file", span.file},
          {"offset", span.begin_lsn & 0xffffffff},
          {"bytes", span.bytes},
          {"lsn", Hex(span.begin_lsn)},
          {"text", span.text}};
}

std::string GapText(const wal::Span& span, bool in_flight) {
  return Painted(in_flight ? Colour::kDim : Colour::kRed,
                 fmt::format("-------- {}: {} bytes at {} offset {}: {}",
                             in_flight ? "in_flight" : wal::ToString(span.kind), span.bytes,
                             span.file, span.begin_lsn & 0xffffffff, span.text));
}

}  // namespace stet::walinspect
