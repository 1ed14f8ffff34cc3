// A closed loop per thread.
#include "bench/threads.h"

#include <cstdint>
#include <thread>
#include <vector>

#include "bench/latency.h"
#include "tools/stet/status_macros.h"

namespace stet::bench {
namespace {

struct One {
  Latencies latencies = {};
  absl::Status status = {};
};

void Loop(const DurableAppend& append, size_t thread, int64_t end, One* one) {
  for (int64_t now = NowNanos(); now < end && one->status.ok();) {
    one->status = append(thread);
    const int64_t done = NowNanos();
    one->latencies.Add(done - now);
    now = done;
  }
}

}  // namespace

absl::StatusOr<Samples> RunThreads(size_t threads, double seconds, const DurableAppend& append) {
  std::vector<One> all(threads);
  std::vector<std::thread> running;
  const int64_t begin = NowNanos();
  const int64_t end = begin + static_cast<int64_t>(seconds * 1e9);
  for (size_t i = 0; i < threads; ++i) {
    running.emplace_back([&append, i, end, one = &all[i]] { Loop(append, i, end, one); });
  }
  for (std::thread& thread : running) thread.join();
  const int64_t took = NowNanos() - begin;
  for (size_t i = 0; i < threads; ++i) {
    STET_RETURN_IF_ERROR(all[i].status);
    if (i > 0) all[0].latencies.Merge(all[i].latencies);
  }
  return all[0].latencies.Describe(took);
}

}  // namespace stet::bench
