// walinspect verify: what open would decide, and why.
#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stet/inspect.h"
#include "stet/wal/explain.h"
#include "stet/wal/inspect.h"
#include "tools/walinspect/advice.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

Json FindingJson(const wal::Finding& finding) {
  return {{"code", finding.code},
          {"severity", wal::ToString(finding.severity)},
          {"file", finding.file},
          {"offset", finding.offset},
          {"lsn_begin", Hex(finding.lsn_begin)},
          {"lsn_end", Hex(finding.lsn_end)},
          {"first_seq", finding.first_seq},
          {"last_seq", finding.last_seq},
          {"text", finding.text},
          {"next", finding.next_command}};
}

// What open decides, in a word.
std::string Decision(const wal::RecoveryReport& report) {
  return std::string(report.refused() ? wal::ToString(report.refusal)
                                      : wal::ToString(report.verdict));
}

struct Outcome {
  wal::RecoveryReport strict = {};
  std::string lenient = {};  // what open decides with tail = lenient
  std::string drift = {};    // why replay fails; empty if it does not, or was not asked for
  std::vector<std::string> steps = {};        // out of a refusal
  std::vector<wal::Explanation> places = {};  // deep: all that is not as it was written
  Exit exit = Exit::kClean;
};

Json PlaceJson(const wal::Explanation& said, const std::string& directory) {
  const std::string next = NextFor(said, directory);
  return {{"structure", said.structure}, {"cause", wal::ToString(said.cause)},
          {"file", said.file},           {"offset", said.offset},
          {"bytes", said.bytes},         {"lsn", Hex(said.lsn)},
          {"first_seq", said.first_seq}, {"last_seq", said.last_seq},
          {"promised", said.promised},   {"spare", said.spare},
          {"text", said.text},           {"next", next.empty() ? Json(nullptr) : Json(next)}};
}

void PrintJson(const Outcome& outcome, bool deep) {
  const wal::RecoveryReport& report = outcome.strict;
  Json findings = Json::array();
  for (const wal::Finding& finding : report.findings) findings.push_back(FindingJson(finding));
  Json places = deep ? Json::array() : Json(nullptr);
  for (const wal::Explanation& said : outcome.places) {
    places.push_back(PlaceJson(said, report.directory));
  }
  PrintLine({{"directory", report.directory},
             {"verdict", wal::ToString(report.verdict)},
             {"refusal", report.refused() ? Json(wal::ToString(report.refusal)) : Json(nullptr)},
             {"strict", Decision(report)},
             {"lenient", outcome.lenient},
             {"closed", report.clean},
             {"first_seq", report.first_seq},
             {"last_seq", report.last_seq},
             {"end_lsn", Hex(report.end_lsn)},
             {"durable_lsn", Hex(report.durable_lsn)},
             {"dropped_bytes", report.dropped_bytes},
             {"batches", report.batches},
             {"segments", report.segments},
             {"epoch", report.epoch},
             {"live_pid", report.live_pid ? Json(*report.live_pid) : Json(nullptr)},
             {"replayed", deep && outcome.drift.empty() && !report.refused()},
             {"drift", outcome.drift.empty() ? Json(nullptr) : Json(outcome.drift)},
             {"findings", findings},
             {"places", std::move(places)},
             {"steps", outcome.steps},
             {"exit", static_cast<int>(outcome.exit)}});
}

Colour ColourOf(wal::Severity severity) {
  switch (severity) {
    case wal::Severity::kInfo:
      return Colour::kPlain;
    case wal::Severity::kWarning:
      return Colour::kYellow;
    case wal::Severity::kRefusal:
      return Colour::kRed;
  }
  return Colour::kPlain;
}

void PrintText(const Outcome& outcome, bool deep) {
  const wal::RecoveryReport& report = outcome.strict;
  const bool good = outcome.exit == Exit::kClean || outcome.exit == Exit::kTornTail;
  fmt::print("{}: {}\n", report.directory,
             Painted(good ? Colour::kGreen : Colour::kRed,
                     outcome.drift.empty() ? Decision(report) : "DRIFT"));
  fmt::print("  holds     {}, {}, {}, epoch {}\n",
             Counted(static_cast<uint64_t>(report.segments), "segment", "segments"),
             Counted(report.batches, "batch", "batches"),
             report.last_seq == 0 ? "no event"
                                  : fmt::format("seq {}..{}", report.first_seq, report.last_seq),
             report.epoch);
  fmt::print("  ends      at lsn {}, proved durable to {}{}\n", Hex(report.end_lsn),
             Hex(report.durable_lsn), report.clean ? ", closed in order" : "");
  if (report.dropped_bytes != 0 && !report.refused()) {
    fmt::print("  behind    {} that open drops and leaves where they are\n",
               BytesText(report.dropped_bytes));
  }
  if (report.live_pid) {
    fmt::print("  live      process {} is writing; judged up to the watermark\n", *report.live_pid);
  }
  for (const wal::Finding& finding : report.findings) {
    fmt::print("  {:<8}  {}\n", wal::ToString(finding.severity),
               Painted(ColourOf(finding.severity), finding.ToString()));
  }
  for (const wal::Explanation& said : outcome.places) {
    const std::string seqs =
        said.last_seq == 0 ? "" : fmt::format(", seq {}..{}", said.first_seq, said.last_seq);
    fmt::print("  place     {} {}: {} offset {}, {}{}: {}\n",
               Painted(said.spare ? Colour::kYellow : Colour::kRed, wal::ToString(said.cause)),
               said.structure, said.file, said.offset, Counted(said.bytes, "byte", "bytes"), seqs,
               said.text);
  }
  if (deep && !report.refused()) {
    fmt::print("  replay    {}\n", outcome.drift.empty()
                                       ? "every event applies, every digest agrees"
                                       : Painted(Colour::kRed, outcome.drift));
  }
  for (const std::string& step : outcome.steps) fmt::print("  next      {}\n", step);
  if (outcome.lenient != Decision(report)) {
    fmt::print("  lenient   open with tail=lenient decides: {}\n", outcome.lenient);
  }
}

}  // namespace

Exit ExitOf(const wal::RecoveryReport& report) {
  switch (report.verdict) {
    case wal::Verdict::kClean:
    case wal::Verdict::kUnborn:
      return Exit::kClean;
    case wal::Verdict::kTornTail:
    case wal::Verdict::kStaleTail:
      return Exit::kTornTail;
    case wal::Verdict::kRefused:
      break;
  }
  return report.refusal == wal::Refusal::kNoAccess ? Exit::kInputOutput : Exit::kDamage;
}

Exit ExitWithout(const wal::Options& options) {
  const Exit exit = ExitOf(ExamineWithSnapshots(options));
  return exit == Exit::kDamage || exit == Exit::kInputOutput ? exit : Exit::kUsage;
}

wal::Options LogOptions(const std::string& directory) {
  wal::Options options = LogOptionsFor(directory);
  options.directory = wal::LogDirectory(directory);
  options.create = false;
  options.backend = wal::Backend::kPosix;  // reads block anyway
  return options;
}

Exit RunVerify(const VerifyArguments& arguments) {
  wal::Options options = LogOptions(arguments.directory);
  Outcome outcome = {.strict = ExamineWithSnapshots(options)};
  for (wal::Finding& finding : outcome.strict.findings) {
    // Whoever reads this has just run it.
    if (finding.next_command.starts_with("walinspect verify")) finding.next_command.clear();
  }
  outcome.lenient = Decision(outcome.strict);
  if (outcome.strict.refused()) {
    options.tail = wal::TailPolicy::kLenient;
    outcome.lenient = Decision(ExamineWithSnapshots(options));
  }
  outcome.exit = ExitOf(outcome.strict);
  outcome.steps = StepsFor(outcome.strict, LogOptions(arguments.directory), arguments.directory);
  if (arguments.deep && outcome.exit != Exit::kInputOutput) {
    auto places = wal::ExplainDamage(options);
    if (places.ok()) outcome.places = *std::move(places);
  }
  if (arguments.deep && !outcome.strict.refused()) {
    const auto replayed = Replay({.directory = arguments.directory, .whole_log = true});
    if (!replayed.ok()) {
      outcome.drift = std::string(replayed.status().message());
      outcome.exit = Exit::kDamage;
    }
  }
  if (arguments.json) {
    PrintJson(outcome, arguments.deep);
  } else {
    PrintText(outcome, arguments.deep);
  }
  return outcome.exit;
}

}  // namespace stet::walinspect
