// Curves.
#include "tests/soak/soak_chart.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace stet::soak {
namespace {

constexpr double kWidth = 640;
constexpr double kHeight = 120;

std::string Curve(const std::vector<Sample>& samples, const char* name, const char* colour,
                  double top, const std::function<uint64_t(const Sample&)>& value) {
  uint64_t most = 1;
  for (const Sample& sample : samples) most = std::max(most, value(sample));
  const double span = std::max(1e-9, samples.back().seconds);
  std::string points;
  for (const Sample& sample : samples) {
    const double height = kHeight * static_cast<double>(value(sample)) / static_cast<double>(most);
    points +=
        fmt::format("{:.1f},{:.1f} ", 10 + kWidth * sample.seconds / span, top + kHeight - height);
  }
  return fmt::format(
      "<text x=\"10\" y=\"{:.0f}\">{}, at most {:.1f} MiB</text><polyline points=\"{}\" "
      "fill=\"none\" "
      "stroke=\"{}\"/>\n",
      top - 4, name, static_cast<double>(most) / (1 << 20), points, colour);
}

}  // namespace

std::string Csv(const std::vector<Sample>& samples) {
  std::string text = "seconds,disk_bytes,memory_bytes,kills\n";
  for (const Sample& sample : samples) {
    text += fmt::format("{:.2f},{},{},{}\n", sample.seconds, sample.disk_bytes, sample.memory_bytes,
                        sample.kills);
  }
  return text;
}

std::string Svg(const std::vector<Sample>& samples) {
  std::string text =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"660\" height=\"320\" "
      "font-family=\"sans-serif\" "
      "font-size=\"12\">\n";
  if (!samples.empty()) {
    text += Curve(samples, "disk", "#1f6fb4", 20, [](const Sample& s) { return s.disk_bytes; });
    text +=
        Curve(samples, "memory", "#c0504d", 180, [](const Sample& s) { return s.memory_bytes; });
  }
  return text + "</svg>\n";
}

}  // namespace stet::soak
