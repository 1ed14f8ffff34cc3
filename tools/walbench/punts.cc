// The counter is the kernel's own (perf_event_open); tracefs is only needed for the tracepoint's
// number.
#include "tools/walbench/punts.h"

#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "tools/stet/status_macros.h"

namespace stet::walbench {
namespace {

constexpr const char* kMounts[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

// 0 if it cannot be read.
uint64_t TracepointIn(const std::string& tracefs) {
  std::ifstream file(tracefs + "/events/io_uring/io_uring_queue_async_work/id");
  uint64_t id = 0;
  file >> id;
  return id;
}

// Where tracefs is not mounted, a thread mounts it in a mount namespace of its own, which ends with
// the thread: the machine is left as it is.
uint64_t TracepointFromPrivateMount() {
  uint64_t id = 0;
  std::thread([&id] {
    if (::unshare(CLONE_NEWNS) != 0) return;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    if (::mount("tracefs", kMounts[0], "tracefs", 0, nullptr) != 0) return;
    id = TracepointIn(kMounts[0]);
  }).join();
  return id;
}

absl::StatusOr<Descriptor> Counter(uint64_t tracepoint, const std::string& filter) {
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.config = tracepoint;
  attributes.inherit = 1;
  Descriptor counter(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!counter.ok()) {
    return absl::UnavailableError("punts: perf_event_open: " +
                                  std::generic_category().message(errno));
  }
  if (::ioctl(counter.get(), PERF_EVENT_IOC_SET_FILTER, filter.c_str()) != 0) {
    return absl::UnavailableError("punts: the tracepoint takes no filter");
  }
  return counter;
}

uint64_t ValueOf(const Descriptor& counter) {
  uint64_t value = 0;
  return ::read(counter.get(), &value, sizeof(value)) == sizeof(value) ? value : 0;
}

}  // namespace

absl::StatusOr<PuntCounter> PuntCounter::Open() {
  uint64_t tracepoint = 0;
  for (const char* mount : kMounts) {
    if (tracepoint == 0) tracepoint = TracepointIn(mount);
  }
  if (tracepoint == 0) tracepoint = TracepointFromPrivateMount();
  if (tracepoint == 0) {
    return absl::UnavailableError("punts: the tracepoints of io_uring cannot be read; be root");
  }
  PuntCounter punts;
  STET_ASSIGN_OR_RETURN(punts.writes_,
                        Counter(tracepoint, fmt::format("opcode=={} || opcode=={} || opcode=={}",
                                                        static_cast<int>(IORING_OP_WRITE),
                                                        static_cast<int>(IORING_OP_WRITEV),
                                                        static_cast<int>(IORING_OP_WRITE_FIXED))));
  STET_ASSIGN_OR_RETURN(
      punts.flushes_,
      Counter(tracepoint, fmt::format("opcode=={}", static_cast<int>(IORING_OP_FSYNC))));
  return punts;
}

Punts PuntCounter::Read() const {
  return {.writes = ValueOf(writes_), .flushes = ValueOf(flushes_)};
}

}  // namespace stet::walbench
