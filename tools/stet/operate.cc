// From a command line to an answer.
#include "tools/stet/operate.h"

#include <cstdio>
#include <string>

#include <absl/status/statusor.h>
#include <fmt/format.h>

#include "tools/stet/control.h"
#include "tools/stet/files.h"
#include "tools/stet/input.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/run.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/terminal.h"

namespace stet::cli {
namespace {

// What makes it go on, when nobody is at it.
std::string NextText(const nlohmann::ordered_json& answer, const Operation& operation) {
  const bool begins = operation.action == Action::kRetry || operation.action == Action::kResume ||
                      operation.action == Action::kDeadRequeue ||
                      operation.action == Action::kSignal;
  if (!begins || !answer["served_by"].is_null() || !answer.contains("execution")) return {};
  return fmt::format("  nothing runs in this directory: stet run FILE --pinned --key {}\n",
                     Quote(answer["execution"].get<std::string>()));
}

absl::StatusOr<nlohmann::ordered_json> Answer(const absl::StatusOr<Settings>& settings,
                                              const OperateOptions& options) {
  if (!settings.ok()) return settings.status();
  Operation operation = options.operation;
  if (operation.action == Action::kSignal) {
    STET_ASSIGN_OR_RETURN(const Payload payload, ReadInput(options.payload, "JSON"));
    operation.payload = payload.bytes;
  }
  if (operation.action == Action::kScheduleCreate) {
    ScheduleOrder& order = operation.schedule;
    STET_ASSIGN_OR_RETURN(const Payload input, ReadInput(options.payload, "--input"));
    STET_ASSIGN_OR_RETURN(order.text, ReadFile(order.file));
    order.input = input.bytes;
    order.max_attempts = settings->max_attempts;
    // What is wrong with the file is said before anything is made.
    STET_RETURN_IF_ERROR(SpecOf(order).status());
  }
  return CarryOut(*settings, operation);
}

ExitStatus GoOn(const OperateOptions& options, const nlohmann::ordered_json& answer) {
  return Run({.settings = options.settings,
              .key = answer["execution"].get<std::string>(),
              .pinned = true,
              .json = options.json});
}

}  // namespace

ExitStatus Operate(const OperateOptions& options) {
  const absl::StatusOr<Settings> settings = ResolveSettings(options.settings);
  const absl::StatusOr<nlohmann::ordered_json> answer = Answer(settings, options);
  if (!answer.ok()) {
    const Failure failure =
        FailureFrom(answer.status(), settings.ok() ? settings->directory : std::string());
    Print(failure, options.json);
    return failure.exit;
  }
  const bool go_on = options.run && answer->at("served_by").is_null();
  if (!options.json) {
    Say(stdout, AnswerText(*answer));
    if (!go_on) Say(stdout, NextText(*answer, options.operation));
  } else if (!go_on) {
    Say(stdout, Dump(*answer) + "\n");
  }
  return go_on ? GoOn(options, *answer) : ExitStatus::kCompleted;
}

}  // namespace stet::cli
