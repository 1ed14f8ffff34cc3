// Display of dead letters.
#include "tools/stet/dead_letters.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <absl/status/statusor.h>
#include <fmt/format.h>
#include <stet/inspect.h>

#include "tools/stet/attempt_files.h"
#include "tools/stet/control.h"
#include "tools/stet/plural.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/terminal.h"
#include "tools/stet/time_text.h"

namespace stet::cli {
namespace {

using Json = nlohmann::ordered_json;

Json LetterJson(const DeadLetter& letter) {
  return {{"execution", letter.key}, {"id", PrintId(letter.execution)},
          {"task", letter.task},     {"attempts", letter.attempts},
          {"error", letter.error},   {"at", TimeJson(letter.at)},
          {"seq", letter.seq}};
}

Json HistoryJson(const DeadLetter& letter) {
  Json history = Json::array();
  for (const AttemptRecord& attempt : letter.history) {
    history.push_back({{"generation", attempt.generation},
                       {"attempt", attempt.attempt},
                       {"outcome", ToString(attempt.outcome)},
                       {"started_at", TimeJson(attempt.started_at)},
                       {"finished_at", TimeJson(attempt.finished_at)},
                       {"epoch", attempt.epoch},
                       {"seq", attempt.seq},
                       {"error", attempt.error}});
  }
  return history;
}

std::string LettersText(const std::vector<DeadLetter>& letters) {
  if (letters.empty()) return "no dead letters\n";
  size_t execution_width = 9;
  size_t task_width = 4;
  for (const DeadLetter& letter : letters) {
    execution_width = std::max(execution_width, std::min<size_t>(letter.key.size(), 40));
    task_width = std::max(task_width, std::min<size_t>(letter.task.size(), 40));
  }
  std::string text = fmt::format("{:{}}  {:{}}  {:>8}  {:19}  ERROR\n", "EXECUTION",
                                 execution_width, "TASK", task_width, "ATTEMPTS", "AT");
  for (const DeadLetter& letter : letters) {
    text += fmt::format("{:{}}  {:{}}  {:>8}  {:19}  {}\n", OneLine(letter.key), execution_width,
                        OneLine(letter.task), task_width, letter.attempts, ShortTime(letter.at),
                        OneLine(letter.error));
  }
  return text;
}

std::string LetterText(const DeadLetter& letter) {
  std::string text = fmt::format(
      "execution {} ({})\ntask      {}\nat        {}\nseq       {}\ninput     {}\nerror     {}\n",
      OneLine(letter.key), PrintId(letter.execution), OneLine(letter.task), ShortTime(letter.at),
      letter.seq, Quote(letter.input.bytes), OneLine(letter.error));
  text += fmt::format("attempts  {}, the last {}:\n\n", letter.attempts, letter.history.size());
  text += fmt::format("{:>3}  {:>7}  {:11}  {:19}  {:>8}  ERROR\n", "GEN", "ATTEMPT", "OUTCOME",
                      "STARTED", "TIME");
  for (const AttemptRecord& attempt : letter.history) {
    text += fmt::format("{:>3}  {:>7}  {:11}  {:19}  {:>8}  {}\n", attempt.generation,
                        attempt.attempt, ToString(attempt.outcome), ShortTime(attempt.started_at),
                        ShortDuration(attempt.finished_at - attempt.started_at),
                        OneLine(attempt.error));
  }
  return text;
}

absl::StatusOr<std::string> ListOutput(const std::string& directory, const DeadOptions& options) {
  STET_RETURN_IF_ERROR(CheckDirectory(directory));
  STET_ASSIGN_OR_RETURN(const Replayed state, Replay({.directory = directory}));
  const std::vector<DeadLetter> letters = state.DeadLetters();
  if (!options.json) return LettersText(letters);
  Json list = Json::array();
  for (const DeadLetter& letter : letters) list.push_back(LetterJson(letter));
  Json object;
  object["dead_letters"] = std::move(list);
  object["seq"] = state.seq();
  return Dump(object) + "\n";
}

absl::StatusOr<std::string> ShowOutput(const std::string& directory, const DeadOptions& options) {
  STET_RETURN_IF_ERROR(CheckDirectory(directory));
  STET_ASSIGN_OR_RETURN(const Replayed state, Replay({.directory = directory}));
  const absl::StatusOr<DeadLetter> letter = state.GetDeadLetter(options.execution, options.task);
  if (!letter.ok()) return WithExit(letter.status(), ExitStatus::kUsage, "stet dead ls");
  if (!options.json) return LetterText(*letter);
  Json json = LetterJson(*letter);
  json["input"] = letter->input.bytes;
  json["content_type"] = letter->input.content_type;
  json["history"] = HistoryJson(*letter);
  return Dump(json) + "\n";
}

using MakeOutput = absl::StatusOr<std::string>(const std::string&, const DeadOptions&);

absl::Status SayOutput(const DeadOptions& options, MakeOutput* output, std::string& directory) {
  STET_ASSIGN_OR_RETURN(const Settings settings, ResolveSettings(options.settings));
  directory = settings.directory;
  STET_ASSIGN_OR_RETURN(const std::string text, output(directory, options));
  Say(stdout, text);
  return absl::OkStatus();
}

ExitStatus Finish(const DeadOptions& options, MakeOutput* output) {
  std::string directory;
  const absl::Status said = SayOutput(options, output, directory);
  if (said.ok()) return ExitStatus::kCompleted;
  const Failure failure = FailureFrom(said, directory);
  Print(failure, options.json);
  return failure.exit;
}

}  // namespace

ExitStatus ListDead(const DeadOptions& options) { return Finish(options, ListOutput); }
ExitStatus ShowDead(const DeadOptions& options) { return Finish(options, ShowOutput); }

}  // namespace stet::cli
