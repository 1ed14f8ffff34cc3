// walinspect extract: a part of a log, for others to look at.
#include "stet/extract.h"

#include <fmt/format.h>

#include "tools/walinspect/commands.h"
#include "tools/walinspect/moment.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

void PrintText(const ExtractReport& report, const ExtractArguments& arguments) {
  fmt::print("{} of {} in {}: {}\n", Counted(report.events, "event", "events"), report.events_read,
             arguments.output, Counted(report.executions, "execution", "executions"));
  if (arguments.redact) {
    fmt::print("{} of payloads and errors are x's; definitions, keys and names are not\n",
               BytesText(report.bytes_redacted));
  }
  fmt::print("digest {}, as replayed from what was written\n", Hex(report.digest));
}

}  // namespace

Exit RunExtract(const ExtractArguments& arguments) {
  ExtractOptions options = {.source = {.directory = arguments.directory},
                            .executions = arguments.executions,
                            .directory = arguments.output,
                            .redact = arguments.redact};
  if (!SetMoment(arguments.to, &options.source)) {
    Say({.code = "usage", .message = NotAMoment("--to", arguments.to)}, arguments.json);
    return Exit::kUsage;
  }
  const auto report = Extract(options);
  if (absl::IsAlreadyExists(report.status())) {
    Say({.code = "usage",
         .message = std::string(report.status().message()),
         .file = arguments.output},
        arguments.json);
    return Exit::kUsage;
  }
  if (!report.ok()) return ExitWithout(arguments.directory, report.status(), arguments.json);
  if (arguments.json) {
    PrintLine({{"directory", arguments.output},
               {"executions", report->executions},
               {"events", report->events},
               {"events_read", report->events_read},
               {"redacted", arguments.redact},
               {"bytes_redacted", report->bytes_redacted},
               {"digest", Hex(report->digest)}});
  } else {
    PrintText(*report, arguments);
  }
  return Exit::kClean;
}

}  // namespace stet::walinspect
