// Follows keys and breakers from event to event.
#include "tests/sim_engine/watch_gates.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "core/breakers.h"
#include "core/waits.h"
#include "schema/parse.h"

namespace stet::sim {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

void Replace(std::string& text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  if (at != text.npos) text.replace(at, what.size(), with);
}

// What stands behind "n": in the input; digits.
std::string NumberIn(std::string_view input) {
  constexpr std::string_view kBefore = R"({"n":)";
  const size_t begin = input.find(kBefore);
  if (begin == input.npos) return {};
  const std::string_view rest = input.substr(begin + kBefore.size());
  return std::string(rest.substr(0, rest.find_first_of(",}")));
}

bool Holds(const core::TaskSlot& slot, bool held_in_retry) {
  if (slot.state == TaskState::kRunning) return true;
  const bool between = slot.state == TaskState::kReady || slot.state == TaskState::kPending;
  const bool tried = slot.state == TaskState::kRetrying || (between && slot.attempts > 0);
  return tried && held_in_retry;
}

}  // namespace

const Task& TaskOf(const EnginePlan& plan, const core::Execution& execution, uint32_t task) {
  static const Task kNone;
  if (execution.definition->is_compensation(task) || execution.parent.item != 0) return kNone;
  const auto& workflows = plan.options.workflows;
  const auto found = std::find_if(workflows.begin(), workflows.end(), [&](const Workflow& each) {
    return each.name == execution.definition->name();
  });
  return found->tasks[task];
}

std::string KeyWatch::KeyOf(const core::Execution& execution, uint32_t task) const {
  std::string key = TaskOf(plan_, execution, task).concurrency_key->key;
  Replace(key, "${key}", execution.key);
  const auto number = numbers_.find(execution.id);
  if (number != numbers_.end()) Replace(key, "${input/n}", number->second);
  return key;
}

std::string KeyWatch::See(const core::EventRef& event, const core::State& before) {
  const auto type = static_cast<EventType>(event.type);
  if (type == EventType::ExecutionStarted) {
    const auto start = schema::Parse<fb::ExecutionStarted>(event.payload);
    if (!start.ok() || (*start)->input() == nullptr) return {};
    numbers_[event.stream] = NumberIn(
        {reinterpret_cast<const char*>((*start)->input()->data()), (*start)->input()->size()});
  }
  if (type != EventType::AttemptStarted) return {};
  const auto start = schema::Parse<fb::AttemptStarted>(event.payload);
  const core::Execution* execution = before.FindExecution(event.stream);
  if (!start.ok() || execution == nullptr) return "a start that is none";
  const std::string key = KeyOf(*execution, (*start)->task());
  if (key.empty()) return {};
  for (const auto& other : before.executions()) {
    for (uint32_t task = 0; task < other->tasks.size(); ++task) {
      const bool same = other.get() == execution && task == (*start)->task();
      if (same || KeyOf(*other, task) != key) continue;
      const bool held_in_retry = TaskOf(plan_, *other, task).concurrency_key->held_in_retry;
      if (!Holds(other->tasks[task], held_in_retry)) continue;
      return fmt::format("task {} of {} starts, and task {} of {} holds its key '{}'",
                         (*start)->task(), execution->key, task, other->key, key);
    }
  }
  return {};
}

std::string BreakerWatch::NameOf(const core::Execution& execution, uint32_t task) const {
  if (core::WaitOf(execution, task) != core::Wait::kNone) return {};
  const core::TaskExtra* extra = execution.definition->extra(task);
  const bool own = extra == nullptr || extra->breaker.empty();
  const std::string name(own ? execution.definition->activity(task) : extra->breaker);
  return plan_.options.breakers.contains(name) ? name : std::string();
}

std::string BreakerWatch::See(const core::EventRef& event, const core::State& before) {
  switch (static_cast<EventType>(event.type)) {
    case EventType::EngineOpened:
      for (auto& [name, model] : models_) model.probes.clear();
      return {};
    case EventType::AttemptStarted:
      return SeeStart(event, before);
    case EventType::AttemptFinished:
      SeeEnd(event, before);
      return {};
    case EventType::BreakerMoved: {
      const auto moved = schema::Parse<fb::BreakerMoved>(event.payload);
      // By an operator; all others follow from what was seen.
      if (moved.ok() && (*moved)->cause() == 0) models_[(*moved)->name()->str()] = {};
      return {};
    }
    default:
      return {};
  }
}

std::string BreakerWatch::SeeStart(const core::EventRef& event, const core::State& before) {
  const auto start = schema::Parse<fb::AttemptStarted>(event.payload);
  const core::Execution* execution = before.FindExecution(event.stream);
  if (!start.ok() || execution == nullptr) return "a start that is none";
  const std::string name = NameOf(*execution, (*start)->task());
  if (name.empty()) return {};
  Model& model = models_[name];
  const uint32_t probes_max = plan_.options.breakers.at(name).probes;
  if (model.open) {
    if ((*start)->time() < model.until) {
      return fmt::format("breaker {} is open, and task {} of {} starts", name, (*start)->task(),
                         execution->key);
    }
    model = {.half_open = true};
  }
  if (!model.half_open) return {};
  model.probes.insert(event.seq);
  if (model.probes.size() <= probes_max) return {};
  return fmt::format("{} probes of breaker {}: the limit is {}", model.probes.size(), name,
                     probes_max);
}

void BreakerWatch::SeeEnd(const core::EventRef& event, const core::State& before) {
  const auto finish = schema::Parse<fb::AttemptFinished>(event.payload);
  const core::Execution* execution = before.FindExecution(event.stream);
  if (!finish.ok() || execution == nullptr) return;
  const std::string name = NameOf(*execution, (*finish)->task());
  if (name.empty()) return;
  Model& model = models_[name];
  const BreakerPolicy& policy = plan_.options.breakers.at(name);
  const AttemptOutcome outcome = (*finish)->outcome();
  const bool failed = outcome == AttemptOutcome::Failure || outcome == AttemptOutcome::Timeout;
  const bool counts = failed || outcome == AttemptOutcome::Success;
  if (model.open) return;
  if (model.half_open && (model.probes.erase((*finish)->attempt_seq()) == 0 || !counts)) return;
  if (!counts) return;
  model.failures = failed ? model.failures + 1 : 0;
  if (model.half_open ? failed : model.failures >= policy.failure_threshold) {
    model = {.open = true, .until = (*finish)->time() + absl::ToInt64Nanoseconds(policy.cooldown)};
  } else if (model.half_open && ++model.successes >= policy.success_threshold) {
    model = {};
  }
}

std::string BreakerWatch::Look(const core::State& state) const {
  for (const auto& [name, model] : models_) {
    const auto found = state.breakers().find(name);
    const core::Breaker is = found == state.breakers().end() ? core::Breaker() : found->second;
    const schema::BreakerState stage = model.open        ? schema::BreakerState::Open
                                       : model.half_open ? schema::BreakerState::HalfOpen
                                                         : schema::BreakerState::Closed;
    if (is.state == stage && is.failures == model.failures && is.until == model.until &&
        is.successes == model.successes &&
        std::equal(is.probes.begin(), is.probes.end(), model.probes.begin(), model.probes.end())) {
      continue;
    }
    return fmt::format("breaker {} is {} behind {} failures, and should be {} behind {}", name,
                       schema::ToString(is.state), is.failures, schema::ToString(stage),
                       model.failures);
  }
  return {};
}

}  // namespace stet::sim
