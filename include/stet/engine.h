// The engine: open a directory, start workflows, wait for them.  Start here.
//
// Everything that happened is an event in the directory's log.  Kill the process at any moment,
// open the directory again, and executions go on: what was recorded is never done again, what was
// in flight is counted as lost and tried again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/activity.h"
#include "stet/breaker.h"
#include "stet/clock.h"
#include "stet/codec.h"
#include "stet/lease.h"
#include "stet/log_line.h"
#include "stet/payload.h"
#include "stet/policy.h"
#include "stet/report.h"
#include "stet/retention.h"
#include "stet/schedule.h"
#include "stet/snapshot.h"
#include "stet/wal/options.h"
#include "stet/wal/recovery.h"
#include "stet/why.h"
#include "stet/workflow.h"

#pragma GCC visibility push(default)

namespace stet {

struct Limits {
  uint32_t tasks = 1'000'000;            // per workflow
  uint64_t payload_bytes = 1 << 20;      // per input or output; at most 8 MiB
  uint32_t key_bytes = 255;              // execution keys
  uint32_t live_executions = 1'000'000;  // not ended
};

// What becomes of the log before the older of the two newest snapshots.
enum class History : uint8_t {
  kBounded,  // given up, as EngineOptions::log.retired says: the directory does not grow for ever
  kKeep,     // kept: every moment of the past can be looked at
};

// Whose threads do the engine's work.
enum class Threads : uint8_t {
  // The engine's: a loop, workers as they are needed, one that prepares the log's segments, and now and
  // then one that makes a snapshot.
  kOwn,
  // The host's: nothing happens but inside Engine::Poll, Maintain and the other calls, all on the thread
  // that called Open.  Calls from other threads are safe; they wait until that thread polls.  (Where the
  // kernel refuses io_uring the log writes through a few threads all the same: EngineOptions::log.)
  kNone,
};

// Takes an attempt and runs it, once, some time, on whatever thread it likes.  Called from the loop's
// thread: should be quick, and must not call the engine.  One that it lets go of without running it, or
// for which it throws, has failed (and is retried as any other).
using Executor = std::function<void(std::function<void()> run)>;

struct EngineOptions {
  // The directory of the engine (its log is DIRECTORY/wal).  Created if absent, unless `create` is
  // false.  Empty: a memory engine without a log.
  std::string directory = {};
  bool create = true;
  wal::Durability durability = wal::Durability::kCommit;
  Threads threads = Threads::kOwn;
  // Runs the activities; null: workers of the engine's, or with Threads::kNone Poll itself.
  Executor executor = nullptr;
  // Threads::kNone: called from any thread when something has arrived for the loop and nobody is in
  // Poll.  For hosts that sleep elsewhere; must not call the engine.
  std::function<void()> on_wake = nullptr;
  // Activities run at the same time.  0: as many as there are cores; 1 where Poll runs them, one after
  // the other (more then only wait for their turn, having been started by one flush).
  uint32_t concurrency = 0;
  std::vector<Workflow> workflows = {};             // known by name to Start
  std::map<std::string, Activity> activities = {};  // by name
  // By the activity's name.  What they keep from starting holds up nothing else.
  std::map<std::string, ActivityLimit> activity_limits = {};
  // Circuit breakers, by name: of an activity, or that tasks name (Task::breaker).  Where they stand is in the
  // log; a breaker that is not listed here is looked at by nobody.
  std::map<std::string, BreakerPolicy> breakers = {};
  // A run that waits gains one point of priority each time it has waited for so long: none waits for ever behind
  // more urgent ones that keep coming.  > 0; infinite: it gains none.
  absl::Duration priority_ageing = absl::InfiniteDuration();
  Limits limits = {};
  // How long the next opening may take to replay the log, about: a snapshot is made before it takes
  // longer, in the background and when closing.  Infinite: only Engine::Snapshot makes one.
  absl::Duration recovery_target = absl::Seconds(1);
  // How long Open may wait before it tries a directory again at which openings have failed at one event
  // three times in a row or more (DIRECTORY/OPEN_FAILURES counts them); zero: it never waits.
  absl::Duration open_pause_max = absl::Minutes(1);
  History history = History::kBounded;
  Retention retention = {};
  // Set by the engine, whatever they say: directory, create, durability, state_digest_version,
  // event_level and event_level_max.
  wal::Options log = {};
  // Null: SystemClock().  Must outlive the engine.  Timeouts, sleeps and graces are measured by its
  // steady time, never by the wall's.
  Clock* clock = nullptr;
  // Encodes what is stored of payloads; null: they are stored as they are.  Limits::payload_bytes counts what is
  // stored.  An attempt whose input, signal, checkpoint or state cannot be decoded fails; reports, leases and dead letters give what
  // cannot be decoded as it is stored.  Shared: an activity that ignores its end may outlive the engine.
  std::shared_ptr<PayloadCodec> codec = nullptr;
  // Called from the loop's thread with released events as they happen; must be quick and must not
  // call the engine.  For live progress.
  std::function<void(const ExecutionSummary&, std::string_view task, TaskState)> on_task = nullptr;
  // Called likewise when an execution has ended.
  std::function<void(const ExecutionSummary&)> on_ended = nullptr;
  // Human-readable notes (io_uring refused, a header copy healed, a clock step).  May be called
  // from any thread.
  std::function<void(std::string_view)> on_note = nullptr;
  // The same, and what happens to the engine, to executions (their ends) and to tasks (dead letters), as
  // lines with a level and fields, for the host's log.  Called from any thread, of events only once they
  // are released; must not call the engine.
  std::function<void(const LogLine&)> on_log = nullptr;
  // If false, no attempt is started: the directory is only looked at and changed (Start, Cancel).
  bool execute = true;
  // How long an activity may go on after its execution was cancelled; >= 0.  Then its attempt is recorded as
  // cancelled whatever it does: it becomes a zombie, which keeps its slot until it returns.
  absl::Duration cancel_grace = absl::Seconds(30);
  // How long Close waits for activities that were told to stop.  Those that do not return are
  // recorded as interrupted all the same, and their threads are left to themselves.
  absl::Duration close_grace = absl::Seconds(10);
};

struct StartRequest {
  std::string workflow = {};  // a name from EngineOptions::workflows
  std::string key = {};       // names the execution; unique in the directory
  Payload input = {};
  // Nothing of it runs before.  Durable; the later of the two counts, and one that has passed is none.
  absl::Duration delay = absl::ZeroDuration();
  std::optional<absl::Time> start_at = std::nullopt;  // on the wall clock as it is now
};

struct Started {
  uint64_t id = 0;
  uint64_t seq = 0;      // released when Start returned
  bool existed = false;  // the key was started before, with the same definition and input
};

// What Open found.
struct EngineRecovery {
  wal::RecoveryReport log = {};
  // With which replay began; none: from the first event on.
  std::optional<SnapshotInfo> snapshot = {};
  std::vector<SnapshotInfo> unusable_snapshots = {};  // their status says why
  uint64_t events_replayed = 0;                       // behind the snapshot
  uint64_t epoch = 0;
  uint32_t attempts_lost = 0;  // in flight when the previous process ended; now counted and retried
  // Needed by live executions and not given: their tasks wait.
  std::vector<std::string> missing_activities = {};
  absl::Duration snapshot_time = absl::ZeroDuration();  // to read it, and to decide about the log
  absl::Duration replay_time = absl::ZeroDuration();
};

// What an engine has done since Open.
struct EngineStats {
  uint64_t seq = 0;       // of the last event
  uint64_t released = 0;  // effects and replies up to here have left
  uint32_t slots = 0;     // attempts that may run at once: fewer than EngineOptions::concurrency
                          // when the system had no thread for more (told to on_note, too)
  uint32_t running = 0;   // attempts that hold a slot
  uint32_t zombies =
      0;  // of those, attempts that ended (timed out, or ignored a cancellation) while their
          // activity still runs
  uint64_t late_reports = 0;   // results of attempts that no longer owned their run: refused
  uint32_t breakers_open = 0;  // circuit breakers
  uint32_t breakers_half_open = 0;
  // ResourceExhausted while the log has no room (a full disk): nothing goes on until it has.
  absl::Status room = absl::OkStatus();
  uint64_t snapshot_seq = 0;  // of the newest snapshot that was verified; 0: none
  uint64_t snapshots = 0;     // made
  uint64_t snapshots_failed = 0;
  absl::Status snapshot_status = absl::OkStatus();  // of the last attempt to make one
  // How long replaying what the newest snapshot does not hold would take.
  absl::Duration replay_estimate = absl::ZeroDuration();
};

struct CancelOptions {
  bool compensate = false;  // undo what has completed, as after a failure (Task::compensate)
};

// Thread-safe.  Calls that change state return when their events are released by the durability
// mode.  With Threads::kNone those of the polling thread turn the loop themselves until then; from a
// callback (on_task, ...) they are refused with Reason kWouldBlock, and so are Wait, Poll and Close from
// an activity that Poll runs.
class Engine {
 public:
  // Recovers, resolves attempts of the dead process and starts the loop.  Where that has failed at one
  // event again and again it waits first, and tells on_note so (EngineOptions::open_pause_max).
  // Errors: InvalidArgument (options, workflow), FailedPrecondition (Reason kLocked: held by another
  // process, names its pid; or a backup), DataLoss (the log is damaged: names file, range and the command
  // to look closer), NotFound (absent and !create), ResourceExhausted (no thread), and I/O errors.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(EngineOptions options);

  // Closes in order: running activities are cancelled and recorded as interrupted (no budget used),
  // the log is flushed.  With Threads::kNone on the polling thread; destroyed elsewhere, it is as if the
  // process had died.
  ~Engine();
  absl::Status Close();

  // Idempotent in the key.
  // Errors: AlreadyExists with Reason kDefinitionDiffers or kInputDiffers
  // when the key stands for something else, kExpired when it stands for a purged execution; NotFound for an unknown workflow; InvalidArgument for a
  // bad key; ResourceExhausted over a limit.
  absl::StatusOr<Started> Start(StartRequest request);

  // The same for many at once, in order: they share one wake-up and one flush.  One result each.
  std::vector<absl::StatusOr<Started>> StartAll(std::vector<StartRequest> requests);

  // Blocks until the execution has ended.  `execution` is an exact key, else an exact id (16 hex
  // digits), else a unique prefix of either.
  // Errors: NotFound, InvalidArgument (ambiguous; lists
  // candidates), DeadlineExceeded, and the log's failure if it is poisoned.
  absl::StatusOr<ExecutionReport> Wait(std::string_view execution,
                                       absl::Duration timeout = absl::InfiniteDuration());

  // The released state now.
  absl::StatusOr<ExecutionReport> Report(std::string_view execution);
  absl::StatusOr<std::vector<ExecutionSummary>> List();
  // One of them, named as for Wait.  Errors: NotFound, InvalidArgument (ambiguous).
  absl::StatusOr<ExecutionSummary> Find(std::string_view execution);

  // Why the execution is not further: what each open task waits for and what will end the wait, of
  // the first `tasks_max` of them.  Errors: as Report.
  absl::StatusOr<WhyReport> Why(std::string_view execution, size_t tasks_max = 1000);

  // Tasks that used up their budget, oldest first; one of them.
  // Errors of those that name one: NotFound with Reason kUnknownTask or kUnknownDeadLetter.
  absl::StatusOr<std::vector<DeadLetter>> DeadLetters();
  absl::StatusOr<DeadLetter> GetDeadLetter(std::string_view execution, std::string_view task);

  // What operators do.  Each returns the seq at which it was released.  None of it waits for anything
  // to run.

  // Begins a dead-lettered task anew, with a budget of its own, and what was skipped for its sake
  // alone; an execution that has ended runs again.
  absl::StatusOr<uint64_t> Requeue(std::string_view execution, std::string_view task);
  // The task stays dead-lettered, but its letter is gone.
  absl::StatusOr<uint64_t> Drop(std::string_view execution, std::string_view task);
  // Begins all tasks anew that failed, were skipped or cancelled.  What completed is not done again.
  // Errors: FailedPrecondition with Reason kNothingToRetry or kAlreadyCancelled; ResourceExhausted.
  absl::StatusOr<uint64_t> Retry(std::string_view execution);

  // Durable.  What is paused starts no attempt; those that run go on, and timers keep their times.
  // Errors: FailedPrecondition with Reason kAlreadyPaused, kNotPaused or kExecutionEnded.
  absl::StatusOr<uint64_t> Pause(std::string_view execution);
  absl::StatusOr<uint64_t> Resume(std::string_view execution);
  absl::StatusOr<uint64_t> PauseActivity(std::string_view activity);
  absl::StatusOr<uint64_t> ResumeActivity(std::string_view activity);
  absl::StatusOr<uint64_t> PauseEngine();
  absl::StatusOr<uint64_t> ResumeEngine();

  // Is added to the priorities of the execution's tasks; 0 at first.  Errors: kExecutionEnded.
  absl::StatusOr<uint64_t> SetPriority(std::string_view execution, int32_t priority);

  // Gives ready runs to a worker elsewhere, each as an attempt under a lease; none if none may start now.  Limits of
  // activities, circuit breakers and concurrency keys hold, EngineOptions::concurrency does not.  An activity that
  // this process has too is run here or there, by whoever is first.
  // Errors: Reason kInvalidName, kInvalidLease; FailedPrecondition when EngineOptions::execute is false.
  absl::StatusOr<std::vector<LeasedRun>> AcquireLeases(LeaseRequest request);
  // The worker is there, and goes on with these attempts.  About three times per lease.
  // Errors: as AcquireLeases; InvalidArgument for what is no token.
  absl::StatusOr<Renewal> RenewLeases(std::string_view worker, std::vector<std::string> tokens,
                                      absl::Duration lease = absl::Seconds(60));
  // As ActivityContext::Checkpoint.  Errors: as ReportLeased; ResourceExhausted with Reason kTooLarge.
  absl::StatusOr<uint64_t> CheckpointLeased(std::string_view token, Payload checkpoint);
  // One of them has ended.  Errors: Reason kAttemptOwnershipMismatch or kAttemptFinishRequiresRunning when the
  // attempt does not own its run any more (its lease ended, it timed out, it was reported): the report
  // changes nothing; NotFound when its execution is gone.
  absl::StatusOr<uint64_t> ReportLeased(LeaseReport report);

  // The circuit breakers that are not closed, or closed behind failures, by name.
  absl::StatusOr<std::vector<BreakerInfo>> Breakers();
  // Closes one, whatever it has counted.  Errors: NotFound with Reason kUnknownBreaker when it has counted no
  // failure.
  absl::StatusOr<uint64_t> ResetBreaker(std::string_view name);

  // Forgets an execution that has ended, with all its payloads.  Its key stays taken for
  // Retention::key_retention: Start then answers AlreadyExists with Reason kExpired.
  // Errors: FailedPrecondition with Reason kNotEnded.
  absl::StatusOr<uint64_t> Purge(std::string_view execution);

  // Requests cancellation: pending tasks are cancelled, running attempts are told; then cleanup tasks
  // run as their triggers say.  Returns the seq of the released request.
  // Errors: FailedPrecondition when the execution has ended, is being cancelled already, or runs
  // nothing but its cleanup (Reason kFinishing).
  absl::StatusOr<uint64_t> Cancel(std::string_view execution, CancelOptions options = {});

  // Sends a signal: to the event task of the execution that has waited for `name` longest, or into a
  // buffer where it stays until one does; those of a name are taken in the order in which they came.
  // With an `id` (1 to 255 bytes) a second signal of the same id is dropped, if it is one of the last
  // 1000 that the execution got.  Returns the seq of the signal, when it is released.
  // Errors: FailedPrecondition when the execution has ended or is being cancelled; ResourceExhausted
  // with Reason kTooManySignals when 1000 wait, or kTooLarge; InvalidArgument for a bad name or id.
  absl::StatusOr<uint64_t> Signal(std::string_view execution, std::string_view name,
                                  Payload payload = {}, std::string_view id = {});

  // Schedules (schedule.h).  Those that change something return the seq at which it was released.
  // Creating one that is there already, and the same, changes nothing.
  // Errors: InvalidArgument with Reason kInvalidSchedule; AlreadyExists with kScheduleExists; NotFound
  // with kUnknownSchedule or kUnknownWorkflow; FailedPrecondition with kAlreadyPaused or kNotPaused;
  // ResourceExhausted over a limit.
  absl::StatusOr<uint64_t> CreateSchedule(ScheduleSpec spec);
  absl::StatusOr<std::vector<ScheduleReport>> Schedules();
  // Fires now, paused or not; the overlap policy holds.
  absl::StatusOr<uint64_t> TriggerSchedule(std::string_view name);
  // Fires each of its times from `from` to `to`, both included, as if they had just come; those that
  // have fired before are left out.  At most 10,000.
  absl::StatusOr<uint64_t> BackfillSchedule(std::string_view name, absl::Time from, absl::Time to);
  // While it is paused its times come and go.
  absl::StatusOr<uint64_t> PauseSchedule(std::string_view name);
  absl::StatusOr<uint64_t> ResumeSchedule(std::string_view name);
  // Its executions go on.
  absl::StatusOr<uint64_t> RemoveSchedule(std::string_view name);

  // Makes a snapshot of all that has happened up to now, from the log and beside the loop, which goes
  // on meanwhile.  Returns when it is durable and has been read back.
  // Errors: FailedPrecondition for a memory engine; DataLoss when the log does not replay to the state
  // that it says it had; I/O errors.  None of them harms the engine.
  absl::StatusOr<SnapshotInfo> Snapshot();

  absl::StatusOr<EngineStats> Stats();

  // What has happened since Open, in the text format that Prometheus reads: counters
  // (stet_tasks_started_total, _completed_, _failed_, _dead_lettered_, _skipped_, stet_task_retries_total,
  // ...), histograms (stet_queue_delay_seconds, stet_execution_time_seconds,
  // stet_commit_latency_seconds, stet_release_events) and gauges (stet_disk_bytes: what log, snapshots and
  // archive take), each with its help.
  absl::StatusOr<std::string> Metrics();

  // Threads::kNone, on the thread that called Open: one turn of the loop.  Takes in what has arrived,
  // fires timers, starts what may start, drives the log, answers what it has released, and runs the
  // activities that wait (if there is no executor).  If there was nothing to do, waits at most
  // `max_wait` for something, once.  Call it again and again.
  // Errors: FailedPrecondition with Reason kWrongThread, kWouldBlock or kClosed, or for an engine with
  // threads; the log's failure: then only Close is left to be called.
  absl::Status Poll(absl::Duration max_wait);

  // Likewise: for how long Poll has nothing to do, unless something arrives (on_wake).  Zero while the
  // disk owes an answer.  Errors: as Poll.
  absl::StatusOr<absl::Duration> NextDeadline();

  // Likewise: what threads of the engine do otherwise.  Prepares the next segment of the log for about
  // `budget`, and makes a snapshot if one is due, which takes about half of
  // EngineOptions::recovery_target.  Without it the log prepares segments when it cannot go on
  // otherwise, and a snapshot is made by Close.  Errors: as Poll; those of the log.
  absl::Status Maintain(absl::Duration budget);

  const EngineRecovery& recovery() const;

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stet

#pragma GCC visibility pop
