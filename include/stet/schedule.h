// Schedules: they start executions of a workflow at times on the wall clock.
//
//   calendar  ->  planned times  ->  (misfire policy)  ->  waiting  ->  (overlap policy)  ->  execution
//
// A schedule is durable, and so is each time that it has come to: nothing fires twice, and what was
// missed while no process ran is decided by the misfire policy when one runs again.  A time that is
// reached more than a minute late counts as missed.  Only a process that executes its directory
// (EngineOptions::execute) fires schedules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "stet/payload.h"
#include "stet/workflow.h"

#pragma GCC visibility push(default)

namespace stet {

// What becomes of times that were missed.
enum class Misfire : uint8_t {
  kSkip,      // nothing
  kCoalesce,  // the newest of them fires, once for all
  kCatchUp,   // the newest `catch_up_max` of them fire, one after another
};

// What becomes of a time while an execution that the schedule started before still runs.
enum class Overlap : uint8_t {
  kSkip,            // nothing
  kQueueOne,        // it waits for the end of that one; others that come meanwhile are skipped
  kCancelPrevious,  // that one is cancelled, and it follows when it has ended; the newest counts
  kAllow,           // it fires all the same
};

// Wire names: snake_case ("catch_up").
std::string_view ToString(Misfire misfire);
std::string_view ToString(Overlap overlap);
std::optional<Misfire> MisfireFrom(std::string_view name);
std::optional<Overlap> OverlapFrom(std::string_view name);

struct ScheduleSpec {
  std::string name = {};      // unique in the directory; 1..200 bytes, no control characters
  std::string workflow = {};  // a name from EngineOptions::workflows; or `definition`
  // Pinned: later changes of the workflow do not touch the schedule.
  std::optional<Workflow> definition = std::nullopt;
  Payload input = {};  // of each execution
  // When: one of the two.
  std::string cron = {};                        // cron.h
  absl::Duration every = absl::ZeroDuration();  // from the creation on; at least a millisecond
  std::string zone = "UTC";                     // of `cron`: an IANA name such as Europe/Berlin
  Misfire misfire = Misfire::kSkip;
  uint32_t catch_up_max = 10;  // 1..1000
  Overlap overlap = Overlap::kSkip;
  bool paused = false;  // created at rest
};

// A copy of one schedule's released state.
struct ScheduleReport {
  std::string name = {};
  uint64_t seq = 0;  // of its creation
  std::string workflow = {};
  WorkflowHash workflow_hash = {};
  std::string cron = {};
  absl::Duration every = absl::ZeroDuration();
  std::string zone = {};
  Misfire misfire = Misfire::kSkip;
  uint32_t catch_up_max = 0;
  Overlap overlap = Overlap::kSkip;
  bool paused = false;
  uint64_t started = 0;                           // executions
  uint64_t skipped = 0;                           // times, by either policy (missed ones: at least)
  std::optional<absl::Time> last = std::nullopt;  // the time for which the newest execution stands
  std::vector<absl::Time> next = {};              // the next five, on the wall clock
  std::vector<absl::Time> waiting = {};           // that have come and not fired, the first ten
  uint64_t waiting_count = 0;
  std::vector<std::string> running = {};  // keys of its executions, the first ten
  uint64_t running_count = 0;
  std::string text = {};  // why it does not fire now, and what will make it
};

}  // namespace stet

#pragma GCC visibility pop
