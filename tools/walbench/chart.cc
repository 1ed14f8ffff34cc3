// The chart: per block size a panel of rates and one of p99; then the modes.
#include "tools/walbench/chart.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "tools/walbench/axis.h"
#include "tools/walbench/chart_modes.h"

namespace stet::walbench {
namespace {

constexpr double kPanelWidth = 440;
constexpr double kPanelHeight = 260;
constexpr double kColumnStep = 570;
constexpr double kRowStep = 370;
constexpr double kTop = 190;  // of the first row

constexpr std::string_view kStyle = R"(<style>
text{font-family:Helvetica,Arial,"DejaVu Sans",sans-serif;font-size:13px;fill:#222}
.title{font-size:21px;font-weight:bold}.sub{fill:#555}.panel{font-size:15px;font-weight:bold}
.tick{font-size:12px;fill:#555}.advice{font-size:14px}
.grid{stroke:#e4e4e4;stroke-width:1}.axis{stroke:#888;stroke-width:1}
.series{fill:none;stroke-width:2.2;stroke-linejoin:round}
</style>
)";

// A colour for each method (safe for the colour-blind); io_uring is drawn through, posix dashed.
struct Look {
  Method method;
  std::string_view colour;
  std::string_view meaning;
};
constexpr std::array<Look, 6> kLooks = {{
    {Method::kDurableWrite, "#0072b2", "durable_write: RWF_DSYNC, each"},
    {Method::kWritesThenFlush, "#d55e00", "write_flush: all writes, then one fdatasync"},
    {Method::kLinkedFlush, "#009e73", "linked_flush: write linked to its fdatasync"},
    {Method::kWriteAndFlush, "#cc79a7", "flush_each: write, then its fdatasync"},
    {Method::kBuffered, "#e69f00", "buffered: page cache, then fdatasync"},
    {Method::kWrite, "#999999", "write: direct, NOT durable (the limit)"},
}};

// One measure of a cell.
struct Measure {
  std::string_view title;
  std::string_view unit;
  Axis::Kind kind;
  double (*of)(const Cell&);
};
double RateOf(const Cell& cell) { return cell.result.PerSecond(); }
double P99Of(const Cell& cell) { return cell.result.latency.QuantileMicros(0.99); }
constexpr Measure kRate = {"writes per second", "1/s", Axis::Kind::kLog, RateOf};
constexpr Measure kP99 = {"p99 latency", "µs", Axis::Kind::kLog, P99Of};

class Panel {
 public:
  Panel(const Report& report, const Measure& measure, uint32_t block, double x, double y)
      : report_(report),
        measure_(measure),
        block_(block),
        x_(x),
        y_(y),
        vertical_(measure.kind, Lowest(), Highest(), y + kPanelHeight, y) {}

  std::string Draw() const {
    std::string svg = TextAt(
        x_, y_ - 12,
        fmt::format("{}: {} ({}), log scale", BlockText(block_), measure_.title, measure_.unit),
        "panel");
    for (const double tick : vertical_.ticks()) {
      const double y = vertical_.At(tick);
      svg += LineFrom(x_, y, x_ + kPanelWidth, y, "grid");
      svg += TextAt(x_ - 8, y + 4, Compact(tick), "tick", Anchor::kEnd);
    }
    svg += LineFrom(x_, y_ + kPanelHeight, x_ + kPanelWidth, y_ + kPanelHeight, "axis");
    for (size_t i = 0; i < report_.in_flight.size(); ++i) {
      svg += TextAt(XOf(i), y_ + kPanelHeight + 18, fmt::format("{}", report_.in_flight[i]), "tick",
                    Anchor::kMiddle);
    }
    svg += TextAt(x_ + kPanelWidth / 2, y_ + kPanelHeight + 38, "number in flight", "tick",
                  Anchor::kMiddle);
    for (const Interface interface : {Interface::kPosix, Interface::kUring}) {
      for (const Look& look : kLooks) svg += Series(interface, look);
    }
    return svg;
  }

 private:
  double XOf(size_t place) const {
    const auto steps = static_cast<double>(std::max<size_t>(report_.in_flight.size() - 1, 1));
    return x_ + 20 + static_cast<double>(place) * (kPanelWidth - 40) / steps;
  }

  double Lowest() const {
    double lowest = 1e18;
    for (const Cell& cell : report_.cells) {
      if (cell.block_bytes == block_) lowest = std::min(lowest, measure_.of(cell));
    }
    return std::max(lowest == 1e18 ? 1 : lowest, 1e-3);
  }
  double Highest() const {
    double highest = 1;
    for (const Cell& cell : report_.cells) {
      if (cell.block_bytes == block_) highest = std::max(highest, measure_.of(cell));
    }
    return highest;
  }

  std::string Series(Interface interface, const Look& look) const {
    std::string points;
    std::string dots;
    const bool posix = interface == Interface::kPosix;
    for (size_t i = 0; i < report_.in_flight.size(); ++i) {
      const Cell* cell = report_.Find(interface, look.method, block_, report_.in_flight[i]);
      if (cell == nullptr) continue;
      const double y = vertical_.At(measure_.of(*cell));
      points += fmt::format("{:.1f},{:.1f} ", XOf(i), y);
      dots += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.6\" fill=\"{}\" stroke=\"{}\" "
          "stroke-width=\"1.6\">"
          "<title>{}, {} in flight: {} {}</title></circle>\n",
          XOf(i), y, posix ? "#fff" : look.colour, look.colour, NameOf(interface, look.method),
          report_.in_flight[i], Compact(measure_.of(*cell)), measure_.unit);
    }
    if (points.empty()) return {};
    return fmt::format("<polyline class=\"series\" stroke=\"{}\"{} points=\"{}\"/>\n{}",
                       look.colour, posix ? " stroke-dasharray=\"6 4\"" : "", points, dots);
  }

  const Report& report_;
  const Measure& measure_;
  const uint32_t block_;
  const double x_;
  const double y_;
  const Axis vertical_;
};

std::string Legend() {
  std::string svg;
  for (size_t i = 0; i < kLooks.size(); ++i) {
    const double x = kChartLeft + static_cast<double>(i % 3) * 370 - 40;
    const size_t row = i / 3;
    const double y = 96 + static_cast<double>(row) * 22;
    svg += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" "
        "stroke-width=\"3\"/>\n",
        x, y - 4, x + 26, y - 4, kLooks[i].colour);
    svg += TextAt(x + 34, y, kLooks[i].meaning, "label");
  }
  svg += TextAt(kChartLeft - 40, 144,
                "drawn through, full dots: io_uring.  Dashed, hollow dots: posix threads.", "sub");
  return svg;
}

std::string Head(const Report& report) {
  return TextAt(kChartLeft - 40, 36, "Durable writes, by operation and number in flight", "title") +
         TextAt(kChartLeft - 40, 60,
                fmt::format("{}; measured for {:.0f} s; blocks overwrite a file that was written "
                            "before",
                            DiskText(report), report.seconds),
                "sub");
}

// In lines that fit; gives the place behind them.
double PutParagraph(std::string_view text, double y, std::string* svg) {
  constexpr size_t kCharacters = 150;
  while (!text.empty()) {
    size_t length = text.size();
    if (length > kCharacters) length = std::min(text.rfind(' ', kCharacters), length);
    *svg += TextAt(kChartLeft - 40, y, text.substr(0, length), "label");
    text.remove_prefix(std::min(length + 1, text.size()));
    y += 20;
  }
  return y;
}

double PutAdvice(const Report& report, double y, std::string* svg) {
  const Recommendation& advice = report.recommendation;
  *svg += TextAt(kChartLeft - 40, y, "Recommended", "panel");
  y += 24;
  if (advice.method) {
    y = PutParagraph(fmt::format("Operation {} by {}: {}.", ToString(*advice.method),
                                 ToString(*advice.interface), advice.because_operation),
                     y, svg);
  }
  return PutParagraph(fmt::format("Mode {}: {}.", wal::ToString(advice.mode), advice.because_mode),
                      y, svg);
}

}  // namespace

std::string ChartOf(const Report& report) {
  std::string body = Head(report) + Legend();
  double y = kTop;
  for (const uint32_t block : report.block_bytes) {
    body += Panel(report, kRate, block, kChartLeft, y).Draw();
    body += Panel(report, kP99, block, kChartLeft + kColumnStep, y).Draw();
    y += kRowStep;
  }
  y = PutModes(report, y, &body);
  y = PutAdvice(report, y, &body) + 16;
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\">\n{2}<rect width=\"100%\" height=\"100%\" "
      "fill=\"#fff\"/>\n{3}</svg>\n",
      kChartWidth, y, kStyle, body);
}

}  // namespace stet::walbench
