// Moments and logs held against each other.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "engine/replayed.h"
#include "engine/replayer.h"
#include "schema/describe.h"
#include "stet/inspect.h"

namespace stet {
namespace {

using core::Execution;
using core::TaskSlot;
using engine::Replayer;

// Of a payload enough to tell it from another.
std::string Named(const core::PayloadRef& ref) {
  if (!ref) return {};
  return fmt::format("{} bytes of event {}", ref.bytes, ref.seq);
}

std::string_view YesNo(bool yes) { return yes ? "true" : "false"; }

bool IsPaused(const core::State& state, std::string_view activity) {
  const core::ActivityEntry* entry = state.activities().Find(activity);
  return entry != nullptr && entry->paused;
}

// How many signals wait.
std::string Buffered(const Execution& execution) {
  return std::to_string(execution.signals == nullptr ? 0 : execution.signals->buffered().size());
}

// A schedule in a few words; none when there is none.
std::string Told(const core::Schedule* schedule) {
  if (schedule == nullptr) return {};
  return fmt::format("{} started, {} skipped, {} waiting, {} running{}, event {}",
                     schedule->started, schedule->skipped, schedule->waiting.size(),
                     schedule->running.size(), schedule->paused ? ", paused" : "", schedule->seq);
}

std::string BreakerText(const core::State& state, std::string_view name) {
  const auto at = state.breakers().find(name);
  if (at == state.breakers().end()) return "closed";
  const core::Breaker& breaker = at->second;
  return fmt::format("{}, {} failures, {} successes, {} probes, until {}",
                     schema::ToString(breaker.state), breaker.failures, breaker.successes,
                     breaker.probes.size(), breaker.until);
}

std::string StepsText(const core::RunNotes& notes) {
  std::vector<std::string> steps;
  for (const auto& [key, result] : notes.steps) {
    steps.push_back(fmt::format("{} {}: {}", key.name, key.occurrence, Named(result)));
  }
  std::sort(steps.begin(), steps.end());
  return fmt::format("{}", fmt::join(steps, ", "));
}

std::string LeaseText(const core::RunLease& lease) {
  return lease.until == 0 ? std::string() : fmt::format("{} until {}", lease.worker, lease.until);
}

std::string MetadataText(const core::RunNotes& notes) {
  std::string text;
  for (const auto& [key, value] : notes.metadata) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", key, value);
  }
  return text;
}

std::string KeysText(const Execution& execution) {
  std::string text;
  for (const core::KeyEntry* key : execution.keys) text += (text.empty() ? "" : ", ") + key->name;
  return text;
}

class Differences {
 public:
  // What belongs to no execution.
  void AddSwitches(const core::State& a, const core::State& b) {
    Field("engine_paused", YesNo(a.engine_paused()), YesNo(b.engine_paused()));
    std::set<std::string_view> names;
    for (const core::State* state : {&a, &b}) {
      for (const auto& [name, number] : state->activities().by_name()) names.insert(name);
    }
    for (const std::string_view name : names) {
      Field(fmt::format("activity_paused {}", name), YesNo(IsPaused(a, name)),
            YesNo(IsPaused(b, name)));
    }
    names.clear();
    for (const core::State* state : {&a, &b}) {
      for (const auto& [seq, schedule] : state->schedules().all()) names.insert(schedule->name);
    }
    for (const std::string_view name : names) {
      Field(fmt::format("schedule {}", name), Told(a.schedules().FindByName(name)),
            Told(b.schedules().FindByName(name)));
    }
    names.clear();
    for (const core::State* state : {&a, &b}) {
      for (const auto& [name, breaker] : state->breakers()) names.insert(name);
    }
    for (const std::string_view name : names) {
      Field(fmt::format("breaker {}", name), BreakerText(a, name), BreakerText(b, name));
    }
  }

  // Either may be null, not both.
  void Add(const Execution* a, const Execution* b) {
    one_ = b != nullptr ? b : a;
    task_.clear();
    if (a == nullptr || b == nullptr) {
      Field("present", a == nullptr ? "" : ToString(a->state),
            b == nullptr ? "" : ToString(b->state));
      return;
    }
    Field("state", ToString(a->state), ToString(b->state));
    Field("cancel_requested", YesNo(a->cancel_requested), YesNo(b->cancel_requested));
    Field("paused", YesNo(a->paused), YesNo(b->paused));
    Field("priority", std::to_string(a->priority), std::to_string(b->priority));
    Field("delayed", YesNo(a->start_at != 0), YesNo(b->start_at != 0));
    Field("signals", Buffered(*a), Buffered(*b));
    Field("concurrency_keys", KeysText(*a), KeysText(*b));
    Field("outcome", schema::ToString(a->outcome), schema::ToString(b->outcome));
    Field("compensate", YesNo(a->compensate), YesNo(b->compensate));
    for (uint32_t task = 0; task < b->tasks.size() && task < a->tasks.size(); ++task) {
      const bool noted = !a->notes.empty() || !b->notes.empty();
      if (a->tasks[task].digest == b->tasks[task].digest && !noted) continue;
      task_ = b->definition->task_name(task);
      AddTask(a->tasks[task], b->tasks[task]);
      if (noted) AddNotes(a->notes.Find(task), b->notes.Find(task));
    }
  }

  std::vector<StateChange> Take() { return std::move(changes_); }

 private:
  void AddTask(const TaskSlot& a, const TaskSlot& b) {
    const size_t known = changes_.size();
    Field("state", ToString(a.state), ToString(b.state));
    Field("attempts", std::to_string(a.attempts), std::to_string(b.attempts));
    Field("failures", std::to_string(a.failures), std::to_string(b.failures));
    Field("lost", std::to_string(a.lost), std::to_string(b.lost));
    Field("generation", std::to_string(a.generation), std::to_string(b.generation));
    Field("output", Named(a.output), Named(b.output));
    Field("error", Named(a.error), Named(b.error));
    Field("skip", schema::ToString(a.skip), schema::ToString(b.skip));
    Field("branch", schema::ToString(a.branch), schema::ToString(b.branch));
    // No difference goes without a word.
    if (changes_.size() == known) {
      Field("digest", fmt::format("{:016x}", a.digest), fmt::format("{:016x}", b.digest));
    }
  }

  void AddNotes(const core::RunNotes* a, const core::RunNotes* b) {
    static const core::RunNotes kNone;
    const core::RunNotes& one = a == nullptr ? kNone : *a;
    const core::RunNotes& other = b == nullptr ? kNone : *b;
    Field("runs", std::to_string(one.runs), std::to_string(other.runs));
    Field("items", std::to_string(one.map.items), std::to_string(other.map.items));
    Field("steps", StepsText(one), StepsText(other));
    Field("checkpoint", Named(one.checkpoint), Named(other.checkpoint));
    Field("task_state", Named(one.state), Named(other.state));
    Field("metadata", MetadataText(one), MetadataText(other));
    Field("lease", LeaseText(one.lease), LeaseText(other.lease));
    Field("close_by", std::to_string(one.close_by), std::to_string(other.close_by));
    Field("retry_by", std::to_string(one.retry_by), std::to_string(other.retry_by));
  }

  void Field(std::string_view field, std::string_view before, std::string_view after) {
    if (before == after) return;
    changes_.push_back({.execution = one_ == nullptr ? 0 : one_->id,
                        .key = one_ == nullptr ? "" : one_->key,
                        .task = task_,
                        .field = std::string(field),
                        .before = std::string(before),
                        .after = std::string(after)});
  }

  const Execution* one_ = nullptr;
  std::string task_ = {};
  std::vector<StateChange> changes_ = {};
};

// Stands at an event of each log, or has none left.
struct Side {
  Replayer replayer;
  bool more = true;

  absl::Status Step() {
    ASSIGN_OR_RETURN(more, replayer.Next());
    return absl::OkStatus();
  }
  uint64_t seq() const { return replayer.books().state.seq(); }

  std::string Text() const {
    if (!more) return {};
    const wal::Record& record = replayer.record();
    const auto described = schema::Describe(record.type, record.payload, {});
    return described.ok() ? *described : std::string(described.status().message());
  }
};

bool SameEvent(const wal::Record& a, const wal::Record& b) {
  return a.seq == b.seq && a.stream == b.stream && a.type == b.type &&
         std::equal(a.payload.begin(), a.payload.end(), b.payload.begin(), b.payload.end());
}

}  // namespace

std::vector<StateChange> DiffStates(const Replayed& before, const Replayed& after) {
  const auto& a = before.impl().books.state.executions();
  const auto& b = after.impl().books.state.executions();
  Differences differences;
  differences.AddSwitches(before.impl().books.state, after.impl().books.state);
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() || j < b.size()) {
    const bool only_a = j == b.size() || (i < a.size() && a[i]->id < b[j]->id);
    const bool only_b = i == a.size() || (j < b.size() && b[j]->id < a[i]->id);
    differences.Add(only_b ? nullptr : a[i].get(), only_a ? nullptr : b[j].get());
    i += only_b ? 0 : 1;
    j += only_a ? 0 : 1;
  }
  return differences.Take();
}

absl::StatusOr<Divergence> Bisect(const ReplayOptions& a, const ReplayOptions& b) {
  ASSIGN_OR_RETURN(Replayer first, Replayer::Open(a));
  ASSIGN_OR_RETURN(Replayer second, Replayer::Open(b));
  Side left = {.replayer = std::move(first)};
  Side right = {.replayer = std::move(second)};
  // One may begin with a later snapshot than the other.
  while (left.more && left.seq() < right.seq()) RETURN_IF_ERROR(left.Step());
  while (right.more && right.seq() < left.seq()) RETURN_IF_ERROR(right.Step());
  if (left.seq() != right.seq()) {
    return Divergence{.kind = Divergence::Kind::kLength,
                      .seq = std::min(left.seq(), right.seq()) + 1};
  }
  if (left.replayer.books().state.digest() != right.replayer.books().state.digest()) {
    return Divergence{.kind = Divergence::Kind::kState, .seq = left.seq()};
  }
  for (;;) {
    RETURN_IF_ERROR(left.Step());
    RETURN_IF_ERROR(right.Step());
    if (!left.more && !right.more) return Divergence();
    const bool length = left.more != right.more;
    if (!length && SameEvent(left.replayer.record(), right.replayer.record())) continue;
    const uint64_t seq = (left.more ? left : right).replayer.record().seq;
    return Divergence{.kind = length ? Divergence::Kind::kLength : Divergence::Kind::kEvent,
                      .seq = seq,
                      .text = {left.Text(), right.Text()}};
  }
}

absl::Status ForEachDigest(const ReplayOptions& options,
                           const std::function<void(const EventDigest&)>& visit) {
  ASSIGN_OR_RETURN(Replayer replayer, Replayer::Open(options));
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, replayer.Next());
    if (!more) return absl::OkStatus();
    const wal::Record& record = replayer.record();
    visit({.seq = record.seq,
           .stream = record.stream,
           .type = record.type,
           .digest = replayer.books().state.digest(),
           .batch_lsn = record.lsn,
           .logged = replayer.stands_at_digest()});
  }
}

}  // namespace stet
