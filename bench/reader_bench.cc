// Records read back per second, with every checksum and the chain verified, and how long a log without a
// snapshot takes to open; from memory (a tmpfs) and from the disk, past the page cache.
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/harness.h"
#include "bench/latency.h"
#include "stet/wal/log.h"
#include "stet/wal/recovery.h"

namespace stet::bench {
namespace {

constexpr const char* kMemory = "/dev/shm";
constexpr size_t kGroup = 200;

struct Shape {
  size_t payload_bytes = 0;
  uint64_t total_bytes = 0;  // of payloads
};

absl::Status Fill(const std::string& directory, const Shape& shape) {
  absl::StatusOr<std::unique_ptr<wal::Log>> log =
      wal::Log::Open({.directory = directory, .create = true, .durability = wal::Durability::kOs});
  if (!log.ok()) return log.status();
  std::string payload(shape.payload_bytes, '\0');
  for (size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>('a' + i % 23);
  const std::vector<wal::NewRecord> group(
      kGroup, {.stream = 1, .type = 1, .payload = std::as_bytes(std::span(payload))});
  for (uint64_t bytes = 0; bytes < shape.total_bytes; bytes += kGroup * payload.size()) {
    const absl::StatusOr<uint64_t> seq = (*log)->Append(group);
    if (!seq.ok()) return seq.status();
  }
  return (*log)->Close();
}

// Opens the log and reads all of it.
absl::StatusOr<Samples> ReadAll(const std::string& directory) {
  const int64_t begin = NowNanos();
  const absl::StatusOr<wal::RecoveredLog> log = wal::Recover({.directory = directory});
  if (!log.ok()) return log.status();
  const int64_t opened = NowNanos();
  uint64_t records = 0;
  uint64_t bytes = 0;
  wal::Reader reader = log->NewReader();
  while (reader.Next()) {
    ++records;
    bytes += reader.record().payload.size();
  }
  if (!reader.status().ok()) return reader.status();
  const auto read_s = static_cast<double>(NowNanos() - opened) / 1e9;
  const auto open_s = static_cast<double>(opened - begin) / 1e9;
  constexpr double kGiB = 1 << 30;
  return Samples{
      {"records", static_cast<double>(records) / read_s, "1/s"},
      {"payload", static_cast<double>(bytes) / read_s / kGiB, "GiB/s"},
      {"recover", open_s * 1e3, "ms"},
      {"recover_rate", static_cast<double>(log->report().scanned_bytes) / open_s / kGiB, "GiB/s"}};
}

// Logs are made once and read in each turn.
class Logs {
 public:
  ~Logs() {
    std::error_code ignored;
    for (const std::string& folder : folders_) std::filesystem::remove_all(folder, ignored);
  }

  absl::StatusOr<Samples> Read(Harness* harness, bool memory, const Shape& shape) {
    const std::string key = fmt::format("{}-{}-{}", memory, shape.payload_bytes, shape.total_bytes);
    auto found = made_.find(key);
    if (found == made_.end()) {
      if (memory && ::access(kMemory, W_OK) != 0) {
        return absl::UnavailableError("no tmpfs to write to");
      }
      // Not one of the harness's folders: those last for one turn.
      const std::string parent = memory ? kMemory : harness->settings().directory;
      folders_.push_back(fmt::format("{}/stet-reader-bench-{}-{}", parent, ::getpid(), key));
      const absl::Status filled = Fill(folders_.back(), shape);
      if (!filled.ok()) return filled;
      found = made_.emplace(key, folders_.back()).first;
    }
    return ReadAll(found->second);
  }

 private:
  std::map<std::string, std::string> made_;
  std::vector<std::string> folders_;
};

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  using stet::bench::Shape;
  stet::bench::Harness harness("reader", argc, argv);
  stet::bench::Logs logs;
  const auto add = [&](const std::string& name, bool memory, Shape shape) {
    harness.Add(name, [&, memory, shape] { return logs.Read(&harness, memory, shape); });
  };
  add("reader_1K_memory", true, {.payload_bytes = 1024, .total_bytes = 256 << 20});
  add("reader_100B_memory", true, {.payload_bytes = 100, .total_bytes = 256 << 20});
  add("recovery_1G_memory", true, {.payload_bytes = 1024, .total_bytes = 1 << 30});
  add("recovery_1G_disk", false, {.payload_bytes = 1024, .total_bytes = 1 << 30});
  harness.Expect("reader_1K_memory.payload", {.at_least = 1});
  harness.Expect("reader_100B_memory.records", {.at_least = 7e6});
  return harness.Run();
}
