// A small frame for benchmarks: cases run in turns, medians are printed, one line per result.
//
//   int main(int argc, char** argv) {
//     stet::bench::Harness harness("append", argc, argv);
//     harness.Add("raw", [&] { return stet::bench::Samples{{"rate", 7100, "1/s"}}; });
//     return harness.Run();
//   }
//
// prints `raw.rate 7100 1/s`.  Cases take turns (a b a b, not a a b b), so that a disk that slows
// down slows all of them.  A ratio of two of its results is taken within each turn:
//
//   harness.Ratio("log_to_raw", "log.rate", "raw.rate", {.at_least = 0.85});
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace stet::bench {

// One number of one turn.
struct Sample {
  std::string name = {};
  double value = 0;
  std::string unit = {};
};
using Samples = std::vector<Sample>;

// One turn of a case.
using Measure = std::function<absl::StatusOr<Samples>()>;

// What a ratio has to reach.
struct Target {
  std::optional<double> at_least = {};
  std::optional<double> at_most = {};
};

// What the command line asked for.
struct Settings {
  bool json = false;
  uint32_t turns = 5;       // --turns N
  double seconds = 1;       // --seconds X: how long a turn should last, about
  std::string filter = {};  // --filter TEXT: only cases whose name holds it
  std::string directory =
      {};  // --dir DIR: where files go; default: a folder beside the program's cwd
};

class Harness {
 public:
  // Exits with status 2 on a wrong command line, and with 0 after --help.
  Harness(std::string name, int argc, char** argv);
  ~Harness();
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  const Settings& settings() const { return settings_; }

  // A new empty folder on the disk under test; removed with the harness.
  std::string NewFolder();

  void Add(std::string name, Measure measure);

  // The median, over the turns, of one result by another of the same turn; "case.sample" names a
  // result.  Left out if one of the two is not there.
  void Ratio(std::string name, std::string numerator, std::string denominator, Target target);

  // What the median of one result has to reach by itself.
  void Expect(std::string result, Target target) { targets_[std::move(result)] = target; }

  // Runs and prints; the exit status of the program.  A case that is Unavailable on this machine or
  // Unimplemented is named on standard error and left out.
  int Run();

 private:
  struct Case {
    std::string name;
    Measure measure;
    std::vector<Samples> turns = {};
    bool unavailable = false;
  };
  struct Quotient {
    std::string name;
    std::string numerator;
    std::string denominator;
    Target target;
  };
  // A line of the output.
  struct Result {
    std::string name = {};
    double value = 0;
    std::string unit = {};
    double spread = 0;  // (largest - smallest) / median
    Target target = {};
  };
  absl::Status RunCase(Case* one);
  std::vector<double> ValuesOf(const std::string& result) const;
  std::vector<Result> Results() const;
  void Print() const;
  void PrintJson() const;

  const std::string name_;
  Settings settings_;
  std::vector<Case> cases_;
  std::vector<Quotient> quotients_;
  std::map<std::string, Target> targets_;
  std::string scratch_;
  int folders_ = 0;
};

}  // namespace stet::bench
