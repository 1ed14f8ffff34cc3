// Runs fio and reads its JSON.
#include "bench/fio.h"

#include <sys/wait.h>

#include <cstdio>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/stet/status_macros.h"
#include "tools/walbench/raw_file.h"

namespace stet::bench {
namespace {

constexpr uint64_t kFileBytes = 64 << 20;

struct Outcome {
  int status = -1;
  std::string output = {};
};

Outcome Run(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) return {};
  Outcome outcome;
  std::vector<char> buffer(1 << 16);
  for (size_t n = 1; n > 0;) {
    n = std::fread(buffer.data(), 1, buffer.size(), pipe);
    outcome.output.append(buffer.data(), n);
  }
  outcome.status = ::pclose(pipe);
  return outcome;
}

std::string Command(const std::string& file, FioSync sync, uint32_t block_bytes, uint32_t in_flight,
                    double seconds) {
  const std::string how = sync == FioSync::kDurableWrite ? std::string("--sync=dsync")
                                                         : fmt::format("--fdatasync={}", in_flight);
  return fmt::format(
      "fio --name=reference --filename={} --size={} --rw=write --overwrite=1 --direct=1 "
      "--ioengine=io_uring --bs={} --iodepth={} {} --thread --time_based --runtime={}ms "
      "--fallocate=none --lat_percentiles=1 --clat_percentiles=0 --percentile_list=50:99 "
      "--output-format=json 2>&1",
      file, kFileBytes, block_bytes, in_flight, how, static_cast<int>(seconds * 1e3));
}

}  // namespace

absl::StatusOr<Samples> Fio(const std::string& folder, FioSync sync, uint32_t block_bytes,
                            uint32_t in_flight, double seconds) {
  const std::string file = folder + "/fio";
  STET_RETURN_IF_ERROR(walbench::Prewrite(file, kFileBytes));
  const Outcome outcome = Run(Command(file, sync, block_bytes, in_flight, seconds));
  if (WIFEXITED(outcome.status) && WEXITSTATUS(outcome.status) == 127) {
    return absl::UnavailableError("fio is not installed");
  }
  const auto report = nlohmann::json::parse(outcome.output, nullptr, false);
  if (outcome.status != 0 || report.is_discarded() || !report.contains("jobs")) {
    return absl::InternalError("fio: " + outcome.output);
  }
  const auto& writes = report["jobs"][0]["write"];
  const auto& percentiles = writes["lat_ns"]["percentile"];
  return Samples{{"rate", writes["iops"].get<double>(), "1/s"},
                 {"p50", percentiles["50.000000"].get<double>() / 1e3, "us"},
                 {"p99", percentiles["99.000000"].get<double>() / 1e3, "us"}};
}

}  // namespace stet::bench
