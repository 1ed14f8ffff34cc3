// Starting the process that serves the disk, and talking to it.
#include "tests/crash/crash_disk.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include <doctest/doctest.h>

#include "tests/crash/crash_disk_control.h"
#include "tests/crash/fuse_file.h"

namespace stet::wal {
namespace {

// Requests that are worked on at the same time.
constexpr int kThreads = 12;

const Promises* MapPromises(int memory_fd) {
  void* memory = ::mmap(nullptr, sizeof(SharedPlan), PROT_READ, MAP_SHARED, memory_fd, 0);
  return memory == MAP_FAILED ? nullptr : &static_cast<const SharedPlan*>(memory)->promises;
}

// Serves until the test closes its end of `control`, or dies.
[[noreturn]] void RunServer(int fuse_fd, int control, uint64_t bytes, int memory_fd,
                            const char* path) {
  // An interrupt from the keyboard is the test's to handle.
  ::setsid();
  ServedDisk disk(bytes, MapPromises(memory_fd));
  for (int i = 0; i < kThreads; ++i) {
    std::thread([&] { FuseFile(fuse_fd, &disk).Serve(); }).detach();
  }
  DiskRequest request;
  while (::recv(control, &request, sizeof(request), 0) == sizeof(request)) {
    const DiskAnswer answer = disk.Obey(request);
    if (::send(control, &answer, sizeof(answer), MSG_NOSIGNAL) != sizeof(answer)) break;
  }
  // Whatever still waits for this disk gets an error.  Not only when the descriptor goes: if the test has
  // died, the end of this process unmounts what stands on the disk, before that, and would wait for it.
  ::umount2(path, MNT_FORCE);
  ::_exit(0);
}

}  // namespace

CrashDisk::CrashDisk(const std::string& path, uint64_t bytes, int memory_fd) : path_(path) {
  int ends[2];
  REQUIRE_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  const int fuse_fd = MountFuseFile(path.c_str());
  REQUIRE_MESSAGE(fuse_fd >= 0, "FUSE on ", path, ": ", std::string(std::strerror(errno)));
  server_ = ::fork();
  REQUIRE(server_ >= 0);
  if (server_ == 0) {
    ::close(ends[0]);
    RunServer(fuse_fd, ends[1], bytes, memory_fd, path.c_str());
  }
  ::close(ends[1]);
  ::close(fuse_fd);
  control_ = ends[0];
}

CrashDisk::~CrashDisk() {
  ::close(control_);
  int status = 0;
  ::waitpid(server_, &status, 0);
  ::umount2(path_.c_str(), MNT_DETACH);
}

DiskAnswer CrashDisk::Ask(const DiskRequest& request) {
  DiskAnswer answer;
  REQUIRE_EQ(::send(control_, &request, sizeof(request), MSG_NOSIGNAL),
             static_cast<ssize_t>(sizeof(request)));
  REQUIRE_EQ(::recv(control_, &answer, sizeof(answer), 0), static_cast<ssize_t>(sizeof(answer)));
  return answer;
}

void CrashDisk::BeginHistory() { Ask({.kind = DiskRequest::Kind::kBeginHistory}); }

void CrashDisk::EndHistory() { Ask({.kind = DiskRequest::Kind::kEndHistory}); }

void CrashDisk::SetDelay(uint32_t us_max) {
  Ask({.kind = DiskRequest::Kind::kSetDelay, .delay_us_max = us_max});
}

void CrashDisk::SetFault(const DiskFault& fault) {
  Ask({.kind = DiskRequest::Kind::kSetFault, .fault = fault});
}

DiskCounts CrashDisk::Counts() { return Ask({.kind = DiskRequest::Kind::kCounts}).counts; }

PromisesThen CrashDisk::PromisesAt(uint64_t event) {
  return Ask({.kind = DiskRequest::Kind::kPromisesAt, .event = event}).promises;
}

void CrashDisk::GoTo(uint64_t event, Survival survival, uint64_t seed) {
  Ask({.kind = DiskRequest::Kind::kGoTo, .survival = survival, .event = event, .seed = seed});
}

}  // namespace stet::wal
