// Runs the whole engine on a simulated machine, seed after seed, and says the first promise that is broken.
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

#include "tests/sim_engine/story.h"

namespace stet::sim {
namespace {

constexpr std::string_view kUsage =
    R"(sim_engine [--seed N | --seeds N] [--from M] [--steps K] [--time 60s] [--keep-going 1] [--calls 1]

  --seed N         that one, with all that happened
  --seeds N        so many, from M on (1)
  --steps K        at most so many steps before the last life
  --time T         as many as fit in T
  --keep-going 1   past broken ones too, each in one line
  --calls 1        with --seed: every call of the simulated storage
  --twice 1        each seed twice: it must do the same
Exit status: 0 nothing is broken, 1 a promise is, 2 usage.
)";

// Of a story that broke, so much is printed.
constexpr size_t kLinesMax = 40;

struct Arguments {
  std::optional<uint64_t> seed;
  uint64_t seeds = UINT64_MAX;
  uint64_t from = 1;
  uint32_t steps = UINT32_MAX;
  absl::Duration time = absl::InfiniteDuration();
  bool keep_going = false;
  bool calls = false;
  bool twice = false;
};

bool SetNumber(std::string_view name, uint64_t number, Arguments& arguments) {
  if (name == "--seed") {
    arguments.seed = number;
  } else if (name == "--seeds") {
    arguments.seeds = number;
  } else if (name == "--from") {
    arguments.from = number;
  } else if (name == "--steps") {
    arguments.steps = static_cast<uint32_t>(number);
  } else if (name == "--keep-going") {
    arguments.keep_going = number != 0;
  } else if (name == "--calls") {
    arguments.calls = number != 0;
  } else if (name == "--twice") {
    arguments.twice = number != 0;
  } else {
    return false;
  }
  return true;
}

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) return std::nullopt;
    const std::string value = argv[++i];
    if (name == "--time") {
      if (!absl::ParseDuration(value, &arguments.time)) return std::nullopt;
      continue;
    }
    char* end = nullptr;
    const uint64_t number = std::strtoull(value.c_str(), &end, 10);
    if (value.empty() || *end != '\0' || !SetNumber(name, number, arguments)) return std::nullopt;
  }
  const bool bounded =
      arguments.seed || arguments.seeds != UINT64_MAX || arguments.time != absl::InfiniteDuration();
  return bounded ? std::optional(arguments) : std::nullopt;
}

std::string Command(const char* program, uint64_t seed, uint32_t steps) {
  std::string command = fmt::format("{} --seed {}", program, seed);
  if (steps != UINT32_MAX) command += fmt::format(" --steps {}", steps);
  return command;
}

// Runs the seed and tells all of it, or the end of what broke.
int Explain(const Arguments& arguments, uint64_t seed, const char* program) {
  const StoryResult result = RunStory(seed, arguments.steps, true, arguments.calls);
  const bool broken = !result.status.ok();
  const size_t skipped = broken && !arguments.seed && result.lines.size() > kLinesMax
                             ? result.lines.size() - kLinesMax
                             : 0;
  if (skipped > 0) fmt::print("{}\n... {} lines ...\n", result.lines[0], skipped);
  for (size_t i = skipped; i < result.lines.size(); ++i) fmt::print("{}\n", result.lines[i]);
  if (broken) {
    fmt::print("seed {}: BROKEN: {}\nagain: {}\n", seed, std::string(result.status.message()),
               Command(program, seed, result.steps));
    return 1;
  }
  fmt::print(
      "seed {}: {} lives, {} events, {} attempts, {} executions, fingerprint {:016x}: as "
      "promised\n",
      seed, result.lives, result.events, result.attempts, result.executions, result.fingerprint);
  return 0;
}

class Tally {
 public:
  void Add(const StoryResult& result) {
    ++seeds_;
    lives_ += result.lives;
    cuts_ += result.power_cuts;
    events_ += result.events;
    attempts_ += result.attempts;
  }
  uint64_t seeds() const { return seeds_; }
  std::string ToString() const {
    return fmt::format("{} lives, {} power cuts, {} events, {} attempts", lives_, cuts_, events_,
                       attempts_);
  }

 private:
  uint64_t seeds_ = 0;
  uint64_t lives_ = 0;
  uint64_t cuts_ = 0;
  uint64_t events_ = 0;
  uint64_t attempts_ = 0;
};

int RunMany(const Arguments& arguments, const char* program) {
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return absl::FromChrono(std::chrono::steady_clock::now() - begin); };
  Tally tally;
  uint64_t broken = 0;
  for (uint64_t i = 0; i < arguments.seeds && elapsed() < arguments.time; ++i) {
    const uint64_t seed = arguments.from + i;
    StoryResult result = RunStory(seed, arguments.steps, false, false);
    if (result.status.ok() && arguments.twice &&
        RunStory(seed, arguments.steps, false, false).fingerprint != result.fingerprint) {
      result.status = absl::InternalError("it does something else the second time");
    }
    tally.Add(result);
    if (result.status.ok()) continue;
    ++broken;
    if (!arguments.keep_going) {
      // What differs the second time is not broken when it is told.
      if (Explain(arguments, seed, program) == 0) {
        fmt::print("{}\n", std::string(result.status.message()));
      }
      return 1;
    }
    fmt::print("seed {}: {}\n  {}\n", seed, std::string(result.status.message()),
               Command(program, seed, result.steps));
  }
  fmt::print("{} seeds from {}, {:.1f} s: {}: {}\n", tally.seeds(), arguments.from,
             absl::ToDoubleSeconds(elapsed()), tally.ToString(),
             broken == 0 ? "all as promised" : fmt::format("{} BROKEN", broken));
  return broken == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  const std::optional<Arguments> arguments = Parse(argc, argv);
  if (!arguments) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  return arguments->seed ? Explain(*arguments, *arguments->seed, argv[0])
                         : RunMany(*arguments, argv[0]);
}

}  // namespace
}  // namespace stet::sim

int main(int argc, char** argv) { return stet::sim::Main(argc, argv); }
