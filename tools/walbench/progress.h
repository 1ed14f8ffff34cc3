// A line on standard error that says what is being measured.
#pragma once

#include <cstddef>
#include <string_view>

namespace stet::walbench {

// On a terminal one line that is written over; elsewhere a line for every tenth.
class Progress {
 public:
  explicit Progress(size_t steps);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Step(std::string_view what);

 private:
  const size_t steps_;
  const bool terminal_;
  size_t done_ = 0;
  size_t told_tenth_ = 0;
};

}  // namespace stet::walbench
