// Names of raw loads, and the choice of the interface.
#include "tools/walbench/raw_load.h"

namespace stet::walbench {

std::string_view ToString(Interface interface) {
  return interface == Interface::kUring ? "io_uring" : "posix";
}

std::string_view ToString(Method method) {
  switch (method) {
    case Method::kWrite:
      return "write";
    case Method::kDurableWrite:
      return "durable_write";
    case Method::kWriteAndFlush:
      return "flush_each";
    case Method::kLinkedFlush:
      return "linked_flush";
    case Method::kWritesThenFlush:
      return "write_flush";
    case Method::kBuffered:
      return "buffered";
    case Method::kFlush:
      return "flush";
  }
  return "unknown";
}

double LoadResult::PerSecond() const {
  if (elapsed_ns == 0) return 0;
  return static_cast<double>(latency.count()) * 1e9 / static_cast<double>(elapsed_ns);
}

bool Offers(Interface interface, Method method) {
  return interface == Interface::kUring || method != Method::kLinkedFlush;
}

absl::StatusOr<LoadResult> RunLoad(Interface interface, const Load& load) {
  return interface == Interface::kUring ? RunUringLoad(load) : RunPosixLoad(load);
}

}  // namespace stet::walbench
