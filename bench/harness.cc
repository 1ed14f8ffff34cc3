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
  cases_.push_back({.name = std::move(name), .measure = std::move(measure), .turns = {}});
}

int Harness::Run() {
  for (uint32_t turn = 0; turn < settings_.turns; ++turn) {
    for (Case& one : cases_) {
      absl::StatusOr<Samples> samples = one.measure();
      if (!samples.ok()) {
        fmt::print(stderr, "{}: {}\n", one.name, samples.status().ToString());
        return 1;
      }
      one.turns.push_back(*std::move(samples));
    }
    std::error_code ignored;
    std::filesystem::remove_all(scratch_, ignored);
  }
  settings_.json ? PrintJson() : Print();
  return 0;
}

std::vector<Sample> Harness::Medians(const Case& one) const {
  std::vector<Sample> medians = one.turns.front();
  for (size_t i = 0; i < medians.size(); ++i) {
    std::vector<double> values;
    for (const Samples& turn : one.turns) values.push_back(turn[i].value);
    medians[i].value = Median(std::move(values));
  }
  return medians;
}

void Harness::Print() const {
  for (const Case& one : cases_) {
    for (const Sample& sample : Medians(one)) {
      fmt::print("{}.{} {:.6g} {}\n", one.name, sample.name, sample.value, sample.unit);
    }
  }
}

void Harness::PrintJson() const {
  fmt::print("{{\"benchmark\": \"{}\", \"turns\": {}, \"results\": [", name_, settings_.turns);
  const char* separator = "\n";
  for (const Case& one : cases_) {
    for (const Sample& sample : Medians(one)) {
      fmt::print("{}  {{\"name\": \"{}.{}\", \"value\": {:.6g}, \"unit\": \"{}\"}}", separator,
                 one.name, sample.name, sample.value, sample.unit);
      separator = ",\n";
    }
  }
  fmt::print("\n]}}\n");
}

}  // namespace stet::bench
