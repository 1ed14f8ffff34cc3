// Effects of sub-workflow tasks, done.
#include "engine/children.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/refusal.h"
#include "core/waits.h"
#include "engine/calls.h"
#include "engine/codec.h"
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
  const bool maps = core::WaitOf(*parent->definition, effect.task) == core::Wait::kMap;
  if (effect.kind == core::Effect::Kind::kReadChild) {
    return maps ? ReadItems(effect, *parent) : Read(effect, *parent);
  }
  return maps ? StartItem(effect, *parent) : Start(effect, *parent);
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
  return Finish(effect, fmt::format("the result of '{}'", child->key), result);
}

bool Children::Finish(const core::Effect& effect, const std::string& what,
                      const absl::StatusOr<Payload>& result) {
  std::string error;
  if (!result.ok()) {
    error = fmt::format("{}: {}", what, std::string(result.status().message()));
  } else if (result->bytes.size() > limits_.payload_bytes) {
    error = fmt::format("{} has {} bytes: the limit is {}", what, result->bytes.size(),
                        limits_.payload_bytes);
  }
  core::FinishChild finish = {.run = {.execution = effect.execution, .task = effect.task},
                              .token = effect.token,
                              .error = error};
  if (error.empty()) finish.result = ViewOf(*result);
  return Settled(ledger_.Execute(finish).status());
}

bool Children::StartItem(const core::Effect& effect, const core::Execution& parent) {
  const core::RunRef run = {.execution = effect.execution, .task = effect.task};
  if (!core::MayStartItem(parent, effect.task)) return true;
  const core::MapProgress map = core::ProgressOf(parent, effect.task);
  const auto array = items_.ArrayOf(parent, effect.task, ledger_.payloads(), codec_.get());
  if (!map.expanded()) {
    const std::string error = array.ok() ? std::string() : std::string(array.status().message());
    const size_t items = array.ok() ? (*array)->size() : 0;
    return Settled(ledger_
                       .Execute(core::ExpandMap{
                           .run = run,
                           .token = effect.token,
                           .items = static_cast<uint32_t>(std::min<size_t>(items, UINT32_MAX)),
                           .error = error})
                       .status());
  }
  if (!CheckLive(ledger_.state(), limits_).ok()) return false;
  const auto workflow = items_.WorkflowOf(*parent.definition, effect.task);
  if (workflow.ok() && !Settled(Define(ledger_, **workflow))) return false;
  core::StartChild start = {.run = run, .token = effect.token, .item = map.started + 1};
  absl::StatusOr<Payload> input = absl::NotFoundError("its items are gone");
  if (!array.ok()) input = array.status();
  if (array.ok() && map.started < (*array)->size()) input = Payload((**array)[map.started]);
  absl::StatusOr<Payload> stored = input;
  if (input.ok() && codec_ != nullptr) stored = Encode(codec_.get(), *input);
  std::string error = stored.ok() ? std::string() : std::string(stored.status().message());
  if (!workflow.ok()) error = std::string(workflow.status().message());
  if (error.empty()) {
    start.workflow = (*workflow)->hash();
    start.input = ViewOf(*stored);
    start.input.plain = input->bytes;
  }
  start.error = error;
  if (!Settled(ledger_.Execute(start).status())) return false;
  const core::MapProgress after = core::ProgressOf(parent, effect.task);
  if (!after.expanded() || after.started == after.size()) items_.Forget(effect.token.seq);
  return true;
}

bool Children::ReadItems(const core::Effect& effect, const core::Execution& parent) {
  if (!core::HasAllItems(parent, effect.task)) return true;
  absl::StatusOr<Payload> result = Payload();
  if (core::ProgressOf(parent, effect.task).failed == 0) {
    result = ResultOfItems(ledger_.state(), parent, effect.task, ledger_.payloads(), codec_.get(),
                           limits_.payload_bytes);
  }
  items_.Forget(effect.token.seq);
  return Finish(effect, "the array of its items' results", result);
}

}  // namespace stet::engine
