// The main function of the tests that need mounts: skips them where the machine offers none.
#define DOCTEST_CONFIG_IMPLEMENT
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "tests/crash/mounts.h"

namespace {

constexpr int kSkipped = 77;  // as meson understands it

bool HasProgram(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/"}) {
    if (::access((folder + name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

// Why these tests cannot run here; empty if they can.
std::string WhyNot() {
  if (::geteuid() != 0) return "not root";
  for (const char* device : {"/dev/fuse", "/dev/loop-control"}) {
    if (::access(device, R_OK | W_OK) != 0) return std::string(device) + " cannot be used";
  }
  for (const char* program : {"mkfs.ext4", "mkfs.xfs"}) {
    if (!HasProgram(program)) {
      return std::string(program) + " is not installed (e2fsprogs, xfsprogs)";
    }
  }
  return stet::wal::EnterOwnMounts();
}

}  // namespace

int main(int argc, char** argv) {
  ::setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
  if (const std::string reason = WhyNot(); !reason.empty()) {
    std::fprintf(stderr, "SKIPPED: crashes of a real file system are not tested here: %s\n",
                 reason.c_str());
    return kSkipped;
  }
  return doctest::Context(argc, argv).run();
}
