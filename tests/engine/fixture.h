// What engine tests share: a directory of their own, and a shorter way to say things.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stet/engine.h"

namespace stet::testing {

// A directory that goes away with it.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  // The directory to be opened; not made yet.
  std::string engine() const { return path_ + "/engine"; }
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

// Tests whether it waits long enough for anything slow.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// Opens, or fails the test.
std::unique_ptr<Engine> MustOpen(EngineOptions options);

// Waits for the end, or fails the test.
ExecutionReport MustWait(Engine& engine, std::string_view execution);

// Starts "main" with `key`, or fails the test.
Started MustStart(Engine& engine, std::string key, Payload input = {});

// Turns true within kPatience.
bool Eventually(const std::function<bool()>& condition);

// Adds a line to a file in one write: the trace of an activity survives kill -9.
void LeaveTrace(const std::string& path, std::string_view line);
std::vector<std::string> Traces(const std::string& path);

// Forks, runs `child` in a process of its own and returns its pid.  The child never returns.
pid_t Spawn(const std::function<void()>& child);
// Kills it, or waits for its end.
void KillAndReap(pid_t pid);
int Reap(pid_t pid);

// One task, or tasks in a row, of one activity.
Workflow Single(Task task);
Workflow Chain(int tasks, std::string activity);

}  // namespace stet::testing
