// Decisions of `stet run`.
#include "tools/stet/plan.h"

#include <filesystem>
#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/stet/breakers.h"
#include "tools/stet/files.h"
#include "tools/stet/fnv.h"
#include "tools/stet/input.h"
#include "tools/stet/prior.h"
#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

// An input for messages; a long one by its beginning and its hash.
std::string InputText(const Payload& input) {
  constexpr size_t kShownMax = 60;
  if (input.bytes == "null") return "no --input";
  if (input.bytes.size() <= kShownMax) return fmt::format("--input {}", OneLine(input.bytes));
  return fmt::format("--input {} (hash {:016x})", Quote(input.bytes), Fnv1a(input.bytes));
}

// With --pinned the file only lends its name, and need not be there.
std::string PinnedKey(const RunOptions& options, const FileOptions& file_options) {
  const absl::StatusOr<Workflow> workflow = LoadWorkflow(options.file, file_options);
  return workflow.ok() ? workflow->name : std::filesystem::path(options.file).stem().string();
}

// Said here, before anything is made.
absl::Status CheckKey(const RunPlan& plan, bool given) {
  if (plan.key.empty() && given) {
    return absl::InvalidArgumentError(
        "--key is empty: name the execution, or leave it out for the workflow's name");
  }
  // The rule for keys is that for names.
  const Workflow named = {.name = plan.key, .tasks = {{.name = "task", .activity = "none"}}};
  if (Validate(named).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}{}: a key is 1 to 255 bytes of UTF-8 without control characters",
                  given ? "--key " : "", Quote(plan.key)));
}

absl::Status CheckSame(const RunPlan& plan) {
  if (const WorkflowHash hash = HashOf(plan.workflow); hash != plan.prior->workflow_hash) {
    return absl::AlreadyExistsError(fmt::format(
        "execution {} was started from another definition: pinned {}, this file {}; go on with "
        "the pinned one (--pinned), or start another execution (--new or --key)",
        Quote(plan.key), ToString(plan.prior->workflow_hash), ToString(hash)));
  }
  if (plan.input == plan.prior->input) return absl::OkStatus();
  return absl::AlreadyExistsError(fmt::format(
      "execution {} was started with {}, this command has {}; give the same, or start another "
      "execution (--new or --key)",
      Quote(plan.key), InputText(plan.prior->input), InputText(plan.input)));
}

}  // namespace

absl::StatusOr<RunPlan> MakePlan(const RunOptions& options, const Settings& settings) {
  const FileOptions file_options = {.format = options.format,
                                    .time_scale = options.time_scale,
                                    .max_attempts = settings.max_attempts};
  RunPlan plan = {.settings = settings, .key = options.key.value_or("")};
  STET_ASSIGN_OR_RETURN(plan.input, ReadInput(options.input, "--input"));
  STET_ASSIGN_OR_RETURN(plan.breakers, BreakersFrom(options.breakers));
  for (const std::string& file : options.with) {
    STET_ASSIGN_OR_RETURN(Workflow other, LoadWorkflow(file, file_options));
    plan.others.push_back(std::move(other));
  }
  if (options.delay.has_value() &&
      (!absl::ParseDuration(*options.delay, &plan.delay) || plan.delay < absl::ZeroDuration())) {
    return absl::InvalidArgumentError(
        fmt::format("--delay must be a duration such as 90s or 12h, is {}", Quote(*options.delay)));
  }
  if (!options.pinned) {
    STET_ASSIGN_OR_RETURN(plan.workflow, LoadWorkflow(options.file, file_options));
  }
  if (!options.key.has_value()) {
    plan.key = options.pinned ? PinnedKey(options, file_options) : plan.workflow.name;
  }
  STET_RETURN_IF_ERROR(CheckKey(plan, options.key.has_value()));
  STET_ASSIGN_OR_RETURN(const Prior prior, Prior::Read(settings.directory));
  STET_RETURN_IF_ERROR(prior.CheckActivities());
  if (options.new_execution) {
    plan.key = prior.FreeKey(plan.key);
    STET_RETURN_IF_ERROR(CheckKey(plan, options.key.has_value()));
    return plan;
  }
  plan.prior = prior.Find(plan.key);
  if (options.pinned) {
    STET_ASSIGN_OR_RETURN(plan.workflow, prior.Definition(plan.key));
    if (!options.input.has_value() && plan.prior.has_value()) plan.input = plan.prior->input;
  }
  if (plan.prior.has_value()) STET_RETURN_IF_ERROR(CheckSame(plan));
  return plan;
}

}  // namespace stet::cli
