// Append, die, open.
#include "bench/killed_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "bench/killed_process.h"
#include "bench/latency.h"
#include "stet/wal/recovery.h"
#include "stet/wal/storage.h"
#include "stet/wal/writer.h"
#include "tools/stet/status_macros.h"
#include "tools/walbench/raw_file.h"

namespace stet::bench {
namespace {

double MillisSince(int64_t begin) { return static_cast<double>(NowNanos() - begin) / 1e6; }

wal::Options OptionsOf(const KilledLog& killed) {
  return {.directory = killed.directory, .create = true, .durability = wal::Durability::kOs};
}

// Of the child: tells its parent when the log is long enough, and goes on until it is killed.
absl::Status AppendForever(const KilledLog& killed, const Told& tell) {
  const wal::Options options = OptionsOf(killed);
  STET_ASSIGN_OR_RETURN(wal::RecoveredLog recovered, wal::Recover(options));
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Writer> writer,
                        wal::Writer::Start(std::move(recovered), options));
  const std::vector<std::byte> payload(killed.payload_bytes, std::byte{'p'});
  const wal::NewRecord record{.type = 1, .payload = payload};
  constexpr int kBurst = 256;
  for (uint64_t bytes = 0, told = 0;; bytes += kBurst * killed.payload_bytes) {
    for (int i = 0; i < kBurst; ++i) {
      STET_RETURN_IF_ERROR(writer->Append({&record, 1}, 0).status());
    }
    STET_RETURN_IF_ERROR(writer->Poll(absl::ZeroDuration()));
    if (bytes < killed.log_bytes || told++ != 0) continue;
    STET_RETURN_IF_ERROR(writer->Flush());
    STET_RETURN_IF_ERROR(tell());
  }
}

std::vector<std::string> Segments(const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".wal") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void DropCaches(const std::string& directory) {
  for (const std::string& path : Segments(directory)) {
    const walbench::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.ok()) ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  }
}

// A batch about so many bytes before the end, as the application would have noted with a snapshot;
// and how long it took to open the whole.
struct FarAnchor {
  wal::Anchor anchor = {};
  double whole_ms = 0;
};
absl::StatusOr<FarAnchor> FindAnchor(const KilledLog& killed) {
  const int64_t begin = NowNanos();
  STET_ASSIGN_OR_RETURN(const wal::RecoveredLog log, wal::Recover(OptionsOf(killed)));
  FarAnchor found{.whole_ms = MillisSince(begin)};
  const uint64_t behind = killed.behind_anchor_bytes / killed.payload_bytes;
  wal::Reader reader = log.NewReader(log.last_seq() - std::min(behind, log.last_seq() - 1));
  if (!reader.Next()) return absl::InternalError("the killed log is empty");
  found.anchor = wal::AnchorBehind(reader.batch());
  return found;
}

// Plain direct reads of `bytes` of the newest segments.
absl::StatusOr<double> ReadMillis(const std::string& directory, uint64_t bytes) {
  constexpr uint64_t kPiece = 1 << 20;
  const walbench::AlignedMemory memory = walbench::NoiseBlock(kPiece);
  std::vector<std::string> paths = Segments(directory);
  const int64_t begin = NowNanos();
  for (uint64_t left = bytes; left > 0 && !paths.empty(); paths.pop_back()) {
    STET_ASSIGN_OR_RETURN(const walbench::Descriptor file,
                          walbench::OpenRaw(paths.back(), walbench::Caching::kDirect));
    for (off_t offset = 0; left > 0; offset += kPiece) {
      const ssize_t got = ::pread(file.get(), memory.get(), kPiece, offset);
      if (got < 0) return walbench::ErrnoStatus("read " + paths.back());
      if (got == 0) break;
      left -= std::min<uint64_t>(left, static_cast<uint64_t>(got));
    }
  }
  return MillisSince(begin);
}

}  // namespace

absl::StatusOr<Samples> OpenKilledLog(const KilledLog& killed) {
  const auto append = [&](const Told& tell) { return AppendForever(killed, tell); };
  STET_RETURN_IF_ERROR(WorkAndDie(append, absl::Milliseconds(2)));
  STET_ASSIGN_OR_RETURN(const FarAnchor far, FindAnchor(killed));
  DropCaches(killed.directory);
  const wal::Options options = OptionsOf(killed);
  const int64_t begin = NowNanos();
  STET_ASSIGN_OR_RETURN(wal::RecoveredLog log, wal::Recover(options, {&far.anchor, 1}));
  const double recover_ms = MillisSince(begin);
  const uint64_t tail_bytes = log.report().scanned_bytes;
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Writer> writer,
                        wal::Writer::Start(std::move(log), options));
  const double open_ms = MillisSince(begin);
  STET_ASSIGN_OR_RETURN(const double read_ms, ReadMillis(killed.directory, tail_bytes));
  STET_RETURN_IF_ERROR(writer->Close());
  return Samples{{"open", open_ms, "ms"},
                 {"recover", recover_ms, "ms"},
                 {"start", open_ms - recover_ms, "ms"},
                 {"tail", static_cast<double>(tail_bytes) / (1 << 20), "MiB"},
                 {"read_tail", read_ms, "ms"},
                 {"besides_tail", std::max(open_ms - read_ms, 0.0), "ms"},
                 {"whole", far.whole_ms, "ms"}};
}

}  // namespace stet::bench
