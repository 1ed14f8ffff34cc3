// From ready runs to attempts of workers elsewhere, and back.
#include "engine/leases.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/deciders.h"
#include "core/refusal.h"
#include "core/run_limits.h"
#include "core/run_policy.h"
#include "engine/codec.h"
#include "engine/outcome.h"

namespace stet::engine {
namespace {

constexpr uint32_t kAcquireMax = 1000;
constexpr size_t kRenewMax = 1000;  // in one event

absl::Status UnknownToken(std::string_view token) {
  return core::Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidName,
                      "that is no token of an attempt", {{"name", std::string(token)}});
}

int64_t LeaseNs(const core::TaskExtra* extra, absl::Duration lease) {
  const int64_t ns = absl::ToInt64Nanoseconds(lease);
  return extra == nullptr || extra->heartbeat == 0 ? ns : std::min(ns, extra->heartbeat);
}

Payload Copy(const SharedPayload& payload) { return payload == nullptr ? Payload() : *payload; }

LeasedRun Describe(const Ledger& ledger, const core::RunRef& run) {
  const core::Execution& execution = *ledger.state().FindExecution(run.execution);
  const core::Definition& definition = *execution.definition;
  const core::TaskSlot& slot = execution.tasks[run.task];
  LeasedRun leased = {.token = TokenText(run, slot.token()),
                      .execution = execution.id,
                      .key = execution.key,
                      .task = std::string(definition.task_name(run.task)),
                      .activity = std::string(definition.activity(run.task)),
                      .attempt = slot.attempts,
                      .config = std::string(definition.config(run.task)),
                      .input = Copy(ledger.payloads().Get(execution.input)),
                      .until = absl::FromUnixNanos(execution.notes.LeaseOf(run.task)->until)};
  leased.idempotency_key = fmt::format("{}/{}/{}", core::IdText(execution.id), leased.task,
                                       core::RunNumber(execution, run.task));
  leased.occurrence = core::OccurrenceOf(execution, run.task);
  if (core::KeepsSignal(execution, run.task)) {
    leased.signal = Copy(ledger.payloads().Get(slot.output));
  }
  for (const uint32_t parent : definition.parents(run.task)) {
    const SharedPayload output = ledger.payloads().Get(execution.tasks[parent].output);
    if (output != nullptr) leased.outputs[std::string(definition.task_name(parent))] = *output;
  }
  const core::RunNotes& notes = *execution.notes.Find(run.task);
  if (notes.checkpoint) leased.checkpoint = Copy(ledger.payloads().Get(notes.checkpoint));
  if (notes.state) leased.state = Copy(ledger.payloads().Get(notes.state));
  if (slot.due_at != 0) leased.deadline = absl::FromUnixNanos(slot.due_at);
  return leased;
}

absl::Status CheckSize(const std::string& what, const Payload& stored, uint64_t bytes_max) {
  const size_t bytes = stored.bytes.size();
  if (bytes <= bytes_max) return absl::OkStatus();
  return core::Refuse(
      absl::StatusCode::kResourceExhausted, Reason::kTooLarge,
      fmt::format("{} of {} bytes: the limit is {}", what, bytes, bytes_max),
      {{"what", what}, {"bytes", std::to_string(bytes)}, {"limit", std::to_string(bytes_max)}});
}

// Whether the worker still has it; those of others are as lost to it as those that ended.
bool Has(const core::State& state, const core::Renewed& attempt, std::string_view worker) {
  const core::Execution* execution = state.FindExecution(attempt.run.execution);
  if (execution == nullptr || attempt.run.task >= execution->tasks.size()) return false;
  const core::RunLease* lease = execution->notes.LeaseOf(attempt.run.task);
  return lease != nullptr && lease->worker == worker &&
         execution->tasks[attempt.run.task].token() == attempt.token;
}

}  // namespace

std::string TokenText(const core::RunRef& run, const core::Token& token) {
  return fmt::format("{:016x}.{:x}.{:x}.{:x}", run.execution, run.task, token.epoch, token.seq);
}

std::optional<core::Renewed> AttemptFrom(std::string_view token) {
  core::Renewed attempt;
  const auto take = [&token](auto& number, bool last) {
    const char* const end = token.data() + token.size();
    const auto [at, error] = std::from_chars(token.data(), end, number, 16);
    if (error != std::errc() || (last ? at != end : at == end || *at != '.')) return false;
    token.remove_prefix(static_cast<size_t>(at - token.data()) + (last ? 0 : 1));
    return true;
  };
  const bool whole = take(attempt.run.execution, false) && take(attempt.run.task, false) &&
                     take(attempt.token.epoch, false) && take(attempt.token.seq, true);
  return whole ? std::optional(attempt) : std::nullopt;
}

absl::StatusOr<std::vector<LeasedRun>> AcquireNow(Sequencer& loop, const LeaseRequest& request) {
  Ledger& ledger = loop.ledger();
  const core::State& state = ledger.state();
  RETURN_IF_ERROR(core::CheckLease(request.worker, absl::ToInt64Nanoseconds(request.lease)));
  std::vector<uint32_t> wanted;
  for (const std::string& activity : request.activities) {
    const std::optional<uint32_t> number = state.activities().NumberOf(activity);
    if (number.has_value() && !activity.empty()) wanted.push_back(*number);
  }
  const auto accept = [&](const core::StartGate& gate) {
    return std::find(wanted.begin(), wanted.end(), gate.activity) != wanted.end() &&
           loop.attempts().MayLease(gate);
  };
  std::vector<LeasedRun> taken;
  const uint32_t most = std::min(request.max, kAcquireMax);
  while (!wanted.empty() && taken.size() < most) {
    const std::optional<core::RunRef> run =
        core::NextReady(state, accept, loop.attempts().ageing());
    if (!run) break;
    const core::Definition& definition = *state.FindExecution(run->execution)->definition;
    const core::StartAttempt start = {
        .run = *run,
        .worker = request.worker,
        .lease_ns = LeaseNs(definition.extra(run->task), request.lease)};
    if (const auto started = ledger.Execute(start); !started.ok()) {
      // One whose time is over is about to fail; others are behind it.
      if (taken.empty() && ReasonOf(started.status()) != Reason::kNotReady) return started.status();
      break;
    }
    loop.attempts().CountStart(definition.activity_number(run->task));
    taken.push_back(Describe(ledger, *run));
  }
  return taken;
}

absl::StatusOr<Renewal> RenewNow(Sequencer& loop, std::string_view worker,
                                 const std::vector<std::string>& tokens, absl::Duration lease) {
  Ledger& ledger = loop.ledger();
  RETURN_IF_ERROR(core::CheckLease(worker, absl::ToInt64Nanoseconds(lease)));
  Renewal renewal;
  // By how long they may be silent: most tasks have no limit of their own.
  std::map<int64_t, std::vector<core::Renewed>> kept;
  for (const std::string& token : tokens) {
    const std::optional<core::Renewed> attempt = AttemptFrom(token);
    if (!attempt) return UnknownToken(token);
    if (!Has(ledger.state(), *attempt, worker)) {
      renewal.lost.push_back(token);
      continue;
    }
    const core::Execution& execution = *ledger.state().FindExecution(attempt->run.execution);
    kept[LeaseNs(execution.definition->extra(attempt->run.task), lease)].push_back(*attempt);
    if (execution.cancelling()) renewal.cancelled.push_back(token);
  }
  for (const auto& [lease_ns, attempts] : kept) {
    for (size_t begin = 0; begin < attempts.size(); begin += kRenewMax) {
      const size_t count = std::min(kRenewMax, attempts.size() - begin);
      RETURN_IF_ERROR(
          ledger
              .Execute(core::RenewLeases{.worker = worker,
                                         .attempts = std::span(attempts).subspan(begin, count),
                                         .lease_ns = lease_ns})
              .status());
    }
  }
  renewal.seq = ledger.state().seq();
  return renewal;
}

absl::StatusOr<uint64_t> CheckpointNow(Sequencer& loop, std::string_view token,
                                       const Payload& checkpoint, uint64_t bytes_max) {
  const std::optional<core::Renewed> named = AttemptFrom(token);
  if (!named) return UnknownToken(token);
  RETURN_IF_ERROR(CheckSize("checkpoint", checkpoint, bytes_max));
  return loop.ledger().Execute(core::RecordCheckpoint{
      .run = named->run,
      .token = named->token,
      .checkpoint = {.bytes = checkpoint.bytes, .content_type = checkpoint.content_type}});
}

absl::StatusOr<StoredReport> StoredReport::Make(std::shared_ptr<PayloadCodec> codec,
                                                const LeaseReport& report) {
  StoredReport stored = {.codec = std::move(codec), .state = report.state};
  if (stored.codec == nullptr) return stored;
  if (report.result.ok()) {
    ASSIGN_OR_RETURN(stored.output, Encode(stored.codec.get(), *report.result));
  }
  if (report.state) {
    ASSIGN_OR_RETURN(stored.state, Encode(stored.codec.get(), *report.state));
  }
  return stored;
}

absl::StatusOr<uint64_t> ReportNow(Sequencer& loop, const LeaseReport& report,
                                   const StoredReport& stored, uint64_t output_bytes_max) {
  Ledger& ledger = loop.ledger();
  const std::optional<core::Renewed> named = AttemptFrom(report.token);
  if (!named) return UnknownToken(report.token);
  if (stored.state) RETURN_IF_ERROR(CheckSize("state", *stored.state, output_bytes_max));
  Attempt attempt;
  attempt.run = named->run;
  attempt.token = named->token;
  attempt.result = report.result;
  attempt.stored = stored.output;
  attempt.codec = stored.codec;
  if (stored.state) attempt.SaveState(*stored.state);
  const core::Execution* execution = ledger.state().FindExecution(named->run.execution);
  const bool ends = execution != nullptr && execution->cancelling();
  if (execution != nullptr && named->run.task < execution->tasks.size()) {
    attempt.extra = execution->definition->extra(named->run.task);
    attempt.nth_run = core::OccurrenceOf(*execution, named->run.task);
    if (attempt.extra != nullptr) {
      attempt.non_retryable = CodeSet::FromBits(attempt.extra->non_retryable);
    }
    attempt.Stop(ends ? StopReason::kCancelled : StopReason::kClosing);
  }
  const Outcome outcome = OutcomeOf(attempt, output_bytes_max, ends);
  return ledger.Execute(ReportOf(attempt, outcome));
}

}  // namespace stet::engine
