// Display of progress.
#include "tools/stet/progress.h"

#include <unistd.h>

#include <cstdio>
#include <numeric>

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/stet/quote.h"
#include "tools/stet/terminal.h"
#include "tools/stet/time_text.h"

namespace stet::cli {
namespace {

constexpr size_t kNamesShown = 4;

// The word for what happened to a task; empty when it is not worth a line.
std::string_view Word(TaskState state) {
  switch (state) {
    case TaskState::kCompleted:
      return "done";
    case TaskState::kRetrying:
      return "retry";
    case TaskState::kFailed:
      return "failed";
    case TaskState::kSkipped:
      return "skipped";
    case TaskState::kCancelled:
      return "cancelled";
    case TaskState::kPending:
    case TaskState::kReady:
    case TaskState::kRunning:
    case TaskState::kDeadLettered:
      return {};
  }
  return {};
}

Colour ColourOf(TaskState state) {
  if (IsSuccess(state)) return Colour::kGreen;
  return state == TaskState::kFailed ? Colour::kRed : Colour::kYellow;
}

// The line without what does not fit, so that rewriting it never scrolls.
std::string CutToColumns(std::string line, size_t columns) {
  if (line.size() < columns) return line;
  size_t end = columns - 1;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  line.resize(end);
  return line;
}

std::string JsonLine(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Progress::Progress(std::string key, bool quiet, const Settings& settings)
    : key_(std::move(key)),
      level_(quiet ? LogLevel::kError : settings.log_level),
      json_(settings.log_json),
      terminal_(level_ == LogLevel::kInfo && !json_ && IsTerminal(STDERR_FILENO)),
      begin_(absl::Now()) {}

void Progress::OnTask(const ExecutionSummary& execution, std::string_view task, TaskState state) {
  if (level_ < LogLevel::kInfo || execution.key != key_) return;
  const std::lock_guard lock(mutex_);
  counts_ = execution.counts;
  if (state == TaskState::kRunning) {
    running_.insert(std::string(task));
  } else if (const auto found = running_.find(task); found != running_.end()) {
    running_.erase(found);
  }
  const std::string_view word = Word(state);
  // A terminal shows what went wrong above its line; a log gets everything.
  if (word.empty() || (terminal_ && state == TaskState::kCompleted)) return;
  if (json_) {
    lines_.push_back(JsonLine({{"level", "info"}, {"task", task}, {"state", ToString(state)}}));
    return;
  }
  lines_.push_back(fmt::format(
      "{} {}", Paint(terminal_, ColourOf(state), fmt::format("{:>9}", word)), OneLine(task)));
}

void Progress::OnNote(std::string_view note) {
  if (level_ < LogLevel::kWarn) return;
  const std::lock_guard lock(mutex_);
  if (json_) {
    lines_.push_back(JsonLine({{"level", "warn"}, {"note", note}}));
    return;
  }
  lines_.push_back(Paint(terminal_, Colour::kFaint, fmt::format("     note {}", OneLine(note))));
}

std::string Progress::StatusLine() const {
  const auto count = [&](TaskState state) { return counts_[static_cast<size_t>(state)]; };
  const uint32_t total = std::accumulate(counts_.begin(), counts_.end(), 0u);
  std::string line =
      fmt::format("{}: {} of {} done, {}", OneLine(key_), count(TaskState::kCompleted), total,
                  ShortDuration(absl::Now() - begin_));
  if (const uint32_t retrying = count(TaskState::kRetrying); retrying > 0) {
    line += fmt::format(", {} retrying", retrying);
  }
  if (const uint32_t failed = count(TaskState::kFailed) + count(TaskState::kDeadLettered);
      failed > 0) {
    line += fmt::format(", {} failed", failed);
  }
  size_t shown = 0;
  for (const std::string& task : running_) {
    if (shown == kNamesShown) {
      line += fmt::format(" +{}", running_.size() - kNamesShown);
      break;
    }
    line += fmt::format("{}{}", shown == 0 ? " | " : ", ", OneLine(task));
    ++shown;
  }
  return line;
}

void Progress::WriteLines() {
  if (line_shown_) Say(stderr, "\r\033[K");
  line_shown_ = false;
  for (const std::string& line : lines_) Say(stderr, fmt::format("{}\n", line));
  lines_.clear();
}

void Progress::Show() {
  const std::lock_guard lock(mutex_);
  WriteLines();
  if (!terminal_) return;
  Say(stderr, CutToColumns(StatusLine(), TerminalColumns(STDERR_FILENO)));
  std::fflush(stderr);
  line_shown_ = true;
}

void Progress::Finish() {
  const std::lock_guard lock(mutex_);
  WriteLines();
}

}  // namespace stet::cli
