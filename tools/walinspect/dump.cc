// walinspect dump: every event on a line; what cannot be read is a line too, and the dump goes on.
#include <algorithm>
#include <cstdio>

#include <absl/status/status.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include "stet/inspect.h"
#include "stet/wal/follow.h"
#include "stet/wal/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/event_line.h"
#include "tools/walinspect/filter.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

void PrintEvent(const wal::BatchInfo& batch, const wal::Record& record, bool json) {
  if (json) {
    PrintLine(EventJson(batch, record));
  } else {
    fmt::print("{}\n", EventText(batch, record));
  }
}

void PrintGap(const wal::Span& span, bool in_flight, bool json) {
  if (json) {
    PrintLine(GapJson(span, in_flight));
  } else {
    fmt::print("{}\n", GapText(span, in_flight));
  }
}

// The events that the filter takes; false when there will be no more.
bool PrintBatch(const wal::Span& span, Filter* filter, bool json) {
  for (const wal::Record& record : span.records) {
    if (filter->limit == 0 || record.seq > filter->to_seq) return false;
    if (!filter->Takes(span.batch, record)) continue;
    PrintEvent(span.batch, record, json);
    --filter->limit;
  }
  return filter->limit > 0;
}

Exit SayUnreadable(const wal::Options& options, const absl::Status& status, bool json) {
  Say({.code = "io_error", .message = std::string(status.message()), .file = options.directory},
      json);
  return Exit::kInputOutput;
}

Exit DumpAll(const wal::Options& options, Filter filter, bool json) {
  const wal::RecoveryReport report = ExamineWithSnapshots(options);
  absl::StatusOr<wal::Scanner> scanner = wal::Scanner::Open(options);
  if (!scanner.ok()) return SayUnreadable(options, scanner.status(), json);
  // Of a live log nothing behind its watermark is shown: it may yet be lost.
  const uint64_t live_end = report.live_pid ? report.end_lsn : UINT64_MAX;
  bool more = filter.limit > 0;
  while (more && scanner->Next()) {
    const wal::Span& span = scanner->span();
    if (IsGap(span)) PrintGap(span, span.begin_lsn >= live_end, json);
    if (span.begin_lsn >= live_end) break;
    more = PrintBatch(span, &filter, json);
  }
  std::fflush(stdout);
  if (report.refused()) Complain(report.refusal_finding()->ToString());
  return ExitOf(report);
}

void PrintRetired(const wal::Follower& follower, bool json) {
  if (json) {
    PrintLine({{"retired", true}, {"lost", follower.lost()}, {"next_seq", follower.next_seq()}});
    return;
  }
  fmt::print("-------- the segment was retired while it was read; {} gone, on with seq {}\n",
             Counted(follower.lost(), "event is", "events are"), follower.next_seq());
}

// Sleeps longer the longer nothing comes.
class Patience {
 public:
  void Reset() { pause_ = kShortest; }
  void Wait() {
    absl::SleepFor(pause_);
    pause_ = std::min(2 * pause_, kLongest);
  }

 private:
  static constexpr absl::Duration kShortest = absl::Milliseconds(5);
  static constexpr absl::Duration kLongest = absl::Milliseconds(160);
  absl::Duration pause_ = kShortest;
};

Exit Follow(const wal::Options& options, Filter filter, bool json) {
  absl::StatusOr<wal::Follower> follower = wal::Follower::Open(options, filter.from_seq);
  if (!follower.ok()) return SayUnreadable(options, follower.status(), json);
  Exit exit = Exit::kClean;
  Patience patience;
  bool said_idle = false;
  while (filter.limit > 0 && follower->next_seq() <= filter.to_seq) {
    const absl::StatusOr<wal::News> news = follower->Next();
    if (!news.ok()) return SayUnreadable(options, news.status(), json);
    switch (*news) {
      case wal::News::kBatch:
        PrintBatch(follower->span(), &filter, json);
        break;
      case wal::News::kDamage:
        PrintGap(follower->span(), false, json);
        exit = Exit::kDamage;
        break;
      case wal::News::kRetired:
        PrintRetired(*follower, json);
        break;
      case wal::News::kNothing:
        if (std::fflush(stdout) != 0) return Exit::kInputOutput;
        if (!said_idle && !ExamineWithSnapshots(options).live_pid) {
          Complain(
              "no process writes this log now; what its last watermark does not name shows when it "
              "is opened again");
        }
        said_idle = true;
        patience.Wait();
        continue;
    }
    patience.Reset();
  }
  return exit;
}

}  // namespace

Exit RunDump(const DumpArguments& arguments) {
  const absl::StatusOr<Filter> filter = FilterFrom(arguments);
  if (!filter.ok()) {
    Say({.code = "usage", .message = std::string(filter.status().message())}, arguments.json);
    return Exit::kUsage;
  }
  const wal::Options options = LogOptions(arguments.directory);
  return arguments.follow ? Follow(options, *filter, arguments.json)
                          : DumpAll(options, *filter, arguments.json);
}

}  // namespace stet::walinspect
