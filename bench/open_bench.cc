// Opening a log of 1 GiB after kill -9, from an anchor near its end.
#include <cstdint>

#include "bench/harness.h"
#include "bench/killed_log.h"

int main(int argc, char** argv) {
  stet::bench::Harness harness("open", argc, argv);
  harness.Add("open_killed_1GiB", [&] {
    return stet::bench::OpenKilledLog({.directory = harness.NewFolder() + "/log",
                                       .log_bytes = uint64_t{1} << 30,
                                       .behind_anchor_bytes = 4 << 20});
  });
  harness.Expect("open_killed_1GiB.besides_tail", {.at_most = 50});
  return harness.Run();
}
