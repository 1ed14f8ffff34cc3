// Leases: attempts that workers elsewhere have, for as long as they say that they are there.
#include <string>
#include <vector>

#include <absl/container/btree_set.h>
#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/deciders.h"
#include "core/refusal.h"
#include "core/run_limits.h"

namespace stet::core {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

// The worker has the attempt; any worker if `worker` is empty.
absl::StatusOr<const Execution*> FindLeased(const State& state, const RunRef& run,
                                            const Token& token, std::string_view worker) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, run));
  RETURN_IF_ERROR(CheckOwner(*execution, run.task, token));
  const RunLease* lease = execution->notes.LeaseOf(run.task);
  if (lease != nullptr && (worker.empty() || lease->worker == worker)) return execution;
  const std::string actual = lease == nullptr ? "" : lease->worker;
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kLeaseMismatch,
                fmt::format("attempt {} of task '{}' of '{}' is leased to {}", ToString(token),
                            execution->definition->task_name(run.task), execution->key,
                            lease == nullptr ? "nobody" : fmt::format("'{}'", actual)),
                {{"expected", std::string(worker)}, {"actual", actual}});
}

}  // namespace

absl::Status CheckLease(std::string_view worker, int64_t lease_ns) {
  if (worker.empty() && lease_ns == 0) return absl::OkStatus();
  if (!IsName(worker)) {
    return Refuse(
        absl::StatusCode::kInvalidArgument, Reason::kInvalidName,
        fmt::format("a worker's name is 1 to {} bytes of UTF-8 without control characters",
                    kNameBytesMax),
        {{"name", std::string(worker)}});
  }
  if (lease_ns > 0) return absl::OkStatus();
  return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidLease,
                fmt::format("a lease of {} ns: it must be above 0", lease_ns),
                {{"ns", std::to_string(lease_ns)}});
}

absl::Status DecideOn(const State& state, const RenewLeases& command, int64_t now,
                      EventBuffer& out) {
  if (command.worker.empty()) RETURN_IF_ERROR(CheckLease({}, -1));
  RETURN_IF_ERROR(CheckLease(command.worker, command.lease_ns));
  const int64_t until = Later(now, command.lease_ns);
  std::vector<uint64_t> executions;
  std::vector<uint32_t> tasks;
  std::vector<uint64_t> attempts;
  absl::btree_set<uint64_t> named;  // who names one twice renews it once
  for (const Renewed& renewed : command.attempts) {
    ASSIGN_OR_RETURN(const Execution* execution,
                     FindLeased(state, renewed.run, renewed.token, command.worker));
    const bool later = until > execution->notes.LeaseOf(renewed.run.task)->until;
    if (!later || !named.insert(renewed.token.seq).second) continue;
    executions.push_back(renewed.run.execution);
    tasks.push_back(renewed.run.task);
    attempts.push_back(renewed.token.seq);
  }
  if (tasks.empty()) return absl::OkStatus();
  out.Add(0, EventType::LeasesRenewed,
          out.pack().LeasesRenewed({.time = now,
                                    .until = until,
                                    .worker = command.worker,
                                    .executions = executions,
                                    .tasks = tasks,
                                    .attempts = attempts}));
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const ExpireLease& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Execution* execution, FindLeased(state, command.run, command.token, {}));
  const RunLease& lease = *execution->notes.LeaseOf(command.run.task);
  if (now < lease.until) return NotDue(lease.until, now);
  const std::string error =
      fmt::format("worker '{}' was not heard of until its lease ended", lease.worker);
  return DecideOn(state,
                  FinishAttempt{.run = command.run,
                                .token = command.token,
                                .outcome = AttemptOutcome::Lost,
                                .error = error},
                  now, out);
}

}  // namespace stet::core
