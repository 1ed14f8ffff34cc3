// walinspect show: one execution, task by task, as of any event.
#include <fmt/format.h>

#include "stet/inspect.h"
#include "tools/stet/report_json.h"
#include "tools/stet/report_text.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/moment.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {

Exit RunShow(const ShowArguments& arguments) {
  const auto state = StateAt(arguments.directory, arguments.at);
  if (!state.ok()) return ExitWithout(arguments.directory, state.status(), arguments.json);
  const auto report = state->Report(arguments.execution);
  if (!report.ok()) return ExitWithout(arguments.directory, report.status(), arguments.json);
  if (arguments.json) {
    fmt::print("{}\n", cli::Dump(cli::ShownJson(*report)));
  } else {
    fmt::print("{}", cli::ReportText(*report, arguments.directory));
  }
  return ExitOf(state->log());
}

}  // namespace stet::walinspect
