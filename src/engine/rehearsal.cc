// Reads attempts, plays them to an engine in memory, compares.
#include "stet/rehearsal.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/run_policy.h"
#include "engine/replayed.h"
#include "engine/replayer.h"
#include "engine/resolve.h"
#include "schema/parse.h"
#include "stet/engine.h"

namespace stet {
namespace {

// Turns of the engine's loop without an event, each up to its longest wait.
constexpr int kIdleTurnsMax = 10'000;
constexpr uint64_t kPayloadBytesMax = 8 << 20;

// One attempt that said how it ended.
struct Recorded {
  absl::StatusOr<Payload> result = Payload();
};
// By the task's name.
using Record = std::map<std::string, std::vector<Recorded>, std::less<>>;

// An error as it was, so that it is printed alike and retried alike.
absl::Status ErrorFrom(std::string_view text) {
  for (int code = 1; code <= 16; ++code) {
    const auto known = static_cast<absl::StatusCode>(code);
    const std::string prefix = absl::StatusCodeToString(known) + ": ";
    if (text.starts_with(prefix)) {
      return absl::Status(known, std::string(text.substr(prefix.size())));
    }
  }
  return absl::UnknownError(std::string(text));
}

// What the last iteration said, letter by letter, not what the loop came to.
Payload LastIterationOf(std::string_view loop) {
  constexpr std::string_view kLast = R"("last":)";
  const size_t at = loop.find(kLast);
  const size_t end = loop.rfind(R"(,"broke_early":)");
  if (at == loop.npos || end == loop.npos || end < at + kLast.size()) {
    return Payload(std::string(loop));
  }
  const size_t begin = at + kLast.size();
  return Payload(std::string(loop.substr(begin, end - begin)));
}

Recorded RecordedOf(const fb::AttemptFinished& event, const core::Execution& execution,
                    const engine::PayloadStore& payloads) {
  const core::TaskSlot& slot = execution.tasks[event.task()];
  if (event.outcome() != schema::AttemptOutcome::Success) {
    return {.result = ErrorFrom(event.error() == nullptr ? "" : event.error()->string_view())};
  }
  // What a predicate said, not what was made of it.
  if (slot.branch != schema::Branch::None) {
    return {.result = Payload(slot.branch == schema::Branch::Then ? "true" : "false")};
  }
  const engine::SharedPayload output = payloads.Get(slot.output);
  const TaskKind kind = core::KindOf(execution.definition->extra(event.task()));
  if (output != nullptr && kind == TaskKind::kLoop && event.next() == schema::RunNext::Completed) {
    return {.result = LastIterationOf(output->bytes)};
  }
  return {.result = output == nullptr ? Payload() : *output};
}

// What is recorded of the execution `id`.
absl::StatusOr<Record> ReadRecord(const ReplayOptions& source, uint64_t id) {
  using Outcome = schema::AttemptOutcome;
  ASSIGN_OR_RETURN(engine::Replayer replayer, engine::Replayer::Open(source));
  std::map<uint32_t, std::pair<uint32_t, std::vector<Recorded>>> tasks;  // generation, attempts
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, replayer.Next());
    if (!more) break;
    const wal::Record& record = replayer.record();
    const bool finished = record.type == static_cast<uint16_t>(schema::EventType::AttemptFinished);
    if (record.stream != id || !finished) continue;
    const auto* event = schema::Trusted<fb::AttemptFinished>(record.payload);
    const bool said = event->outcome() == Outcome::Success ||
                      event->outcome() == Outcome::Failure || event->outcome() == Outcome::Timeout;
    if (!said) continue;
    const core::Execution& execution = *replayer.books().state.FindExecution(id);
    // That a signal came; what the task's activity made of it comes later.
    if (event->signal() != 0 && core::HandlesEvent(*execution.definition, event->task())) continue;
    const core::TaskSlot& slot = execution.tasks[event->task()];
    auto& [generation, attempts] = tasks[event->task()];
    if (std::exchange(generation, slot.generation) != slot.generation) attempts.clear();
    attempts.push_back(RecordedOf(*event, execution, replayer.books().payloads));
  }
  Record by_name;
  const core::Execution* execution = replayer.books().state.FindExecution(id);
  for (auto& [task, attempts] : tasks) {
    by_name.emplace(std::string(execution->definition->task_name(task)),
                    std::move(attempts.second));
  }
  return by_name;
}

// A clock that moves when it is told to.
class StageClock final : public Clock {
 public:
  explicit StageClock(absl::Time begin) : begin_(begin) {}
  absl::Time Wall() override { return begin_ + Monotonic(); }
  absl::Duration Monotonic() override { return absl::Nanoseconds(passed_ns_.load()); }
  void Advance(absl::Duration by) { passed_ns_ += absl::ToInt64Nanoseconds(by); }

 private:
  const absl::Time begin_;
  std::atomic<int64_t> passed_ns_ = 0;
};

// What waits ends as it did, without what it waits for; and nothing takes time.
Workflow Staged(Workflow workflow) {
  for (Task& task : workflow.tasks) {
    const TaskKind kind = KindOf(*task.kind);
    const bool waits = kind == TaskKind::kEvent || kind == TaskKind::kTimer ||
                       kind == TaskKind::kSubWorkflow || kind == TaskKind::kMap;
    if (waits) task.kind = ActivityTask{};
    if (waits && task.activity.empty()) task.activity = "recorded";
    task.timeout.reset();
    task.timeouts = {};
  }
  return workflow;
}

class Stage {
 public:
  Stage(Workflow workflow, const ExecutionReport& recorded, Record record)
      : workflow_(std::move(workflow)),
        recorded_(recorded),
        record_(std::move(record)),
        clock_(recorded.started_at) {}

  absl::StatusOr<ExecutionReport> Run() {
    EngineOptions options = {.threads = Threads::kNone, .workflows = {workflow_}, .clock = &clock_};
    options.limits.payload_bytes = kPayloadBytesMax;
    const Activity play = [this](ActivityContext& context) {
      return Play(std::string(context.task()));
    };
    for (const Task& task : workflow_.tasks) {
      if (!task.activity.empty()) options.activities[task.activity] = play;
      if (!task.compensate.empty()) options.activities[task.compensate] = play;
    }
    ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, Engine::Open(std::move(options)));
    RETURN_IF_ERROR(
        engine->Start({.workflow = workflow_.name, .key = recorded_.key, .input = recorded_.input})
            .status());
    RETURN_IF_ERROR(RunToEnd(*engine));
    return engine->Report(recorded_.key);
  }

  // How many attempts of the task were recorded.
  size_t recorded(std::string_view task) const {
    const auto known = record_.find(task);
    return known == record_.end() ? 0 : known->second.size();
  }

  std::vector<std::string> guessed() const { return {guessed_.begin(), guessed_.end()}; }

 private:
  absl::Status RunToEnd(Engine& engine) {
    uint64_t seq = 0;
    for (int idle = 0; idle < kIdleTurnsMax; ++idle) {
      RETURN_IF_ERROR(engine.Poll(absl::ZeroDuration()));
      ASSIGN_OR_RETURN(const ExecutionSummary execution, engine.Find(recorded_.key));
      if (IsTerminal(execution.state)) return absl::OkStatus();
      ASSIGN_OR_RETURN(const EngineStats stats, engine.Stats());
      if (std::exchange(seq, stats.seq) != stats.seq) {
        idle = 0;
        continue;
      }
      ASSIGN_OR_RETURN(const absl::Duration wait, engine.NextDeadline());
      clock_.Advance(std::max(wait, absl::Nanoseconds(1)));
    }
    return absl::OkStatus();  // It stands still, and its report says where.
  }

  absl::StatusOr<Payload> Play(const std::string& task) {
    size_t& played = played_[task];
    const auto known = record_.find(task);
    if (known == record_.end()) {
      guessed_.insert(task);
      return Payload();
    }
    const std::vector<Recorded>& attempts = known->second;
    if (played >= attempts.size()) guessed_.insert(task);
    return attempts[std::min(played++, attempts.size() - 1)].result;
  }

  const Workflow workflow_;
  const ExecutionReport& recorded_;
  const Record record_;
  StageClock clock_;
  std::map<std::string, size_t> played_;
  std::set<std::string> guessed_;
};

class Comparison {
 public:
  Comparison(Rehearsal& rehearsal, const Stage& stage) : rehearsal_(rehearsal), stage_(stage) {}

  void Run() {
    const ExecutionReport& before = rehearsal_.recorded;
    const ExecutionReport& after = rehearsal_.rehearsed;
    Add("", "state", ToString(before.state), ToString(after.state));
    for (const TaskRecord& task : before.tasks) {
      const TaskRecord* other = after.task(task.id);
      if (other == nullptr) {
        Add(task.id, "present", ToString(task.state), "");
      } else {
        Compare(task, *other);
      }
    }
    for (const TaskRecord& task : after.tasks) {
      if (before.task(task.id) == nullptr) Add(task.id, "present", "", ToString(task.state));
    }
  }

 private:
  void Compare(const TaskRecord& before, const TaskRecord& after) {
    Add(before.id, "state", ToString(before.state), ToString(after.state));
    Add(before.id, "attempts", fmt::format("{}", stage_.recorded(before.id)),
        fmt::format("{}", after.attempts));
    Add(before.id, "error", before.error, after.error);
    Add(before.id, "output", TextOf(before), TextOf(after));
  }

  static std::string TextOf(const TaskRecord& task) {
    return task.output.has_value() ? task.output->bytes : std::string();
  }

  void Add(const std::string& task, const char* field, std::string_view before,
           std::string_view after) {
    if (before == after) return;
    rehearsal_.differences.push_back({.execution = rehearsal_.recorded.id,
                                      .key = rehearsal_.recorded.key,
                                      .task = task,
                                      .field = field,
                                      .before = std::string(before),
                                      .after = std::string(after)});
  }

  Rehearsal& rehearsal_;
  const Stage& stage_;
};

}  // namespace

absl::StatusOr<Rehearsal> Rehearse(const RehearsalOptions& options) {
  RETURN_IF_ERROR(Validate(options.workflow));
  ReplayOptions source = options.source;
  source.whole_log = true;
  ASSIGN_OR_RETURN(const Replayed end, Replay(source));
  Rehearsal rehearsal;
  ASSIGN_OR_RETURN(rehearsal.recorded, end.Report(options.execution));
  const uint64_t first_seq = end.log().first_seq;
  if (first_seq > 1 && rehearsal.recorded.id < first_seq) {
    return absl::OutOfRangeError(
        fmt::format("{} began with event {}, and the log with event {}: what was before was given "
                    "up",
                    rehearsal.recorded.key, rehearsal.recorded.id, first_seq));
  }
  source.at_seq = end.seq();
  ASSIGN_OR_RETURN(Record record, ReadRecord(source, rehearsal.recorded.id));
  Stage stage(Staged(options.workflow), rehearsal.recorded, std::move(record));
  ASSIGN_OR_RETURN(rehearsal.rehearsed, stage.Run());
  rehearsal.guessed = stage.guessed();
  Comparison(rehearsal, stage).Run();
  return rehearsal;
}

}  // namespace stet
