// walinspect diff --from --to: what changed between two moments of one directory.
#include <string>

#include <fmt/format.h>

#include "stet/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/moment.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

void Print(const StateChange& change, bool json) {
  if (json) {
    return PrintLine({{"execution", change.key},
                      {"id", Hex(change.execution)},
                      {"task", TextOrNull(change.task)},
                      {"field", change.field},
                      {"before", TextOrNull(change.before)},
                      {"after", TextOrNull(change.after)}});
  }
  const auto shown = [](const std::string& text) { return text.empty() ? "nothing" : text; };
  const std::string key = change.execution == 0 ? "engine" : change.key;
  fmt::print("{}{}{}  {}: {} -> {}\n", key, change.task.empty() ? "" : " / ", change.task,
             change.field, shown(change.before), shown(change.after));
}

}  // namespace

Exit RunDiffOfMoments(const DiffArguments& arguments) {
  ReplayOptions from = {.directory = arguments.first};
  ReplayOptions to = {.directory = arguments.second.empty() ? arguments.first : arguments.second};
  if (!SetMoment(arguments.from, &from) || !SetMoment(arguments.to, &to)) {
    const bool first = !SetMoment(arguments.from, &from);
    Say({.code = "usage",
         .message =
             first ? NotAMoment("--from", arguments.from) : NotAMoment("--to", arguments.to)},
        arguments.json);
    return Exit::kUsage;
  }
  const auto before = Replay(from);
  const absl::StatusOr<Replayed> after = before.ok() ? Replay(to) : before.status();
  if (!after.ok()) {
    Say({.code = "drift", .message = std::string(after.status().message())}, arguments.json);
    return absl::IsNotFound(after.status())     ? Exit::kInputOutput
           : absl::IsOutOfRange(after.status()) ? Exit::kUsage
                                                : Exit::kDamage;
  }
  if (!arguments.json) fmt::print("from seq {} to seq {}\n", before->seq(), after->seq());
  for (const StateChange& change : DiffStates(*before, *after)) Print(change, arguments.json);
  return Exit::kClean;
}

}  // namespace stet::walinspect
