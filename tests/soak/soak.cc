// A directory with retention, whose process is killed again and again: neither disk nor memory grows, and no
// opening ever refuses.
//
//   soak --seconds 3600 --directory D --csv soak.csv --svg soak.svg
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include "stet/inspect.h"
#include "tests/soak/soak_chart.h"
#include "tests/soak/soak_child.h"

namespace stet::soak {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kEvery = absl::Milliseconds(100);

struct Arguments {
  double seconds = 10;
  double kill_every = 1.5;  // about
  std::string directory = "soak-directory";
  std::string csv = {};
  std::string svg = {};
};

constexpr char kHelp[] =
    "soak [--seconds 10] [--kill-every 1.5] [--directory soak-directory] [--csv FILE] [--svg "
    "FILE]\n"
    "Works in a directory, kills the worker about every so many seconds, and looks: exit status 0 "
    "if\n"
    "no opening refuses, and disk and memory stay flat.  The directory is made anew.\n";

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 >= argc) return std::nullopt;
    const char* const value = argv[i + 1];
    if (name == "--seconds") {
      arguments.seconds = std::strtod(value, nullptr);
    } else if (name == "--kill-every") {
      arguments.kill_every = std::strtod(value, nullptr);
    } else if (name == "--directory") {
      arguments.directory = value;
    } else if (name == "--csv") {
      arguments.csv = value;
    } else if (name == "--svg") {
      arguments.svg = value;
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

// Files come and go meanwhile.
uint64_t DiskBytes(const std::string& directory) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    const uint64_t size = at->is_regular_file(gone) ? at->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

uint64_t MemoryBytes(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/statm", pid));
  uint64_t total = 0;
  uint64_t resident = 0;
  status >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t SeedOfRun() {
  const char* wanted = std::getenv("STET_SEED");  // NOLINT(concurrency-mt-unsafe)
  const uint64_t seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10)
                                          : static_cast<uint64_t>(absl::ToUnixNanos(absl::Now()));
  fmt::print("STET_SEED={}\n", seed);
  return seed;
}

class Soak {
 public:
  explicit Soak(const Arguments& arguments)
      : arguments_(arguments), begin_(absl::Now()), random_(SeedOfRun()) {}

  bool Run() {
    std::error_code ignored;
    fs::remove_all(arguments_.directory, ignored);
    while (Elapsed() < arguments_.seconds) {
      if (!Round()) return false;
    }
    return true;
  }

  const std::vector<Sample>& samples() const { return samples_; }
  uint64_t kills() const { return kills_; }
  uint64_t last_seq() const { return last_seq_; }

 private:
  double Elapsed() const { return absl::ToDoubleSeconds(absl::Now() - begin_); }

  bool Round() {
    const pid_t child = fork();
    if (child == 0) _exit(Work(arguments_.directory, kills_));
    const double end = Elapsed() + arguments_.kill_every *
                                       std::uniform_real_distribution<double>(0.5, 1.5)(random_);
    int status = 0;
    while (Elapsed() < end) {
      absl::SleepFor(kEvery);
      if (waitpid(child, &status, WNOHANG) == child) {
        fmt::print(stderr, "the worker ended by itself: status {}\n", status);
        return false;
      }
      samples_.push_back({.seconds = Elapsed(),
                          .disk_bytes = DiskBytes(arguments_.directory),
                          .memory_bytes = MemoryBytes(child),
                          .kills = kills_});
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    ++kills_;
    return Look();
  }

  // What open would say: clean or torn, never a refusal.
  bool Look() {
    const wal::RecoveryReport report = ExamineWithSnapshots(LogOptionsFor(arguments_.directory));
    if (report.refused()) {
      fmt::print(stderr, "after kill {}: {}\n", kills_, report.ToString());
      return false;
    }
    last_seq_ = report.last_seq;
    return true;
  }

  const Arguments& arguments_;
  const absl::Time begin_;
  std::mt19937_64 random_;
  std::vector<Sample> samples_;
  uint64_t kills_ = 0;
  uint64_t last_seq_ = 0;
};

// The most of the second half against that of the first: what grows for ever shows; what is prepared ahead
// takes a segment or two.
template <typename Value>
bool Flat(const std::vector<Sample>& samples, const char* name, Value value) {
  if (samples.size() < 20) return true;
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  const auto less = [&](const Sample& a, const Sample& b) { return value(a) < value(b); };
  const uint64_t first = value(*std::max_element(samples.begin(), middle, less));
  const uint64_t second = value(*std::max_element(middle, samples.end(), less));
  fmt::print("{}: at most {:.1f} MiB in the first half, {:.1f} MiB in the second\n", name,
             static_cast<double>(first) / (1 << 20), static_cast<double>(second) / (1 << 20));
  return second <= first + first / 2 + (32 << 20);
}

void WriteFile(const std::string& path, const std::string& text) {
  if (!path.empty()) std::ofstream(path) << text;
}

int Main(int argc, char** argv) {
  const std::optional<Arguments> arguments = Parse(argc, argv);
  if (!arguments) {
    fmt::print("{}", kHelp);
    return 2;
  }
  Soak soak(*arguments);
  const bool sound = soak.Run();
  const std::vector<Sample>& samples = soak.samples();
  WriteFile(arguments->csv, Csv(samples));
  WriteFile(arguments->svg, Svg(samples));
  const bool disk = Flat(samples, "disk", [](const Sample& s) { return s.disk_bytes; });
  const bool memory = Flat(samples, "memory", [](const Sample& s) { return s.memory_bytes; });
  fmt::print("{} events, {} kills: {}\n", soak.last_seq(), soak.kills(),
             sound && disk && memory ? "sound and flat" : "FAILED");
  if (sound) {
    std::error_code ignored;
    fs::remove_all(arguments->directory, ignored);
  }
  return sound && disk && memory ? 0 : 1;
}

}  // namespace
}  // namespace stet::soak

int main(int argc, char** argv) { return stet::soak::Main(argc, argv); }
