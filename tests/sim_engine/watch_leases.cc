// Follows leases from event to event.
#include "tests/sim_engine/watch_leases.h"

#include <fmt/format.h>

#include "schema/parse.h"

namespace stet::sim {

using schema::EventType;

std::string LeaseWatch::See(const core::EventRef& event, const core::State& before) {
  switch (static_cast<EventType>(event.type)) {
    case EventType::AttemptStarted: {
      const auto start = schema::Parse<fb::AttemptStarted>(event.payload);
      if (!start.ok()) return "a start that is none";
      if ((*start)->worker() == nullptr) return {};
      leases_[event.seq] = {
          .run = {.execution = event.stream, .task = (*start)->task()},
          .had = {.worker = (*start)->worker()->str(), .until = (*start)->lease_until()}};
      return {};
    }
    case EventType::LeasesRenewed:
      return SeeRenewed(event);
    case EventType::AttemptFinished:
      return SeeEnd(event, before);
    default:
      return {};
  }
}

std::string LeaseWatch::SeeRenewed(const core::EventRef& event) {
  const auto renewed = schema::Parse<fb::LeasesRenewed>(event.payload);
  if (!renewed.ok()) return "a renewal that is none";
  for (const uint64_t attempt : *(*renewed)->attempts()) {
    const auto found = leases_.find(attempt);
    if (found == leases_.end()) return fmt::format("attempt {} is renewed, and ended", attempt);
    core::RunLease& had = found->second.had;
    if (had.worker != (*renewed)->worker()->str()) {
      return fmt::format("attempt {} is renewed by a worker that does not have it", attempt);
    }
    if ((*renewed)->until() <= had.until) return fmt::format("attempt {} is cut short", attempt);
    had.until = (*renewed)->until();
  }
  return {};
}

std::string LeaseWatch::SeeEnd(const core::EventRef& event, const core::State& before) {
  const auto finish = schema::Parse<fb::AttemptFinished>(event.payload);
  const core::Execution* execution = before.FindExecution(event.stream);
  if (!finish.ok() || execution == nullptr) return "an end that is none";
  const auto found = leases_.find((*finish)->attempt_seq());
  const bool leased = found != leases_.end();
  const int64_t until = leased ? found->second.had.until : 0;
  if (leased) leases_.erase(found);
  if ((*finish)->outcome() != schema::AttemptOutcome::Lost) return {};
  const std::string name = fmt::format("task {} of {} is lost", (*finish)->task(), execution->key);
  if (leased && (*finish)->time() < until) return name + ", and its worker still has it";
  const bool lives = execution->tasks[(*finish)->task()].epoch == before.epoch();
  if (!leased && lives) return name + ", and its process lives";
  return {};
}

std::string LeaseWatch::Look(const core::State& state) const {
  for (const auto& [attempt, lease] : leases_) {
    const core::Execution* execution = state.FindExecution(lease.run.execution);
    const core::RunLease* is =
        execution == nullptr ? nullptr : execution->notes.LeaseOf(lease.run.task);
    if (is != nullptr && *is == lease.had && execution->tasks[lease.run.task].order == attempt) {
      continue;
    }
    return fmt::format("worker {} does not have attempt {} any more, and nothing ended it",
                       lease.had.worker, attempt);
  }
  return {};
}

}  // namespace stet::sim
