// Command line, turns and medians of benchmarks.
#include "bench/harness.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace stet::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: {} [--json] [--turns N] [--seconds X] [--filter TEXT] [--dir DIR]\n"
    "One line per result: name value unit.  Values are medians over the turns.\n";

[[noreturn]] void Usage(std::string_view name, std::FILE* to, int status) {
  fmt::print(to, fmt::runtime(kUsage), name);
  std::exit(status);
}

Settings Parse(std::string_view name, int argc, char** argv) {
  Settings settings{.directory = std::filesystem::current_path().string()};
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--help") Usage(name, stdout, 0);
    if (flag == "--json") {
      settings.json = true;
      continue;
    }
    if (i + 1 == argc) Usage(name, stderr, 2);
    const char* value = argv[++i];
    if (flag == "--turns") {
      settings.turns = static_cast<uint32_t>(std::max(1L, std::strtol(value, nullptr, 10)));
    } else if (flag == "--seconds") {
      settings.seconds = std::strtod(value, nullptr);
    } else if (flag == "--filter") {
      settings.filter = value;
    } else if (flag == "--dir") {
      settings.directory = value;
    } else {
      Usage(name, stderr, 2);
    }
  }
  return settings;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace

Harness::Harness(std::string name, int argc, char** argv)
    : name_(std::move(name)), settings_(Parse(name_, argc, argv)) {
  scratch_ = fmt::format("{}/bench-{}-{}", settings_.directory, name_, getpid());
}

Harness::~Harness() {
  std::error_code ignored;
  std::filesystem::remove_all(scratch_, ignored);
}

std::string Harness::NewFolder() {
  const std::string folder = fmt::format("{}/{}", scratch_, ++folders_);
  std::filesystem::create_directories(folder);
  return folder;
}

void Harness::Add(std::string name, Measure measure) {
  if (name.find(settings_.filter) == std::string::npos) return;
  cases_.push_back({.name = std::move(name), .measure = std::move(measure)});
}

void Harness::Ratio(std::string name, std::string numerator, std::string denominator,
                    Target target) {
  quotients_.push_back({.name = std::move(name),
                        .numerator = std::move(numerator),
                        .denominator = std::move(denominator),
                        .target = target});
}

absl::Status Harness::RunCase(Case* one) {
  if (one->unavailable) return absl::OkStatus();
  if (isatty(STDERR_FILENO) == 1) {
    fmt::print(stderr, "\r\x1b[K{} turn {}: {}", name_, one->turns.size() + 1, one->name);
  }
  absl::StatusOr<Samples> samples = one->measure();
  if (absl::IsUnavailable(samples.status()) || absl::IsUnimplemented(samples.status())) {
    fmt::print(stderr, "{}: left out: {}\n", one->name, samples.status().ToString());
    one->unavailable = true;
    one->turns.clear();
    return absl::OkStatus();
  }
  if (!samples.ok()) return samples.status();
  one->turns.push_back(*std::move(samples));
  std::error_code ignored;
  std::filesystem::remove_all(scratch_, ignored);
  return absl::OkStatus();
}

int Harness::Run() {
  for (uint32_t turn = 0; turn < settings_.turns; ++turn) {
    for (Case& one : cases_) {
      if (absl::Status status = RunCase(&one); !status.ok()) {
        fmt::print(stderr, "{}: {}\n", one.name, status.ToString());
        return 1;
      }
    }
  }
  if (isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\r\x1b[K");
  settings_.json ? PrintJson() : Print();
  return 0;
}

std::vector<double> Harness::ValuesOf(const std::string& result) const {
  std::vector<double> values;
  for (const Case& one : cases_) {
    if (!result.starts_with(one.name + ".")) continue;
    for (const Samples& turn : one.turns) {
      for (const Sample& sample : turn) {
        if (result.size() == one.name.size() + 1 + sample.name.size() &&
            result.ends_with(sample.name)) {
          values.push_back(sample.value);
        }
      }
    }
  }
  return values;
}

std::vector<Harness::Result> Harness::Results() const {
  std::vector<Result> results;
  const auto add = [&results](std::string name, std::string unit, std::vector<double> values,
                              Target target) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    const double range = *most - *least;
    const double median = Median(std::move(values));
    results.push_back({.name = std::move(name),
                       .value = median,
                       .unit = std::move(unit),
                       .spread = median == 0 ? 0 : range / median,
                       .target = target});
  };
  for (const Case& one : cases_) {
    if (one.turns.empty()) continue;
    for (const Sample& sample : one.turns.front()) {
      const std::string name = one.name + "." + sample.name;
      const auto target = targets_.find(name);
      add(name, sample.unit, ValuesOf(name), target == targets_.end() ? Target{} : target->second);
    }
  }
  for (const Quotient& quotient : quotients_) {
    std::vector<double> values = ValuesOf(quotient.numerator);
    const std::vector<double> by = ValuesOf(quotient.denominator);
    if (values.empty() || values.size() != by.size()) continue;
    for (size_t i = 0; i < values.size(); ++i) values[i] /= by[i];
    add(quotient.name, "x", std::move(values), quotient.target);
  }
  return results;
}

namespace {

bool Met(double value, const Target& target) {
  return (!target.at_least || value >= *target.at_least) &&
         (!target.at_most || value <= *target.at_most);
}

std::string Verdict(double value, const Target& target) {
  if (!target.at_least && !target.at_most) return {};
  return fmt::format("  want {} {:.3g}: {}", target.at_least ? ">=" : "<=",
                     target.at_least ? *target.at_least : *target.at_most,
                     Met(value, target) ? "met" : "NOT MET");
}

std::string TargetJson(double value, const Target& target) {
  if (!target.at_least && !target.at_most) return {};
  return fmt::format(", \"{}\": {:.6g}, \"met\": {}", target.at_least ? "at_least" : "at_most",
                     target.at_least ? *target.at_least : *target.at_most, Met(value, target));
}

}  // namespace

void Harness::Print() const {
  for (const Result& result : Results()) {
    fmt::print("{} {:.6g} {}{}\n", result.name, result.value, result.unit,
               Verdict(result.value, result.target));
  }
}

void Harness::PrintJson() const {
  fmt::print("{{\"benchmark\": \"{}\", \"turns\": {}, \"seconds\": {:.6g}, \"results\": [", name_,
             settings_.turns, settings_.seconds);
  const char* separator = "\n";
  for (const Result& result : Results()) {
    fmt::print(
        "{}  {{\"name\": \"{}\", \"value\": {:.6g}, \"unit\": \"{}\", \"spread\": {:.3g}{}}}",
        separator, result.name, result.value, result.unit, result.spread,
        TargetJson(result.value, result.target));
    separator = ",\n";
  }
  fmt::print("\n]}}\n");
}

}  // namespace stet::bench
