// walinspect timeline: what ran when, as a page or as a trace.
#include "stet/timeline.h"

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/walinspect/commands.h"
#include "tools/walinspect/moment.h"
#include "tools/walinspect/page.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

bool WriteFile(const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

}  // namespace

Exit ExitWithout(const std::string& directory, const absl::Status& status, bool json) {
  const bool named =
      absl::IsNotFound(status) || absl::IsInvalidArgument(status) || absl::IsOutOfRange(status);
  const bool drift = absl::IsDataLoss(status) || absl::IsUnimplemented(status);
  const wal::RecoveryReport log = ExamineWithSnapshots(LogOptions(directory));
  Say({.code = log.refused() ? std::string(ToString(log.refusal))
               : named       ? "usage"
               : drift       ? "drift"
                             : "io_error",
       .message = std::string(status.message())},
      json);
  if (log.refused()) return ExitOf(log);
  if (named) return Exit::kUsage;
  return drift ? Exit::kDamage : Exit::kInputOutput;
}

Exit RunTimeline(const TimelineArguments& arguments) {
  ReplayOptions options = {.directory = arguments.directory};
  if (!SetMoment(arguments.at, &options)) {
    Say({.code = "usage", .message = NotAMoment("--at", arguments.at)}, false);
    return Exit::kUsage;
  }
  const auto timeline = ReadTimeline(options, arguments.execution);
  if (!timeline.ok()) return ExitWithout(arguments.directory, timeline.status(), false);
  const TimelineView view = {
      .timeline = &*timeline, .directory = arguments.directory, .execution = arguments.execution};
  const auto text = arguments.perfetto ? PerfettoTrace(view) : TimelinePage(view);
  if (!text.ok()) return ExitWithout(arguments.directory, text.status(), false);
  if (arguments.output == "-") {
    fmt::print("{}", *text);
  } else if (!WriteFile(arguments.output, *text)) {
    const int error = errno;
    Say({.code = "io_error",
         .message = fmt::format("{} cannot be written: {}", arguments.output,
                                std::generic_category().message(error)),
         .file = arguments.output},
        false);
    return Exit::kInputOutput;
  }
  return ExitOf(timeline->state.log());
}

}  // namespace stet::walinspect
