// Effects of sub-workflow tasks, done.
#include "engine/children.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/refusal.h"
#include "core/waits.h"
#include "engine/calls.h"
#include "engine/result.h"

namespace stet::engine {
namespace {

// State is ahead of what is released: the attempt may have ended meanwhile.  Null then.
const core::Execution* StillWaiting(const core::State& state, const core::Effect& effect) {
  const core::Execution* parent = state.FindExecution(effect.execution);
  const bool waits = parent != nullptr && parent->tasks[effect.task].waits &&
                     parent->tasks[effect.task].token() == effect.token;
  return waits ? parent : nullptr;
}

// A child is undone with the execution that started it.
core::RequestCancel CancelOf(const core::State& state, uint64_t child) {
  const core::Execution* execution = state.FindExecution(child);
  const core::Execution* parent =
      execution == nullptr ? nullptr : state.FindExecution(execution->parent.execution);
  const bool compensate = parent != nullptr && parent->cancel_requested && parent->compensate;
  return {.execution = child, .compensate = compensate};
}

}  // namespace

void Children::Run(const core::Effect& effect) {
  if (!Do(effect)) waiting_.push_back(effect);
}

bool Children::Retry() {
  if (waiting_.empty()) return false;
  std::vector<core::Effect> again;
  again.swap(waiting_);
  for (const core::Effect& effect : again) Run(effect);
  return waiting_.size() < again.size();
}

bool Children::Do(const core::Effect& effect) {
  if (effect.kind == core::Effect::Kind::kCancelChild) {
    return Settled(ledger_.Execute(CancelOf(ledger_.state(), effect.execution)).status());
  }
  const core::Execution* parent = StillWaiting(ledger_.state(), effect);
  if (parent == nullptr) return true;
  if (effect.kind == core::Effect::Kind::kReadChild) return Read(effect, *parent);
  return Start(effect, *parent);
}

absl::StatusOr<WorkflowHash> Children::Find(std::string_view workflow) const {
  if (const auto known = catalog_.find(workflow); known != catalog_.end()) {
    return known->second.hash();
  }
  // Of a name that this process does not know, one definition may be stored.
  std::vector<WorkflowHash> stored;
  for (const auto& [hash, definition] : ledger_.state().definitions()) {
    if (definition->name() == workflow) stored.push_back(hash);
  }
  if (stored.size() == 1) return stored.front();
  return absl::NotFoundError(fmt::format("no workflow \"{}\"", workflow));
}

bool Children::Start(const core::Effect& effect, const core::Execution& parent) {
  if (core::ChildOf(ledger_.state(), parent, effect.task) != nullptr) return true;
  if (!CheckLive(ledger_.state(), limits_).ok()) return false;
  const core::Definition& definition = *parent.definition;
  const std::string_view name = core::ChildWorkflowOf(definition, effect.task);
  const absl::StatusOr<WorkflowHash> hash = Find(name);
  // It waits for a process that knows the workflow; `why` says so.
  if (!hash.ok()) return true;
  if (const auto known = catalog_.find(name); known != catalog_.end()) {
    if (!Settled(Define(ledger_, known->second))) return false;
  }
  const core::TaskExtra& extra = *definition.extra(effect.task);
  const absl::StatusOr<Payload> input =
      ValueOf(parent, extra.value_task, extra.value_pointer, ledger_.payloads(), codec_.get());
  absl::StatusOr<Payload> stored = input;
  if (input.ok() && codec_ != nullptr) stored = Encode(codec_.get(), *input);
  core::StartChild start = {.run = {.execution = effect.execution, .task = effect.task},
                            .token = effect.token,
                            .workflow = *hash};
  const std::string error = stored.ok() ? std::string() : std::string(stored.status().message());
  if (stored.ok()) {
    start.input = ViewOf(*stored);
    start.input.plain = input->bytes;
  }
  start.error = error;
  return Settled(ledger_.Execute(start).status());
}

bool Children::Read(const core::Effect& effect, const core::Execution& parent) {
  const core::Execution* child = core::ChildOf(ledger_.state(), parent, effect.task);
  if (child == nullptr || !IsTerminal(child->state)) return true;
  absl::StatusOr<Payload> result = Payload();
  if (child->state == ExecutionState::kCompleted) {
    result = ResultOf(*child, ledger_.payloads(), codec_.get());
  }
  std::string error;
  if (!result.ok()) {
    error =
        fmt::format("the result of '{}': {}", child->key, std::string(result.status().message()));
  } else if (result->bytes.size() > limits_.payload_bytes) {
    error = fmt::format("the result of '{}' has {} bytes: the limit is {}", child->key,
                        result->bytes.size(), limits_.payload_bytes);
  }
  core::FinishChild finish = {.run = {.execution = effect.execution, .task = effect.task},
                              .token = effect.token,
                              .error = error};
  if (error.empty()) finish.result = ViewOf(*result);
  return Settled(ledger_.Execute(finish).status());
}

}  // namespace stet::engine
