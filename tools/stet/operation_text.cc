// Answers to operators, for people.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "tools/stet/operation.h"
#include "tools/stet/quote.h"

namespace stet::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Text(const Json& answer, const char* key) {
  const auto at = answer.find(key);
  return at != answer.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string WhyText(const Json& answer) {
  std::string text = fmt::format("{} ({}): {}\n", OneLine(Text(answer, "execution")),
                                 Text(answer, "id"), Text(answer, "summary"));
  size_t width = 4;
  for (const Json& wait : answer["waits"]) {
    width = std::max(width, std::min<size_t>(Text(wait, "task").size(), 40));
  }
  for (const Json& wait : answer["waits"]) {
    text += fmt::format("  {:{}}  {:8}  {}; ends when {}\n", OneLine(Text(wait, "task")), width,
                        Text(wait, "state"), OneLine(Text(wait, "reason")),
                        OneLine(Text(wait, "ends")));
  }
  const auto open = answer["open_tasks"].get<uint64_t>();
  if (open > answer["waits"].size()) {
    text += fmt::format("  and {} more\n", open - answer["waits"].size());
  }
  return text;
}

// Who it is about: "engine", "activity x", "report (0000000000000005)", "task a of report (...)".
std::string Whom(const Json& answer) {
  if (answer.contains("schedule")) return "schedule " + OneLine(Text(answer, "schedule"));
  if (const std::string breaker = Text(answer, "breaker"); !breaker.empty()) {
    return "breaker " + OneLine(breaker);
  }
  if (!answer.contains("execution")) {
    const std::string activity = Text(answer, "activity");
    return activity.empty() ? "the engine" : "activity " + OneLine(activity);
  }
  const std::string whom =
      fmt::format("{} ({})", OneLine(Text(answer, "execution")), Text(answer, "id"));
  const std::string task = Text(answer, "task");
  return task.empty() ? whom : fmt::format("task {} of {}", OneLine(task), whom);
}

// What came of it.
std::string Done(const std::string& action, const Json& answer) {
  if (action == "retry") return "what failed begins anew; it runs again";
  if (action == "cancel") return "cancellation requested";
  if (action == "pause") return "paused: nothing of it starts; what runs goes on";
  if (action == "resume") return "goes on";
  if (action == "priority") return fmt::format("priority {}", answer["priority"].get<int64_t>());
  if (action == "purge") return "forgotten";
  if (action == "dead_requeue") return "begins anew";
  if (action == "signal") return fmt::format("got signal {}", OneLine(Text(answer, "signal")));
  if (action == "schedule_create") return fmt::format("is there: {}", Text(answer, "why"));
  if (action == "schedule_trigger") return "is to fire now";
  if (action == "schedule_backfill") return fmt::format("is to fire for what it left out");
  if (action == "schedule_pause") return "paused: its times pass";
  if (action == "schedule_resume") return fmt::format("goes on: {}", Text(answer, "why"));
  if (action == "schedule_remove") return "forgotten; its executions go on";
  if (action == "dead_drop") return "its dead letter is gone";
  if (action == "breaker_reset") return "closed";
  return action;
}

std::string Would(const std::string& action) {
  return action == "purge" ? "would be forgotten: its report, its outputs and its dead letters"
                           : "would lose its dead letter: it could not be requeued any more";
}

}  // namespace

std::string AnswerText(const Json& answer) {
  const std::string action = Text(answer, "action");
  if (action == "why") return WhyText(answer);
  if (action == "snapshot") {
    return fmt::format("snapshot of seq {}: {}, {:.1f} MiB, read back\n",
                       answer["seq"].get<uint64_t>(), OneLine(Text(answer, "file")),
                       static_cast<double>(answer["bytes"].get<uint64_t>()) / (1 << 20));
  }
  if (answer["seq"].is_null()) {
    return fmt::format("{} ({}) {}; nothing was changed, --yes does it\n", Whom(answer),
                       Text(answer, "state"), Would(action));
  }
  return fmt::format("{}: {}; seq {}\n", Whom(answer), Done(action, answer),
                     answer["seq"].get<uint64_t>());
}

}  // namespace stet::cli
