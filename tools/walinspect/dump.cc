// walinspect dump: every event on a line; what cannot be read is a line too, and the dump goes on.
#include <algorithm>
#include <cstdio>
#include <optional>

#include <absl/status/statusor.h>
#include <fmt/format.h>

#include "stet/inspect.h"
#include "stet/wal/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

constexpr size_t kPayloadChars = 120;  // of a payload in text; JSON has all of it

struct Filter {
  uint64_t from_seq = 1;
  uint64_t to_seq = UINT64_MAX;
  std::optional<uint64_t> execution = {};
  std::optional<uint16_t> type = {};
  int64_t since_ns = INT64_MIN;
  uint64_t limit = UINT64_MAX;

  bool Takes(const wal::BatchInfo& batch, const wal::Record& record) const {
    return record.seq >= from_seq && record.seq <= to_seq && batch.closed_ns >= since_ns &&
           (!execution || record.stream == *execution) && (!type || record.type == *type);
  }
};

// The number that an option gives, at least `least`; `absent` if it is not given.
absl::StatusOr<uint64_t> CountFrom(std::string_view option, const std::string& text, uint64_t least,
                                   uint64_t absent) {
  if (text.empty()) return absent;
  const std::optional<uint64_t> value = NumberFrom<uint64_t>(text);
  if (value && *value >= least) return *value;
  return absl::InvalidArgumentError(
      fmt::format("{} {}: expected a number, {} or more", option, text, least));
}

absl::StatusOr<Filter> RangeFrom(const DumpArguments& arguments) {
  const auto from = CountFrom("--from", arguments.from, 1, 1);
  const auto to = CountFrom("--to", arguments.to, 1, UINT64_MAX);
  const auto limit = CountFrom("--limit", arguments.limit, 0, UINT64_MAX);
  for (const auto* number : {&from, &to, &limit}) {
    if (!number->ok()) return number->status();
  }
  if (*from > *to) {
    return absl::InvalidArgumentError(
        fmt::format("--from {} --to {}: the first seq is behind the last", *from, *to));
  }
  return Filter{.from_seq = *from, .to_seq = *to, .limit = *limit};
}

// A full id needs no state; a key or prefix does, and a damaged log has none.
absl::StatusOr<uint64_t> ExecutionFrom(const DumpArguments& arguments) {
  const std::optional<uint64_t> id = NumberFrom<uint64_t>(arguments.execution, 16);
  if (id && arguments.execution.size() == 16) return *id;
  const auto replayed = Replay({.directory = arguments.directory});
  if (!replayed.ok()) return replayed.status();
  const auto report = replayed->Report(arguments.execution);
  if (!report.ok()) return report.status();
  return report->id;
}

absl::StatusOr<Filter> FilterFrom(const DumpArguments& arguments) {
  absl::StatusOr<Filter> range = RangeFrom(arguments);
  if (!range.ok()) return range.status();
  Filter filter = *range;
  if (!arguments.type.empty()) {
    filter.type = EventTypeFrom(arguments.type);
    if (!filter.type) filter.type = NumberFrom<uint16_t>(arguments.type);
    if (!filter.type) {
      std::string names;
      for (const std::string_view name : EventTypeNames()) names += fmt::format(" {}", name);
      return absl::InvalidArgumentError(
          fmt::format("--type {}: no such event type; there are:{}", arguments.type, names));
    }
  }
  if (!arguments.since.empty()) {
    absl::Time since;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, arguments.since, &since, &error)) {
      return absl::InvalidArgumentError(
          fmt::format("--since {}: expected RFC 3339, as 2026-01-31T23:59:59Z", arguments.since));
    }
    filter.since_ns = absl::ToUnixNanos(since);
  }
  if (!arguments.execution.empty()) {
    const absl::StatusOr<uint64_t> id = ExecutionFrom(arguments);
    if (!id.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("--exec {}: {}", arguments.execution, std::string(id.status().message())));
    }
    filter.execution = *id;
  }
  return filter;
}

std::string HexDump(wal::Bytes bytes, size_t bytes_max) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * std::min(bytes.size(), bytes_max));
  for (const std::byte byte : bytes.first(std::min(bytes.size(), bytes_max))) {
    text += kDigits[static_cast<size_t>(byte >> 4)];
    text += kDigits[static_cast<size_t>(byte & std::byte{15})];
  }
  if (bytes.size() > bytes_max) text += fmt::format("... ({} bytes)", bytes.size());
  return text;
}

class Printer {
 public:
  Printer(bool json, uint64_t live_end) : json_(json), live_end_(live_end) {}

  void Event(const wal::BatchInfo& batch, const wal::Record& record) const {
    std::string_view name = EventTypeName(record.type);
    const auto described =
        DescribeEvent(record.type, record.payload, json_ ? SIZE_MAX : kPayloadChars);
    if (!json_) {
      fmt::print("{:>8}  {}  {}  {:<22} {}\n", record.seq, TimeText(batch.closed_ns),
                 record.stream == 0 ? fmt::format("{:<16}", "engine") : Hex(record.stream), name,
                 described.ok() ? *described : HexDump(record.payload, kPayloadChars / 2));
      return;
    }
    Json line = {{"seq", record.seq},
                 {"lsn", Hex(record.lsn)},
                 {"epoch", batch.epoch},
                 {"time", TimeJson(batch.closed_ns)},
                 {"execution", record.stream == 0 ? Json(nullptr) : Json(Hex(record.stream))},
                 {"type", name},
                 {"type_id", record.type},
                 {"bytes", record.payload.size()}};
    Json event = described.ok() ? Json::parse(*described, nullptr, false) : Json();
    if (described.ok() && !event.is_discarded()) {
      line["event"] = std::move(event);
    } else {
      line["hex"] = HexDump(record.payload, SIZE_MAX);
    }
    PrintLine(line);
  }

  // What is no event and not just unused.
  void Gap(const wal::Span& span) const {
    const bool in_flight = span.begin_lsn >= live_end_;
    const std::string_view kind = in_flight ? "in_flight" : wal::ToString(span.kind);
    const uint64_t offset = span.begin_lsn & 0xffffffff;
    if (json_) {
      PrintLine({{"damage", kind},
                 {"file", span.file},
                 {"offset", offset},
                 {"bytes", span.bytes},
                 {"lsn", Hex(span.begin_lsn)},
                 {"text", span.text}});
      return;
    }
    fmt::print("{}\n", Painted(in_flight ? Colour::kDim : Colour::kRed,
                               fmt::format("-------- {}: {} bytes at {} offset {}: {}", kind,
                                           span.bytes, span.file, offset, span.text)));
  }

 private:
  const bool json_;
  const uint64_t live_end_;
};

bool IsGap(const wal::Span& span) {
  return span.kind != wal::Span::Kind::kBatch && span.kind != wal::Span::Kind::kSegmentEnd &&
         span.kind != wal::Span::Kind::kDetached && span.kind != wal::Span::Kind::kZeros;
}

}  // namespace

Exit RunDump(const DumpArguments& arguments) {
  const absl::StatusOr<Filter> filter = FilterFrom(arguments);
  if (!filter.ok()) {
    Say({.code = "usage", .message = std::string(filter.status().message())}, arguments.json);
    return Exit::kUsage;
  }
  const wal::Options options = LogOptions(arguments.directory);
  const wal::RecoveryReport report = wal::Examine(options);
  absl::StatusOr<wal::Scanner> scanner = wal::Scanner::Open(options);
  if (!scanner.ok()) {
    Say({.code = "io_error",
         .message = std::string(scanner.status().message()),
         .file = options.directory},
        arguments.json);
    return Exit::kInputOutput;
  }
  // Of a live log nothing behind its watermark is shown: it may yet be lost.
  const uint64_t live_end = report.live_pid ? report.end_lsn : UINT64_MAX;
  const Printer printer(arguments.json, live_end);
  uint64_t left = filter->limit;
  while (left > 0 && scanner->Next()) {
    const wal::Span& span = scanner->span();
    if (IsGap(span)) printer.Gap(span);
    if (span.begin_lsn >= live_end) break;
    for (const wal::Record& record : span.records) {
      if (left == 0) break;
      if (!filter->Takes(span.batch, record)) continue;
      printer.Event(span.batch, record);
      --left;
    }
  }
  std::fflush(stdout);
  if (report.refused()) Complain(report.refusal_finding()->ToString());
  return ExitOf(report);
}

}  // namespace stet::walinspect
