// SVG by hand: rectangles, curves, text.
#include "tools/walinspect/drawing.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tools/escaped.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

constexpr int kRow = 20;  // px
constexpr int kBar = 14;
constexpr int kLabels = 220;    // px to the left of the bars
constexpr int kBars = 900;      // px of the bars
constexpr int kHead = 26;       // px of the scale
constexpr int kBoxWidth = 150;  // of a task in the graph
constexpr int kBoxHeight = 34;
constexpr int kStepX = 200;
constexpr int kStepY = 46;
constexpr size_t kLabelChars = 30;

std::string Shortened(std::string_view text, size_t chars_max) {
  if (text.size() <= chars_max) return Escaped(text);
  size_t end = chars_max - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return Escaped(text.substr(0, end)) + "…";
}

// A round number of nanoseconds, so that about eight of them cover `span`.
double StepFor(double span) {
  const double rough = std::max(span, 1.0) / 8;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

class Scale {
 public:
  Scale(absl::Time begin, absl::Time end)
      : begin_(begin), span_(std::max(1.0, absl::ToDoubleNanoseconds(end - begin))) {}

  double X(absl::Time time) const {
    const double at = absl::ToDoubleNanoseconds(time - begin_);
    return kLabels + kBars * std::clamp(at / span_, 0.0, 1.0);
  }

  std::string Lines(int height) const {
    std::string text;
    const double step = StepFor(span_);
    for (double at = 0; at <= span_; at += step) {
      const double x = kLabels + kBars * at / span_;
      text += fmt::format(
          "<line x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\" class=\"grid\"/>"
          "<text x=\"{3:.1f}\" y=\"14\" class=\"scale\">+{4}</text>\n",
          x, kHead - 6, height, x + 3, absl::FormatDuration(absl::Nanoseconds(at)));
    }
    return text;
  }

 private:
  const absl::Time begin_;
  const double span_;
};

std::string BoxSvg(const TaskRecord& task, int x, int y) {
  return fmt::format(
      "<g><title>{}: {}{}</title><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\" "
      "fill=\"{}\" class=\"box\"/><text x=\"{}\" y=\"{}\" class=\"name\">{}</text>"
      "<text x=\"{}\" y=\"{}\" class=\"note\">{}</text></g>\n",
      Escaped(task.id), ToString(task.state),
      task.error.empty() ? "" : "\n" + Shortened(task.error, 400), x, y, kBoxWidth, kBoxHeight,
      FillOf(task.state), x + 8, y + 14, Shortened(task.id, 20), x + 8, y + 27,
      Escaped(NoteOf(task)));
}

}  // namespace

std::string_view FillOf(TaskState state) {
  switch (state) {
    case TaskState::kPending:
      return "#f4f4f4";
    case TaskState::kReady:
      return "#cfe3ff";
    case TaskState::kRunning:
      return "#ffe08a";
    case TaskState::kRetrying:
      return "#ffc48a";
    case TaskState::kCompleted:
      return "#bfe3bd";
    case TaskState::kFailed:
    case TaskState::kDeadLettered:
      return "#f4a9a3";
    case TaskState::kSkipped:
      return "#dddddd";
    case TaskState::kCancelled:
      return "#c9c3d9";
  }
  return "#ffffff";
}

std::string_view FillOf(ExecutionState state) {
  switch (state) {
    case ExecutionState::kRunning:
    case ExecutionState::kFinishing:
      return FillOf(TaskState::kRunning);
    case ExecutionState::kCompleted:
      return FillOf(TaskState::kCompleted);
    case ExecutionState::kFailed:
      return FillOf(TaskState::kFailed);
    case ExecutionState::kCancelled:
      return FillOf(TaskState::kCancelled);
  }
  return "#ffffff";
}

std::string_view FillOf(AttemptOutcome outcome) {
  if (outcome == AttemptOutcome::kSuccess) return FillOf(TaskState::kCompleted);
  const bool failed = outcome == AttemptOutcome::kFailure || outcome == AttemptOutcome::kTimeout;
  return FillOf(failed ? TaskState::kFailed : TaskState::kCancelled);
}

std::string NoteOf(const TaskRecord& task) {
  std::string note(ToString(task.state));
  if (task.attempts > 1) note += fmt::format(", {} attempts", task.attempts);
  if (const auto took = task.duration()) {
    note += ", " + absl::FormatDuration(absl::Trunc(*took, absl::Microseconds(1)));
  }
  return note;
}

std::string BarsSvg(std::span<const BarRow> rows, absl::Time now) {
  absl::Time begin = now;
  absl::Time end = absl::InfinitePast();
  const auto end_of = [now](const Bar& bar) { return std::min(bar.end, now); };
  for (const BarRow& row : rows) {
    for (const Bar& bar : row.bars) {
      begin = std::min(begin, bar.begin);
      end = std::max(end, end_of(bar));
    }
  }
  const int height = kHead + static_cast<int>(rows.size()) * kRow + 4;
  const Scale scale(begin, std::max(begin, end));
  std::string text =
      fmt::format("<svg width=\"{}\" height=\"{}\">\n", kLabels + kBars + 90, height);
  text += scale.Lines(height);
  int y = kHead;
  for (const BarRow& row : rows) {
    text += fmt::format("<text x=\"4\" y=\"{}\" class=\"name\">{}</text>\n", y + 12,
                        Shortened(row.label, kLabelChars));
    for (const Bar& bar : row.bars) {
      const double x = scale.X(bar.begin);
      text += fmt::format(
          "<rect x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" height=\"{}\" fill=\"{}\" class=\"box\">"
          "<title>{}</title></rect>\n",
          x, y + 1, std::max(1.0, scale.X(end_of(bar)) - x), kBar, bar.colour, Escaped(bar.tip));
    }
    y += kRow;
  }
  return text + "</svg>\n";
}

std::string GraphSvg(const WorkflowGraph& graph, const ExecutionReport& report) {
  std::vector<int> x(graph.size());
  std::vector<int> y(graph.size());
  std::vector<int> in_wave;
  for (uint32_t task = 0; task < graph.size(); ++task) {
    const uint32_t wave = graph.wave(task);
    if (wave >= in_wave.size()) in_wave.resize(wave + 1);
    x[task] = 10 + static_cast<int>(wave) * kStepX;
    y[task] = 10 + in_wave[wave]++ * kStepY;
  }
  const int rows = *std::max_element(in_wave.begin(), in_wave.end());
  std::string text =
      fmt::format("<svg width=\"{}\" height=\"{}\">\n",
                  20 + static_cast<int>(in_wave.size()) * kStepX, 20 + rows * kStepY);
  for (uint32_t task = 0; task < graph.size(); ++task) {
    for (const uint32_t above : graph.dependencies(task)) {
      const int from_x = x[above] + kBoxWidth;
      const int from_y = y[above] + kBoxHeight / 2;
      const int to_y = y[task] + kBoxHeight / 2;
      text += fmt::format("<path d=\"M{0} {1} C{2} {1} {3} {4} {5} {4}\" class=\"edge\"/>\n",
                          from_x, from_y, from_x + 25, x[task] - 25, to_y, x[task]);
    }
  }
  for (uint32_t task = 0; task < graph.size(); ++task) {
    text += BoxSvg(report.tasks[task], x[task], y[task]);
  }
  return text + "</svg>\n";
}

}  // namespace stet::walinspect
