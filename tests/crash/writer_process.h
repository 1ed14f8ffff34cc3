// A writer process as its parent sees it: start it, kill it, ask what it promised.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include <absl/time/time.h>

#include "tests/crash/shared_plan.h"

namespace stet::wal {

// How a process ended.
struct Ending {
  bool killed = false;
  std::optional<WriterExit> code = {};
  std::string error = {};  // its own words
  bool done() const { return code == WriterExit::kDone; }
};

// One writer after another on one piece of shared memory.  Kills what runs when it goes.
class WriterProcess {
 public:
  WriterProcess();
  WriterProcess(const WriterProcess&) = delete;
  WriterProcess& operator=(const WriterProcess&) = delete;
  ~WriterProcess();

  // For the next Start.
  WriterPlan& plan() { return shared_->plan; }
  const Promises& promises() const { return shared_->promises; }
  void SetDirectory(const std::string& directory);
  // Of a log that does not exist yet.
  void ForgetPromises() { Forget(0); }
  // Of a log that ends at `last_seq`: nothing behind it was promised.
  void Forget(uint64_t last_seq);

  void Start();
  // Waits until `at_least` records are released, or it ended, or `wait_max` is over.
  void WaitReleased(uint64_t at_least, absl::Duration wait_max);
  // Waits until the process that Start started has opened the log, or ended.
  void WaitOpened(absl::Duration wait_max);
  bool Running();
  Ending Kill();
  // Waits for its end; kills it after a minute.
  Ending Wait();

  int memory_fd() const { return fd_; }
  // How the promises are printed when something is wrong.
  std::string Describe() const;

 private:
  Ending Reap(int options);

  int fd_ = -1;
  SharedPlan* shared_ = nullptr;
  pid_t pid_ = -1;
  uint64_t openings_before_ = 0;
  Ending ending_ = {};
};

}  // namespace stet::wal
