// walinspect ls: one line per segment.
#include <cstdio>

#include <fmt/format.h>

#include "stet/inspect.h"
#include "stet/wal/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

Json SlotJson(const wal::SlotInfo& slot) {
  if (!slot.valid) return {{"valid", false}, {"flaw", slot.flaw}};
  return {{"valid", true},
          {"slot_no", slot.slot_no},
          {"durable_lsn", Hex(slot.durable_lsn)},
          {"durable_seq", slot.durable_seq},
          {"clean_close", slot.clean_close},
          {"time", TimeJson(slot.time_ns)}};
}

Json SegmentJson(const wal::SegmentInfo& segment) {
  return {{"file", segment.file},
          {"segno", segment.segno},
          {"state", segment.state},
          {"header_copies", {segment.header[0], segment.header[1]}},
          {"epoch", segment.epoch},
          {"start_reason", segment.start_reason},
          {"first_seq", segment.first_seq},
          {"last_seq", segment.last_seq},
          {"first_time", TimeJson(segment.first_ns)},
          {"last_time", TimeJson(segment.last_ns)},
          {"batches", segment.batches},
          {"records", segment.records},
          {"used_bytes", segment.used_bytes},
          {"segment_bytes", segment.segment_bytes},
          {"file_bytes", segment.file_bytes},
          {"sealed", segment.sealed},
          {"chain", segment.chain},
          {"salt", Hex(segment.salt)},
          {"created", TimeJson(segment.created_ns)},
          {"prev_end_lsn", Hex(segment.prev_end_lsn)},
          {"state_digest_version", segment.state_digest_version},
          {"event_level", segment.event_level},
          {"slots", {SlotJson(segment.slots[0]), SlotJson(segment.slots[1])}}};
}

std::string Watermark(const wal::SegmentInfo& segment) {
  const wal::SlotInfo* newest = nullptr;
  for (const wal::SlotInfo& slot : segment.slots) {
    if (slot.valid && (newest == nullptr || slot.slot_no > newest->slot_no)) newest = &slot;
  }
  if (newest == nullptr) return "-";
  return fmt::format("{}{}", newest->durable_seq, newest->clean_close ? " closed" : "");
}

void PrintSegment(const wal::SegmentInfo& segment) {
  const bool damaged = segment.state == "damaged";
  const std::string seqs =
      segment.first_seq == 0 ? "-" : fmt::format("{}..{}", segment.first_seq, segment.last_seq);
  std::string notes;
  for (size_t i = 0; i < segment.header.size(); ++i) {
    if (segment.header[i] != "ok") {
      notes += fmt::format(" header copy {}: {}", i == 0 ? "A" : "B", segment.header[i]);
    }
  }
  if (segment.state == "active" && segment.chain != "ok") notes += " chain: " + segment.chain;
  fmt::print("{:>5}  {}  {:>5}  {:<8}  {:>15}  {:>7}  {:>10}  {:>10}  {:<14}{}{}\n", segment.segno,
             Painted(damaged ? Colour::kRed : Colour::kPlain, fmt::format("{:<11}", segment.state)),
             segment.epoch, segment.start_reason, seqs, segment.batches,
             BytesText(segment.used_bytes), BytesText(segment.file_bytes), Watermark(segment),
             segment.sealed ? " sealed" : "", Painted(Colour::kRed, notes));
}

}  // namespace

Exit RunLs(const LsArguments& arguments) {
  const wal::Options options = LogOptions(arguments.directory);
  const auto segments = wal::ListSegments(options);
  if (!segments.ok()) {
    Say({.code = "io_error",
         .message = std::string(segments.status().message()),
         .file = options.directory},
        arguments.json);
    return Exit::kInputOutput;
  }
  const wal::RecoveryReport report = ExamineWithSnapshots(options);
  if (arguments.json) {
    for (const wal::SegmentInfo& segment : *segments) PrintLine(SegmentJson(segment));
    return ExitOf(report);
  }
  fmt::print("{:>5}  {:<11}  {:>5}  {:<8}  {:>15}  {:>7}  {:>10}  {:>10}  {}\n", "segno", "state",
             "epoch", "started", "seq", "batches", "used", "file", "watermark");
  for (const wal::SegmentInfo& segment : *segments) PrintSegment(segment);
  if (ExitOf(report) != Exit::kClean) {
    std::fflush(stdout);
    Complain(fmt::format("{}; `walinspect verify {}` says more",
                         report.refused() ? ToString(report.refusal) : ToString(report.verdict),
                         arguments.directory));
  }
  return ExitOf(report);
}

}  // namespace stet::walinspect
