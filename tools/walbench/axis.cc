// Ticks at round numbers, and SVG text.
#include "tools/walbench/axis.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tools/escaped.h"

namespace stet::walbench {
namespace {

// 1, 2 or 5 times a power of ten, so that there are four to eight steps.
double StepOf(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 4)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (range / (factor * power) <= 6) return factor * power;
  }
  return 10 * power;
}

}  // namespace

Axis::Axis(Kind kind, double low, double high, double from, double to)
    : kind_(kind), low_(low), high_(high), from_(from), to_(to) {
  if (kind == Kind::kLinear) {
    const double step = StepOf(std::max(high - low, 1e-9));
    high_ = std::ceil(high / step) * step;
    for (double tick = low; tick <= high_ + step / 2; tick += step) ticks_.push_back(tick);
    return;
  }
  low_ = std::pow(10, std::floor(std::log10(low)));
  high_ = std::pow(10, std::ceil(std::log10(std::max(high, low * 1.01))));
  for (double tick = low_; tick <= high_ * 1.01; tick *= 10) ticks_.push_back(tick);
}

double Axis::At(double value) const {
  const double share = kind_ == Kind::kLinear
                           ? (value - low_) / (high_ - low_)
                           : std::log(std::max(value, low_) / low_) / std::log(high_ / low_);
  return from_ + share * (to_ - from_);
}

std::string TextAt(double x, double y, std::string_view text, std::string_view style_class,
                   Anchor anchor) {
  constexpr std::string_view kAnchors[] = {"start", "middle", "end"};
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\" text-anchor=\"{}\">{}</text>\n",
                     x, y, style_class, kAnchors[static_cast<size_t>(anchor)], Escaped(text));
}

std::string LineFrom(double x1, double y1, double x2, double y2, std::string_view style_class) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2,
      y2, style_class);
}

}  // namespace stet::walbench
