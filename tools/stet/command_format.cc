// Reading of command workflows.
#include "tools/stet/command_format.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "tools/stet/command_config.h"
#include "tools/stet/output_variable.h"
#include "tools/stet/quote.h"
#include "tools/stet/references.h"
#include "tools/stet/retry_format.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/task_format.h"

namespace stet::cli {
namespace {

// A task as far as "defaults" can prepare it.
struct Draft {
  Task task = {};
  CommandConfig config = {};
};

absl::Status ParseEnv(const Field& env, CommandConfig& config) {
  STET_RETURN_IF_ERROR(env.ExpectKind(JsonValue::Kind::kObject));
  for (const auto& [name, value] : env.value().members) {
    const Field member = env.Member(name, value);
    if (name.empty() || name.find('=') != std::string::npos ||
        name.find('\0') != std::string::npos) {
      return member.Error(fmt::format("{} is no name of an environment variable", Quote(name)));
    }
    STET_ASSIGN_OR_RETURN(config.env[name], member.String());
  }
  return absl::OkStatus();
}

// The settings that stand in tasks and in "defaults" alike.
absl::Status ParseSettings(const Field& object, Draft& draft) {
  for (const auto& [key, value] : object.value().members) {
    const Field member = object.Member(key, value);
    if (key == "cwd") {
      STET_ASSIGN_OR_RETURN(draft.config.cwd, member.NonEmptyString());
      if (draft.config.cwd.find("${tasks.") != std::string::npos) {
        return member.Error("${tasks. ...} is for \"command\" and \"env\" only");
      }
    } else if (key == "env") {
      STET_RETURN_IF_ERROR(ParseEnv(member, draft.config));
    } else if (key == "timeout") {
      STET_ASSIGN_OR_RETURN(draft.task.timeout, member.Duration());
    } else if (key == "priority") {
      STET_ASSIGN_OR_RETURN(const int64_t priority, member.Integer(INT32_MIN, INT32_MAX));
      draft.task.priority = static_cast<int32_t>(priority);
    } else if (key == "retry") {
      STET_RETURN_IF_ERROR(ParseRetry(member, draft.task.retry));
    }
  }
  return absl::OkStatus();
}

absl::Status ParseAfter(const Field& after, Task& task) {
  STET_RETURN_IF_ERROR(after.ExpectKind(JsonValue::Kind::kArray));
  std::set<std::string> seen;
  for (size_t i = 0; i < after.value().items.size(); ++i) {
    STET_ASSIGN_OR_RETURN(std::string name, after.Item(i).NonEmptyString());
    if (!seen.insert(name).second) {
      return after.Item(i).Error(fmt::format("{} is listed twice", Quote(name)));
    }
    if (name == task.name) {
      return after.Item(i).Error(fmt::format("task {} depends on itself", Quote(name)));
    }
    task.after.push_back(std::move(name));
  }
  return absl::OkStatus();
}

// An upstream output must stay one argument and never become program text.
bool IsShellText(const std::vector<std::string>& argv, size_t index) {
  if (index == 0) return false;
  const std::string shell = argv[0].substr(argv[0].rfind('/') + 1);
  const bool known = shell == "sh" || shell == "bash" || shell == "dash" || shell == "zsh" ||
                     shell == "ksh" || shell == "busybox";
  const std::string& before = argv[index - 1];
  return known && before.size() >= 2 && before[0] == '-' && before[1] != '-' &&
         before.find('c') != std::string::npos;
}

// Whether `text` refers to outputs; only those of tasks in "after" are there to be referred to.
absl::StatusOr<bool> CheckReferences(const Field& place, const std::string& text,
                                     const Task& task) {
  const absl::StatusOr<std::vector<ArgumentPart>> parts = SplitArgument(text);
  if (!parts.ok()) return place.Error(std::string(parts.status().message()));
  bool any = false;
  for (const ArgumentPart& part : *parts) {
    if (part.task.empty()) continue;
    any = true;
    if (KindOf(*task.kind) == TaskKind::kMap) {
      return place.Error(
          "a map's command has its item as its input ($STET_INPUT), and no outputs of other tasks");
    }
    if (std::find(task.after.begin(), task.after.end(), part.task) == task.after.end()) {
      return place.Error(
          fmt::format("refers to the output of {}, which is not in \"after\"", Quote(part.task)));
    }
  }
  return any;
}

absl::Status CheckArgument(const Field& item, const std::vector<std::string>& argv, size_t index,
                           const Task& task) {
  STET_ASSIGN_OR_RETURN(const bool refers, CheckReferences(item, argv[index], task));
  if (!refers || !IsShellText(argv, index)) return absl::OkStatus();
  return item.Error(
      "an output must not become shell text; write [\"sh\", \"-c\", \"... \\\"$1\\\"\", "
      "\"sh\", \"${tasks.ID.output}\"], or name it in \"env\", or read the file $STET_OUTPUT_ID");
}

// The variables of the task's own "env", and those of "defaults".
absl::Status CheckEnv(const Field& object, const Draft& draft) {
  for (const auto& [name, value] : draft.config.env) {
    const JsonValue* env = object.value().Find("env");
    const JsonValue* own = env == nullptr ? nullptr : env->Find(name);
    const Field place = own == nullptr ? object : object.Member("env", *env).Member(name, *own);
    const absl::StatusOr<bool> refers = CheckReferences(place, value, draft.task);
    if (refers.ok()) continue;
    if (own != nullptr) return refers.status();
    return absl::InvalidArgumentError(fmt::format("{} (the variable {} of \"defaults\")",
                                                  std::string(refers.status().message()),
                                                  Quote(name)));
  }
  return absl::OkStatus();
}

absl::Status ParseCommand(const Field& object, Draft& draft) {
  const JsonValue* command = object.value().Find("command");
  const JsonValue* run = object.value().Find("run");
  const CommandUse use = CommandUseOf(draft.task);
  if (use == CommandUse::kNone && (command != nullptr || run != nullptr)) {
    return object.Member(run == nullptr ? "command" : "run", run == nullptr ? *command : *run)
        .Error(fmt::format("a {} runs no command", ToString(KindOf(*draft.task.kind))));
  }
  if (use != CommandUse::kNeeded && command == nullptr && run == nullptr) return absl::OkStatus();
  if ((command == nullptr) == (run == nullptr)) {
    return object.Error(command == nullptr ? "needs \"command\" (a list) or \"run\" (shell text)"
                                           : "has both \"command\" and \"run\"");
  }
  if (run != nullptr) {
    const Field field = object.Member("run", *run);
    STET_ASSIGN_OR_RETURN(std::string text, field.NonEmptyString());
    if (text.find("${tasks.") != std::string::npos) {
      return field.Error(
          "${tasks. ...} is for \"command\" and \"env\" only; shell text reads the file "
          "$STET_OUTPUT_ID, or a variable of \"env\"");
    }
    draft.config.argv = {"/bin/sh", "-c", std::move(text)};
    return absl::OkStatus();
  }
  const Field field = object.Member("command", *command);
  if (command->kind == JsonValue::Kind::kString) {
    return field.Error("must be an array, is a string; shell text goes into \"run\"");
  }
  STET_RETURN_IF_ERROR(field.ExpectKind(JsonValue::Kind::kArray));
  if (command->items.empty()) return field.Error("must not be empty");
  for (size_t i = 0; i < command->items.size(); ++i) {
    STET_ASSIGN_OR_RETURN(std::string argument,
                          i == 0 ? field.Item(i).NonEmptyString() : field.Item(i).String());
    draft.config.argv.push_back(std::move(argument));
    STET_RETURN_IF_ERROR(CheckArgument(field.Item(i), draft.config.argv, i, draft.task));
  }
  return absl::OkStatus();
}

// What undoes the task: argv, which may refer to its own output, or shell text.
absl::Status ParseCompensate(const Field& field, Draft& draft) {
  if (draft.config.argv.empty()) return field.Error("goes with a command that it undoes");
  const Task itself = {.after = {draft.task.name}};
  if (field.kind() == JsonValue::Kind::kObject) {
    STET_RETURN_IF_ERROR(field.ExpectKeys({"run"}));
    STET_ASSIGN_OR_RETURN(const Field run, field.Required("run"));
    STET_ASSIGN_OR_RETURN(std::string text, run.NonEmptyString());
    draft.config.compensate = {"/bin/sh", "-c", std::move(text)};
  } else {
    STET_RETURN_IF_ERROR(field.ExpectKind(JsonValue::Kind::kArray));
    if (field.value().items.empty()) return field.Error("must not be empty");
    for (size_t i = 0; i < field.value().items.size(); ++i) {
      STET_ASSIGN_OR_RETURN(std::string argument, field.Item(i).String());
      draft.config.compensate.push_back(std::move(argument));
      STET_RETURN_IF_ERROR(CheckArgument(field.Item(i), draft.config.compensate, i, itself));
    }
  }
  draft.task.compensate = kCompensateActivity;
  return absl::OkStatus();
}

absl::StatusOr<Task> ParseTask(const Field& object, const Draft& defaults) {
  std::vector<std::string_view> keys = {"id",  "command", "run",      "after", "cwd",
                                        "env", "timeout", "priority", "retry", "compensate"};
  keys.insert(keys.end(), std::begin(kTaskExtraKeys), std::end(kTaskExtraKeys));
  STET_RETURN_IF_ERROR(object.ExpectKeys(keys));
  Draft draft = defaults;
  STET_ASSIGN_OR_RETURN(const Field id, object.Required("id"));
  STET_ASSIGN_OR_RETURN(draft.task.name, id.NonEmptyString());
  if (const JsonValue* after = object.value().Find("after")) {
    STET_RETURN_IF_ERROR(ParseAfter(object.Member("after", *after), draft.task));
  }
  STET_RETURN_IF_ERROR(ParseTaskExtras(object, draft.task));
  STET_RETURN_IF_ERROR(ParseCommand(object, draft));
  STET_RETURN_IF_ERROR(ParseSettings(object, draft));
  STET_RETURN_IF_ERROR(CheckEnv(object, draft));
  std::map<std::string, std::string> variables;
  for (const std::string& name : draft.task.after) {
    const auto [place, fresh] = variables.emplace(OutputVariable(name), name);
    if (fresh) continue;
    return object.Error(fmt::format("the outputs of {} and {} would both be {}; rename one task",
                                    Quote(place->second), Quote(name), place->first));
  }
  if (const JsonValue* undo = object.value().Find("compensate")) {
    STET_RETURN_IF_ERROR(ParseCompensate(object.Member("compensate", *undo), draft));
  }
  if (draft.config.argv.empty()) return draft.task;
  draft.task.activity = kCommandActivity;
  draft.config.stateful = KindOf(*draft.task.kind) == TaskKind::kStateful;
  draft.task.config = draft.config.ToJson();
  return draft.task;
}

// Each name in "after" must be a task's id; the message points at the entry.
absl::Status CheckDependencies(const Field& tasks, const Workflow& workflow,
                               const std::map<std::string, size_t>& index) {
  for (size_t i = 0; i < workflow.tasks.size(); ++i) {
    for (size_t k = 0; k < workflow.tasks[i].after.size(); ++k) {
      const std::string& name = workflow.tasks[i].after[k];
      if (index.count(name) != 0) continue;
      const Field task = tasks.Item(i);
      return task.Member("after", *task.value().Find("after"))
          .Item(k)
          .Error(fmt::format("task {} depends on {}, which is not defined",
                             Quote(workflow.tasks[i].name), Quote(name)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Workflow> ParseCommandWorkflow(const Field& root, const FileOptions& options) {
  STET_RETURN_IF_ERROR(root.ExpectKeys({"name", "defaults", "tasks"}));
  Workflow workflow;
  Draft defaults;
  defaults.task.retry.max_attempts = options.max_attempts;
  if (const JsonValue* name = root.value().Find("name")) {
    STET_ASSIGN_OR_RETURN(workflow.name, root.Member("name", *name).NonEmptyString());
  }
  if (const JsonValue* settings = root.value().Find("defaults")) {
    const Field object = root.Member("defaults", *settings);
    STET_RETURN_IF_ERROR(object.ExpectKeys({"cwd", "env", "timeout", "priority", "retry"}));
    STET_RETURN_IF_ERROR(ParseSettings(object, defaults));
  }
  STET_ASSIGN_OR_RETURN(const Field tasks, root.Required("tasks"));
  STET_RETURN_IF_ERROR(tasks.ExpectKind(JsonValue::Kind::kArray));
  if (tasks.value().items.empty()) return tasks.Error("a workflow needs at least one task");
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < tasks.value().items.size(); ++i) {
    STET_ASSIGN_OR_RETURN(Task task, ParseTask(tasks.Item(i), defaults));
    const auto [first, fresh] = index.emplace(task.name, i);
    if (!fresh) {
      return tasks.Item(i).Error(
          fmt::format("duplicate id {}: /tasks/{} has it too", Quote(task.name), first->second));
    }
    workflow.tasks.push_back(std::move(task));
  }
  STET_RETURN_IF_ERROR(CheckDependencies(tasks, workflow, index));
  return workflow;
}

}  // namespace stet::cli
