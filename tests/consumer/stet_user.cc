// A program that knows nothing but the installed library.
#include <cstdio>

#include <stet/clock.h>

int main() {
  const absl::Duration now = stet::SystemClock()->Monotonic();
  std::printf("%s\n", absl::FormatDuration(now).c_str());
  return now > absl::ZeroDuration() ? 0 : 1;
}
