// walinspect find: one record, by seq, place, time or execution.
#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "stet/wal/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/event_line.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

// What is wrong with the query; empty if nothing is.
std::string QueryFrom(const FindArguments& arguments, wal::FindQuery* query) {
  const int given = int{!arguments.seq.empty()} + int{!arguments.lsn.empty()} +
                    int{!arguments.time.empty()} + int{!arguments.execution.empty()};
  if (given != 1) return "want one of --seq, --lsn, --time and --exec";
  if (!arguments.seq.empty()) {
    query->seq = NumberFrom<uint64_t>(arguments.seq);
    if (!query->seq) return fmt::format("--seq {}: expected a number", arguments.seq);
  }
  if (!arguments.lsn.empty()) {
    query->lsn = LsnFrom(arguments.lsn);
    if (!query->lsn) {
      return fmt::format("--lsn {}: expected 0x100004000, 0000000100004000 or 1:16384",
                         arguments.lsn);
    }
  }
  if (!arguments.time.empty()) {
    query->time_ns = NanosFrom(arguments.time);
    if (!query->time_ns) {
      return fmt::format("--time {}: expected RFC 3339, as 2026-01-31T23:59:59Z", arguments.time);
    }
  }
  if (!arguments.execution.empty()) {
    query->stream = arguments.execution.size() == 16 ? NumberFrom<uint64_t>(arguments.execution, 16)
                                                     : std::nullopt;
    if (!query->stream) {
      return fmt::format("--exec {}: expected an id of 16 hex digits (`walinspect state` has them)",
                         arguments.execution);
    }
  }
  return {};
}

void Print(const wal::FoundRecord& found, bool json) {
  const wal::BatchInfo batch = {
      .lsn = found.lsn, .epoch = found.epoch, .closed_ns = found.closed_ns};
  const wal::Record record = {
      .seq = found.seq,
      .lsn = found.lsn,
      .stream = found.stream,
      .type = found.type,
      .schema_id = found.schema_id,
      .payload = std::as_bytes(std::span(found.payload.data(), found.payload.size()))};
  if (json) {
    Json line = EventJson(batch, record);
    line["file"] = found.file;
    line["offset"] = found.offset;
    PrintLine(line);
    return;
  }
  fmt::print("{}\n  at        {} offset {}, in the batch of lsn {}\n", EventText(batch, record),
             found.file, found.offset, Hex(found.lsn));
}

}  // namespace

Exit RunFind(const FindArguments& arguments) {
  wal::FindQuery query;
  const std::string wrong = QueryFrom(arguments, &query);
  if (!wrong.empty()) {
    Say({.code = "usage", .message = wrong}, arguments.json);
    return Exit::kUsage;
  }
  const wal::Options options = LogOptions(arguments.directory);
  const auto found = wal::Find(options, query);
  if (!found.ok()) {
    const Exit exit = ExitWithout(options);
    Say({.code = exit == Exit::kInputOutput ? "io_error" : "not_found",
         .message = std::string(found.status().message()),
         .file = options.directory},
        arguments.json);
    return exit;
  }
  if (!arguments.raw) {
    Print(*found, arguments.json);
    return Exit::kClean;
  }
  const size_t written = std::fwrite(found->payload.data(), 1, found->payload.size(), stdout);
  return written == found->payload.size() ? Exit::kClean : Exit::kInputOutput;
}

}  // namespace stet::walinspect
