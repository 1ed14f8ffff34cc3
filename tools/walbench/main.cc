// walbench: what durable writes cost on a disk, and which operation and mode of the log suit it.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "stet/wal/storage.h"
#include "tools/stet/status_macros.h"
#include "tools/walbench/chart.h"
#include "tools/walbench/measure.h"
#include "tools/walbench/report.h"
#include "tools/walbench/scratch.h"
#include "tools/walbench/stop.h"

namespace stet::walbench {
namespace {

// Exit statuses; scripts rely on them.
enum class Exit : int {
  kDone = 0,
  kRefused = 2,  // the directory is a log
  kUsage = 3,
  kInputOutput = 4,  // the directory cannot be used, the disk reports an error or is full
  kLocked = 5,       // a log in the directory is being written
  kInterrupted = 130,
};

struct Arguments {
  std::string directory = {};
  bool json = false;
  std::string svg = {};
  double seconds = 20;
};

constexpr std::string_view kFooter =
    R"(Measures every operation that makes writes durable, for blocks of 4 to 256 KiB and 1 to 16 in flight, by
io_uring and by posix threads, beside the disk's own limits, in turns:
  durable_write   each block by one write with RWF_DSYNC, direct
  write_flush     all blocks in flight by direct writes, then one fdatasync for all of them
  linked_flush    each block by a direct write and an fdatasync linked to it, in one system call
  flush_each      each block by a direct write; when it is complete, by its own fdatasync
  buffered        the same through the page cache
  write           a direct write, not durable: the limit
then a log in every durability mode with records of 100 B to 64 KiB and 1 to 64 threads.  Latency in us
as p50/p99/p99.9.  Says which operation and mode suit the disk, and why.

Writes at most 400 MiB to a folder of its own in DIR, and removes it, also when interrupted.  DIR may be the
directory of an application whose log nobody has open.  Root sees more: how often io_uring left an
operation to a worker thread (punts).

Examples:
  walbench /var/lib/app                          within half a minute
  walbench --seconds 3 .                         a first look
  walbench --seconds 120 --json --svg disk.svg . >disk.json

Exit status: 0 done; 2 DIR is a log; 3 usage; 4 I/O error; 5 DIR is in use; 130 interrupted.)";

void Complain(std::string_view message) { fmt::print(stderr, "walbench: {}\n", message); }

Exit ExitOf(const absl::Status& status) {
  if (status.ok()) return Exit::kDone;
  if (absl::IsCancelled(status)) return Exit::kInterrupted;
  if (absl::IsFailedPrecondition(status)) return Exit::kRefused;
  return absl::IsAborted(status) ? Exit::kLocked : Exit::kInputOutput;
}

absl::Status WriteSvg(const std::string& path, const Report& report) {
  std::ofstream file(path, std::ios::binary);
  file << ChartOf(report);
  file.close();
  return file ? absl::OkStatus() : absl::UnknownError("write " + path);
}

absl::StatusOr<Report> MeasureAll(const Arguments& arguments) {
  const int64_t begin = NowNanos();
  const std::atomic<bool>* stop = CatchStopSignals();
  // Counts threads that are started after it is made.
  absl::StatusOr<PuntCounter> punts = PuntCounter::Open();
  const Plan plan = Plan::For(arguments.seconds);
  // Two files for raw writes, and a log with a segment behind the first.
  const uint64_t needed = 2 * plan.file_bytes + 2 * plan.segment_bytes;
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<Scratch> scratch,
                        Scratch::Make(arguments.directory, needed));
  Report report{.directory = arguments.directory,
                .cpus = std::thread::hardware_concurrency(),
                .block_bytes = plan.block_bytes,
                .in_flight = plan.in_flight,
                .payload_bytes = plan.payload_bytes,
                .producers = plan.producers};
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Storage> storage,
                        wal::OpenStorage(wal::Backend::kAuto));
  report.facts = storage->Describe(scratch->path());
  if (!punts.ok()) report.notes.emplace_back(punts.status().message());
  Progress progress(plan.RawSteps() + plan.ModeSteps());
  const Bench bench{.folder = scratch->path(),
                    .stop = stop,
                    .punts = punts.ok() ? &*punts : nullptr,
                    .device = Device::Under(scratch->path()),
                    .progress = &progress};
  (void)::getloadavg(&report.load_average, 1);
  report.device = bench.device.name();
  report.write_cache = bench.device.QueueAttribute("write_cache");
  STET_RETURN_IF_ERROR(MeasureRaw(plan, bench, &report));
  STET_RETURN_IF_ERROR(MeasureModes(plan, bench, &report));
  report.seconds = static_cast<double>(NowNanos() - begin) / 1e9;
  Recommend(&report);
  return report;
}

Exit Run(const Arguments& arguments) {
  const absl::StatusOr<Report> report = MeasureAll(arguments);
  if (!report.ok()) {
    Complain(std::string(report.status().message()));
    return ExitOf(report.status());
  }
  arguments.json ? PrintJson(*report) : PrintText(*report);
  if (std::fflush(stdout) != 0) {
    Complain("standard output cannot be written");
    return Exit::kInputOutput;
  }
  if (arguments.svg.empty()) return Exit::kDone;
  const absl::Status written = WriteSvg(arguments.svg, *report);
  if (!written.ok()) Complain(std::string(written.message()));
  return ExitOf(written);
}

int Main(int argc, char** argv) {
  CLI::App app("Measures what durable writes cost, and says how a log should make them.",
               "walbench");
  app.footer(std::string(kFooter));
  Arguments arguments;
  app.add_option("DIR", arguments.directory, "a directory on the disk to measure")->required();
  app.add_flag("--json", arguments.json, "one JSON object instead of tables");
  app.add_option("--svg", arguments.svg, "write a chart to this file");
  app.add_option("--seconds", arguments.seconds,
                 "how long to measure, about (default 20); below 8: fewer sizes and numbers")
      ->check(CLI::Range(0.1, 3600.0));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    Complain(fmt::format("{}; `walbench --help` says how", error.what()));
    return static_cast<int>(Exit::kUsage);
  }
  try {
    return static_cast<int>(Run(arguments));
  } catch (const std::exception& error) {  // standard output cannot be written
    Complain(error.what());
    return static_cast<int>(Exit::kInputOutput);
  }
}

}  // namespace
}  // namespace stet::walbench

int main(int argc, char** argv) { return stet::walbench::Main(argc, argv); }
