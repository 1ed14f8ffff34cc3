// A directory of a test's own, gone with the test.
#pragma once

#include <stdlib.h>

#include <cassert>
#include <filesystem>
#include <string>

namespace stet::wal {

// On the disk of STET_TEST_DIR, else of the current directory (the build folder: a real disk, not a
// tmpfs).
class TempDirectory {
 public:
  TempDirectory() {
    const char* base = ::getenv("STET_TEST_DIR");  // NOLINT(concurrency-mt-unsafe)
    path_ = (base != nullptr ? std::string(base) : std::filesystem::current_path().string()) +
            "/stet-test-XXXXXX";
    [[maybe_unused]] const char* made = ::mkdtemp(path_.data());
    assert(made != nullptr);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace stet::wal
