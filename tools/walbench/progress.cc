// Progress for people and for files.
#include "tools/walbench/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace stet::walbench {

Progress::Progress(size_t steps)
    : steps_(std::max<size_t>(steps, 1)), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (terminal_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::Step(std::string_view what) {
  const size_t percent = std::min<size_t>(done_++ * 100 / steps_, 100);
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K{:3} % {}", percent, what);
    std::fflush(stderr);
    return;
  }
  if (percent / 10 < told_tenth_) return;
  told_tenth_ = percent / 10 + 1;
  fmt::print(stderr, "walbench: {:3} % {}\n", percent, what);
}

}  // namespace stet::walbench
