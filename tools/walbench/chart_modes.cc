// A row for each mode, a dot for each number of threads, the figures beside them.
#include "tools/walbench/chart_modes.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "tools/escaped.h"
#include "tools/walbench/axis.h"

namespace stet::walbench {
namespace {

constexpr double kRow = 24;
constexpr double kDotsLeft = kChartLeft + 60;
constexpr double kDotsWidth = 440;
constexpr double kFiguresLeft = kDotsLeft + kDotsWidth + 40;

// From few threads to many.
constexpr std::string_view kShades[] = {"#9ecae1", "#4292c6", "#08519c", "#08306b"};

std::string ThreadsText(uint32_t producers) {
  return fmt::format("{} thread{}", producers, producers == 1 ? "" : "s");
}

class ModePanel {
 public:
  ModePanel(const Report& report, uint32_t payload, double y)
      : report_(report),
        payload_(payload),
        y_(y),
        axis_(Axis::Kind::kLog, Lowest(), Highest(), kDotsLeft, kDotsLeft + kDotsWidth),
        figures_width_((kChartWidth - kFiguresLeft) /
                       static_cast<double>(std::max<size_t>(report.producers.size(), 1))) {}

  std::string Draw() const {
    std::string svg = TextAt(kChartLeft - 40, y_,
                             fmt::format("Log, appends of {} that each thread waits for: appends "
                                         "per second (1/s), log scale",
                                         BlockText(payload_)),
                             "panel");
    const double rows = kRow * static_cast<double>(std::size(kModes));
    for (const double tick : axis_.ticks()) {
      svg += LineFrom(axis_.At(tick), y_ + 30, axis_.At(tick), y_ + 34 + rows, "grid");
      svg += TextAt(axis_.At(tick), y_ + 50 + rows, Compact(tick), "tick", Anchor::kMiddle);
    }
    for (size_t i = 0; i < report_.producers.size(); ++i) svg += Head(i);
    for (size_t row = 0; row < std::size(kModes); ++row) svg += Row(row);
    return svg;
  }

  double Bottom() const { return y_ + kRow * static_cast<double>(std::size(kModes)) + 90; }

 private:
  double Lowest() const {
    double lowest = 1e9;
    for (const ModeCell& cell : report_.modes) {
      if (cell.payload_bytes != payload_ || !cell.unavailable.empty()) continue;
      lowest = std::min(lowest, cell.result.PerSecond());
    }
    return std::clamp(lowest, 1.0, 1e8);
  }
  double Highest() const {
    double highest = 10;
    for (const ModeCell& cell : report_.modes) {
      if (cell.payload_bytes == payload_) highest = std::max(highest, cell.result.PerSecond());
    }
    return highest;
  }

  double FiguresAt(size_t column) const {
    return kFiguresLeft + static_cast<double>(column) * figures_width_;
  }

  // The legend, and what the figures below it are.
  std::string Head(size_t column) const {
    return Dot(FiguresAt(column) + 5, y_ + 18, kShades[std::min(column, std::size(kShades) - 1)],
               "") +
           TextAt(FiguresAt(column) + 16, y_ + 22,
                  ThreadsText(report_.producers[column]) + ": 1/s, p50/p99 µs", "tick");
  }

  static std::string Dot(double x, double y, std::string_view colour, std::string_view tip) {
    return fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"{}\"><title>{}"
        "</title></circle>\n",
        x, y, colour, Escaped(tip));
  }

  std::string Row(size_t row) const {
    const wal::Durability mode = kModes[row];
    const double middle = y_ + 46 + kRow * static_cast<double>(row);
    std::string svg =
        TextAt(kDotsLeft - 12, middle + 4, wal::ToString(mode), "label", Anchor::kEnd);
    svg += LineFrom(kDotsLeft, middle, kDotsLeft + kDotsWidth, middle, "grid");
    bool measured = false;
    for (size_t i = 0; i < report_.producers.size(); ++i) {
      const ModeCell* cell = report_.Find(mode, payload_, report_.producers[i]);
      if (cell == nullptr || cell->result.latency.count() == 0) continue;
      measured = true;
      const std::string rate = Compact(cell->result.PerSecond());
      svg += Dot(axis_.At(cell->result.PerSecond()), middle,
                 kShades[std::min(i, std::size(kShades) - 1)],
                 fmt::format("{}, {}: {} appends/s", wal::ToString(mode),
                             ThreadsText(cell->producers), rate));
      svg +=
          TextAt(FiguresAt(i) + 16, middle + 4,
                 fmt::format("{}   {:.0f}/{:.0f}", rate, cell->result.latency.QuantileMicros(0.5),
                             cell->result.latency.QuantileMicros(0.99)),
                 "tick");
    }
    if (!measured) svg += TextAt(kDotsLeft + 8, middle + 4, "cannot be measured", "tick");
    return svg;
  }

  const Report& report_;
  const uint32_t payload_;
  const double y_;
  const Axis axis_;
  const double figures_width_;
};

}  // namespace

double PutModes(const Report& report, double y, std::string* svg) {
  for (const uint32_t payload : report.payload_bytes) {
    const ModePanel panel(report, payload, y);
    *svg += panel.Draw();
    y = panel.Bottom();
  }
  return y;
}

}  // namespace stet::walbench
