// Raw loads as cases.
#include "bench/raw_disk.h"

#include <cstdint>

#include "bench/latency.h"
#include "tools/stet/status_macros.h"
#include "tools/walbench/raw_file.h"

namespace stet::bench {

absl::StatusOr<Samples> RawLoad(const std::string& folder, walbench::Interface interface,
                                walbench::Load load) {
  constexpr uint64_t kFileBytes = 64 << 20;
  const auto caching = load.method == walbench::Method::kBuffered ? walbench::Caching::kBuffered
                                                                  : walbench::Caching::kDirect;
  STET_ASSIGN_OR_RETURN(const walbench::Descriptor file,
                        walbench::NamelessFile(folder, kFileBytes, caching));
  load.fd = file.get();
  load.file_bytes = kFileBytes;
  STET_ASSIGN_OR_RETURN(const walbench::LoadResult result, walbench::RunLoad(interface, load));
  Samples samples = Describe(result.latency, result.elapsed_ns);
  samples.push_back({"bandwidth", result.PerSecond() * load.block_bytes / 1e6, "MB/s"});
  return samples;
}

absl::StatusOr<Samples> RawDurableOverwrites(const std::string& folder, size_t bytes,
                                             double seconds) {
  return RawLoad(folder, walbench::Interface::kPosix,
                 {.method = walbench::Method::kDurableWrite,
                  .block_bytes = static_cast<uint32_t>(bytes),
                  .seconds = seconds});
}

}  // namespace stet::bench
