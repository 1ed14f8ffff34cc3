// Running of commands.
#include "tools/stet/command_activity.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/stet/attempt_files.h"
#include "tools/stet/command_config.h"
#include "tools/stet/files.h"
#include "tools/stet/group_locks.h"
#include "tools/stet/log_tail.h"
#include "tools/stet/quote.h"
#include "tools/stet/references.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/supervised_process.h"

namespace stet::cli {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(50);

// `text` with the outputs that it refers to.
absl::StatusOr<std::string> Expand(const std::string& text, const ActivityContext& context) {
  return ExpandArgument(text, [&](const std::string& task) -> absl::StatusOr<std::string> {
    STET_ASSIGN_OR_RETURN(Payload output, context.output(task));
    return std::move(output.bytes);
  });
}

// This process's environment, the task's, and ours on top.
absl::StatusOr<std::vector<std::string>> Environment(const CommandConfig& config,
                                                     const ActivityContext& context,
                                                     const std::vector<std::string>& files) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == text.npos) continue;
    variables[std::string(text.substr(0, equals))] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : config.env) {
    STET_ASSIGN_OR_RETURN(variables[name], Expand(value, context));
  }
  variables["STET_EXECUTION"] = context.execution_key();
  variables["STET_TASK"] = context.task();
  variables["STET_RUN"] = fmt::format("{}", context.occurrence());
  variables["STET_ATTEMPT"] = fmt::format("{}", context.attempt());
  variables["STET_IDEMPOTENCY_KEY"] = context.idempotency_key();
  std::vector<std::string> environment = files;
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

absl::StatusOr<std::vector<std::string>> Arguments(const CommandConfig& config,
                                                   const ActivityContext& context) {
  std::vector<std::string> arguments;
  for (const std::string& argument : config.argv) {
    STET_ASSIGN_OR_RETURN(std::string expanded, Expand(argument, context));
    arguments.push_back(std::move(expanded));
  }
  return arguments;
}

absl::StatusOr<Payload> OutputOf(const CommandOptions& options, const AttemptFiles& files,
                                 const ActivityContext& context) {
  STET_ASSIGN_OR_RETURN(FileStart start, ReadStart(files.stdout_path, options.output_bytes_max));
  if (start.file_bytes > start.text.size() && options.note) {
    options.note(
        fmt::format("task {} printed {} bytes: the first {} are its output, all of it is in {}",
                    Quote(context.task()), start.file_bytes, start.text.size(), files.stdout_path));
  }
  Payload output(std::move(start.text));
  if (!nlohmann::json::accept(output.bytes)) output.content_type = "text/plain";
  return output;
}

// The file that holds a stateful task's state: as the last success left it, then as the command does.
absl::Status PrepareState(const ActivityContext& context, const std::string& path,
                          std::vector<std::string>& variables) {
  const std::optional<Payload> state = context.state();
  STET_RETURN_IF_ERROR(WriteFile(path, state ? state->bytes : std::string()));
  variables.push_back("STET_STATE=" + path);
  return absl::OkStatus();
}

absl::Status SaveState(const std::string& path, ActivityContext& context) {
  STET_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path));
  Payload state(std::move(bytes));
  if (!nlohmann::json::accept(state.bytes)) state.content_type = "text/plain";
  return context.SetState(std::move(state));
}

// What the system says when it has no more of something: not a word about the command.
bool IsWantOfMeans(int error) {
  return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE ||
         error == ENOSPC || error == EDQUOT;
}

// What the attempt reports about a command that did not end well.
absl::Status FailureOf(const Verdict& verdict, const AttemptFiles& files) {
  if (verdict.kind == Verdict::Kind::kNotStarted) {
    const std::string what =
        fmt::format("cannot {}: {}", OneLine(verdict.what), std::strerror(verdict.value));
    return IsWantOfMeans(verdict.value) ? OwnFailure(absl::ResourceExhaustedError(what))
                                        : absl::FailedPreconditionError(what);
  }
  const std::string how =
      verdict.kind == Verdict::Kind::kExited
          ? fmt::format("exit status {}", verdict.value)
          : fmt::format("killed by signal {} ({})", verdict.value, strsignal(verdict.value));
  const std::string tail = LastLines(files.stderr_path);
  return absl::AbortedError(tail.empty() ? how : fmt::format("{}: {}", how, tail));
}

// So much the command has printed so far, on both.
uint64_t PrintedBytes(const AttemptFiles& files) {
  uint64_t bytes = 0;
  for (const std::string* path : {&files.stdout_path, &files.stderr_path}) {
    struct stat info = {};
    if (stat(path->c_str(), &info) == 0) bytes += static_cast<uint64_t>(info.st_size);
  }
  return bytes;
}

// A command cannot call Heartbeat: that it prints says that it is alive.
absl::StatusOr<Verdict> Await(SupervisedProcess& process, const AttemptFiles& files,
                              ActivityContext& context) {
  uint64_t printed = 0;
  while (true) {
    STET_ASSIGN_OR_RETURN(const std::optional<Verdict> verdict, process.WaitFor(kPoll));
    if (verdict.has_value()) return *verdict;
    if (context.cancelled()) {
      process.Stop();
      continue;
    }
    const uint64_t now_printed = PrintedBytes(files);
    // A refusal says that it is to stop: the next turn finds it cancelled.
    if (now_printed != printed) (void)context.Heartbeat();
    printed = now_printed;
  }
}

// Arguments that are too long are the task's; all else that keeps the supervisor from starting is ours.
absl::StatusOr<SupervisedProcess> Start(ProcessSpec spec) {
  absl::StatusOr<SupervisedProcess> process = SupervisedProcess::Start(std::move(spec));
  if (process.ok() || absl::IsFailedPrecondition(process.status())) return process;
  return OwnFailure(process.status());
}

absl::StatusOr<Payload> RunCommand(const CommandOptions& options, const AttemptFiles& files,
                                   ActivityContext& context) {
  STET_ASSIGN_OR_RETURN(CommandConfig config,
                        CommandConfig::FromJson(std::string(context.config())));
  if (options.compensates) config.argv = config.compensate;
  STET_ASSIGN_OR_RETURN(auto variables, OrOwnFailure(files.Prepare(context)));
  const std::string state_path = files.folder + "/state";
  const bool stateful = config.stateful && !options.compensates;
  if (stateful) {
    STET_RETURN_IF_ERROR(OwnFailure(PrepareState(context, state_path, variables)));
  }
  ProcessSpec spec = {.cwd = config.cwd,
                      .grace = options.grace,
                      .stdout_path = files.stdout_path,
                      .stderr_path = files.stderr_path};
  STET_ASSIGN_OR_RETURN(spec.environment, Environment(config, context, variables));
  STET_ASSIGN_OR_RETURN(spec.argv, Arguments(config, context));
  STET_ASSIGN_OR_RETURN(
      spec.group_lock, OrOwnFailure(LockGroup(
                           files.group_path,
                           fmt::format("task {} of {}, started by stet {}\n", Quote(context.task()),
                                       Quote(context.execution_key()), getpid()))));
  if (context.cancelled()) return absl::CancelledError("stopped before the command started");
  STET_ASSIGN_OR_RETURN(SupervisedProcess process, Start(std::move(spec)));
  STET_ASSIGN_OR_RETURN(const Verdict verdict, Await(process, files, context));
  if (verdict.stopped && context.cancelled()) return absl::CancelledError("stopped");
  // With a full disk under its logs a command fails, or loses output, through no fault of its own.
  STET_RETURN_IF_ERROR(OwnFailure(files.CheckRoom()));
  if (verdict.kind == Verdict::Kind::kExited && verdict.value == 0) {
    if (stateful) STET_RETURN_IF_ERROR(SaveState(state_path, context));
    return OrOwnFailure(OutputOf(options, files, context));
  }
  return FailureOf(verdict, files);
}

}  // namespace

Activity CommandActivity(CommandOptions options) {
  return [options = std::move(options)](ActivityContext& context) -> absl::StatusOr<Payload> {
    const AttemptFiles files = AttemptFiles::For(options.directory, context);
    absl::StatusOr<Payload> result = RunCommand(options, files, context);
    // A killed supervisor may leave processes behind: the next attempt must not start beside them.
    files.Remove([&context] { return context.cancelled(); }, options.note);
    if (IsOwnFailure(result.status())) return options.trouble->Hold(result.status(), context);
    return result;
  };
}

}  // namespace stet::cli
