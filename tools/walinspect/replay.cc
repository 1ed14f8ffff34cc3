// walinspect replay: every event anew, or an execution under another definition.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stet/rehearsal.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/workflow_file.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/moment.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json DifferenceJson(const StateChange& change) {
  return {{"task", TextOrNull(change.task)},
          {"field", change.field},
          {"recorded", TextOrNull(change.before)},
          {"rehearsed", TextOrNull(change.after)}};
}

void PrintJson(const Rehearsal& rehearsal) {
  Json differences = Json::array();
  for (const StateChange& change : rehearsal.differences) {
    differences.push_back(DifferenceJson(change));
  }
  PrintLine({{"execution", rehearsal.recorded.key},
             {"id", Hex(rehearsal.recorded.id)},
             {"recorded", ToString(rehearsal.recorded.state)},
             {"rehearsed", ToString(rehearsal.rehearsed.state)},
             {"recorded_hash", ToString(rehearsal.recorded.workflow_hash)},
             {"differences", std::move(differences)},
             {"guessed", rehearsal.guessed}});
}

std::string Shown(const std::string& text) {
  constexpr size_t kMost = 60;
  if (text.empty()) return "nothing";
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

void PrintText(const Rehearsal& rehearsal) {
  fmt::print("{}: {} as recorded, {} under the other definition\n", rehearsal.recorded.key,
             ToString(rehearsal.recorded.state), ToString(rehearsal.rehearsed.state));
  for (const StateChange& change : rehearsal.differences) {
    fmt::print("  {:<20} {:<8} {} -> {}\n", change.task.empty() ? "(execution)" : change.task,
               change.field, Shown(change.before), Painted(Colour::kYellow, Shown(change.after)));
  }
  if (rehearsal.differences.empty()) fmt::print("  no difference\n");
  for (const std::string& task : rehearsal.guessed) {
    fmt::print("  {:<20} guessed: it would have made an attempt of which nothing is recorded\n",
               task);
  }
}

// The executions to rehearse: those named, or all of the workflow.
std::vector<std::string> Chosen(const ReplayArguments& arguments, const Replayed& state,
                                const std::string& workflow) {
  if (!arguments.executions.empty()) return arguments.executions;
  std::vector<std::string> chosen;
  for (const ExecutionSummary& execution : state.List()) {
    if (execution.workflow == workflow) chosen.push_back(Hex(execution.id));
  }
  return chosen;
}

Exit RehearseAll(const ReplayArguments& arguments, const ReplayOptions& options) {
  const auto workflow = cli::LoadWorkflow(arguments.definition, {});
  if (!workflow.ok()) {
    Say({.code = "usage",
         .message = std::string(workflow.status().message()),
         .file = arguments.definition},
        arguments.json);
    return Exit::kUsage;
  }
  const auto state = Replay(options);
  if (!state.ok()) return ExitWithout(arguments.directory, state.status(), arguments.json);
  const std::vector<std::string> chosen = Chosen(arguments, *state, workflow->name);
  if (chosen.empty()) {
    Say({.code = "usage",
         .message = fmt::format("no execution of workflow \"{}\" there; --exec names others",
                                workflow->name)},
        arguments.json);
    return Exit::kUsage;
  }
  bool differ = false;
  for (const std::string& execution : chosen) {
    const auto rehearsal =
        Rehearse({.source = options, .execution = execution, .workflow = *workflow});
    if (!rehearsal.ok()) {
      return ExitWithout(arguments.directory, rehearsal.status(), arguments.json);
    }
    differ = differ || !rehearsal->differences.empty();
    if (arguments.json) {
      PrintJson(*rehearsal);
    } else {
      PrintText(*rehearsal);
    }
  }
  return differ ? Exit::kDamage : Exit::kClean;
}

// By this build, from the log's beginning.
Exit ReplayAll(const ReplayArguments& arguments, ReplayOptions options) {
  options.whole_log = true;
  uint64_t events = 0;
  uint64_t compared = 0;
  EventDigest last;
  const absl::Status replayed = ForEachDigest(options, [&](const EventDigest& digest) {
    ++events;
    compared += digest.logged ? 1 : 0;
    last = digest;
  });
  if (!replayed.ok()) return ExitWithout(arguments.directory, replayed, arguments.json);
  if (arguments.json) {
    PrintLine({{"events", events},
               {"seq", last.seq},
               {"digests_compared", compared},
               {"digest", Hex(last.digest)}});
  } else {
    fmt::print("{} replayed, up to seq {}; {} of batches are as logged; digest {}\n",
               Counted(events, "event", "events"), last.seq, Counted(compared, "digest", "digests"),
               Hex(last.digest));
  }
  return ExitOf(ExamineWithSnapshots(LogOptions(arguments.directory)));
}

}  // namespace

Exit RunReplay(const ReplayArguments& arguments) {
  ReplayOptions options = {.directory = arguments.directory};
  if (!SetMoment(arguments.at, &options)) {
    Say({.code = "usage", .message = NotAMoment("--at", arguments.at)}, arguments.json);
    return Exit::kUsage;
  }
  if (arguments.definition.empty() && !arguments.executions.empty()) {
    Say({.code = "usage", .message = "--exec goes with --definition"}, arguments.json);
    return Exit::kUsage;
  }
  return arguments.definition.empty() ? ReplayAll(arguments, options)
                                      : RehearseAll(arguments, options);
}

}  // namespace stet::walinspect
