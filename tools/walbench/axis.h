// Scales and plain shapes of a chart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stet::walbench {

constexpr double kChartWidth = 1180;
constexpr double kChartLeft = 80;  // of the panels; titles hang 40 to the left of it

// From values to pixels, linear or logarithmic.
class Axis {
 public:
  enum class Kind { kLinear, kLog };
  // `low` and `high` are widened to round numbers; `from` and `to` are their pixels.
  Axis(Kind kind, double low, double high, double from, double to);

  double At(double value) const;
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  const Kind kind_;
  double low_;
  double high_;
  const double from_;
  const double to_;
  std::vector<double> ticks_;
};

// SVG elements, one a line.
enum class Anchor { kStart, kMiddle, kEnd };
std::string TextAt(double x, double y, std::string_view text, std::string_view style_class,
                   Anchor anchor = Anchor::kStart);
std::string LineFrom(double x1, double y1, double x2, double y2, std::string_view style_class);

}  // namespace stet::walbench
