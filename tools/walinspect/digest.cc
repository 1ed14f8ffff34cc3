// walinspect digest: does replay give the states that the log says it had?

#include <fmt/format.h>

#include "stet/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/moment.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

Json LineOf(const EventDigest& at) {
  return {{"seq", at.seq},
          {"type", EventTypeName(at.type)},
          {"digest", Hex(at.digest)},
          {"batch_lsn", Hex(at.batch_lsn)},
          {"logged", at.logged}};
}

}  // namespace

Exit RunDigest(const DigestArguments& arguments) {
  ReplayOptions options = {.directory = arguments.directory, .whole_log = true};
  if (!SetMoment(arguments.at, &options)) {
    Say({.code = "usage", .message = NotAMoment("--at", arguments.at)}, arguments.json);
    return Exit::kUsage;
  }
  EventDigest last;
  uint64_t batches = 0;
  const absl::Status status = ForEachDigest(options, [&](const EventDigest& at) {
    last = at;
    if (at.logged) ++batches;
    if (!arguments.each) return;
    if (arguments.json) return PrintLine(LineOf(at));
    fmt::print("{:>10}  {}  {:<20}{}\n", at.seq, Hex(at.digest), EventTypeName(at.type),
               at.logged ? "  as logged" : "");
  });
  if (!status.ok()) {
    Say({.code = "drift", .message = std::string(status.message())}, arguments.json);
    const Exit exit = ExitOf(ExamineWithSnapshots(LogOptions(arguments.directory)));
    return exit == Exit::kInputOutput ? exit : Exit::kDamage;
  }
  if (arguments.each) return Exit::kClean;
  if (arguments.json) {
    PrintLine({{"seq", last.seq}, {"digest", Hex(last.digest)}, {"batches", batches}});
  } else {
    fmt::print("seq {}, digest {}: as logged behind {}\n", last.seq, Hex(last.digest),
               Counted(batches, "batch", "batches"));
  }
  return Exit::kClean;
}

}  // namespace stet::walinspect
