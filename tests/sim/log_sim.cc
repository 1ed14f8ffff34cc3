// Runs logs on simulated disks, one life after the other per seed, and says the first promise that is broken.
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>
#include <fmt/format.h>

#include "tests/sim/swarm.h"

namespace stet::wal {
namespace {

constexpr std::string_view kUsage =
    R"(log_sim [--seed N | --seeds N] [--from M] [--time 60s] [--keep-going 1]

  --seed N         that one, with all that happened
  --seeds N        so many, from M on (1)
  --time T         as many as fit in T
  --keep-going 1   past broken ones too, each in one line
Exit status: 0 nothing is broken, 1 a promise is, 2 usage.
)";

struct Arguments {
  std::optional<uint64_t> seed;
  uint64_t seeds = UINT64_MAX;
  uint64_t from = 1;
  absl::Duration time = absl::InfiniteDuration();
  bool keep_going = false;
};

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  bool bounded = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) return std::nullopt;
    const std::string value = argv[++i];
    if (name == "--time") {
      if (!absl::ParseDuration(value, &arguments.time)) return std::nullopt;
    } else {
      char* end = nullptr;
      const uint64_t number = std::strtoull(value.c_str(), &end, 10);
      if (value.empty() || *end != '\0') return std::nullopt;
      if (name == "--seed") {
        arguments.seed = number;
      } else if (name == "--seeds") {
        arguments.seeds = number;
      } else if (name == "--from") {
        arguments.from = number;
      } else if (name == "--keep-going") {
        arguments.keep_going = number != 0;
      } else {
        return std::nullopt;
      }
    }
    bounded |= name != "--from";
  }
  return bounded ? std::optional(arguments) : std::nullopt;
}

// Runs the seed once more and tells all of it.
int Explain(uint64_t seed, const char* program) {
  const SwarmResult result = RunSeed(seed, true);
  for (const std::string& line : result.story) fmt::print("{}\n", line);
  if (result.status.ok()) {
    fmt::print(
        "seed {}: {} recoveries, {} crashes, {} damages ({} refused), {} records: as promised\n",
        seed, result.recoveries, result.crashes, result.damages, result.refusals, result.records);
    return 0;
  }
  fmt::print("seed {}: BROKEN: {}\nagain: {} --seed {}\n", seed,
             std::string(result.status.message()), program, seed);
  return 1;
}

int RunMany(const Arguments& arguments, const char* program) {
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return absl::FromChrono(std::chrono::steady_clock::now() - begin); };
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  SwarmResult total;
  uint64_t ran = 0;
  uint64_t broken = 0;
  absl::Duration shown;
  for (; ran < arguments.seeds && elapsed() < arguments.time; ++ran) {
    const SwarmResult result = RunSeed(arguments.from + ran, false);
    if (!result.status.ok()) {
      if (terminal) fmt::print(stderr, "\n");
      ++broken;
      if (arguments.keep_going) {
        fmt::print("seed {}: {}\n", arguments.from + ran, std::string(result.status.message()));
        continue;
      }
      return Explain(arguments.from + ran, program);
    }
    total.recoveries += result.recoveries;
    total.crashes += result.crashes;
    total.damages += result.damages;
    total.refusals += result.refusals;
    if (terminal && elapsed() - shown > absl::Milliseconds(500)) {
      shown = elapsed();
      fmt::print(stderr, "\r{} seeds, {} recoveries", ran + 1, total.recoveries);
    }
  }
  if (terminal) fmt::print(stderr, "\r");
  fmt::print(
      "{} seeds from {}, {:.1f} s: {} recoveries, {} power cuts, {} damages ({} refused): {}"
      "\n",
      ran, arguments.from, absl::ToDoubleSeconds(elapsed()), total.recoveries, total.crashes,
      total.damages, total.refusals,
      broken == 0 ? "all as promised" : fmt::format("{} BROKEN", broken));
  return broken == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  const std::optional<Arguments> arguments = Parse(argc, argv);
  if (!arguments) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  // Each seed opens many logs, with buffers that malloc would map anew.
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
  return arguments->seed ? Explain(*arguments->seed, argv[0]) : RunMany(*arguments, argv[0]);
}

}  // namespace
}  // namespace stet::wal

int main(int argc, char** argv) { return stet::wal::Main(argc, argv); }
