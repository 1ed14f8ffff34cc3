// The engine on a thread of the host's: each call turns the loop itself.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "core/refusal.h"
#include "engine/host.h"
#include "engine/snapshotter.h"

namespace stet::engine {
namespace {

// Longer waits are the caller's to repeat.
constexpr absl::Duration kWaitMax = absl::Minutes(1);

absl::Status Refusal(Reason reason, const std::string& text) {
  return core::Refuse(absl::StatusCode::kFailedPrecondition, reason, text);
}

}  // namespace

absl::Status Host::OpenHere() {
  poller_ = std::this_thread::get_id();
  absl::StatusOr<std::unique_ptr<Machine>> machine = Machine::Open(MachineParts());
  absl::Status status = machine.status();
  if (status.ok()) status = (*machine)->AwaitRelease();
  if (!status.ok()) {
    inbox_->Close();
    return status;
  }
  machine_ = *std::move(machine);
  recovery_ = machine_->recovery();
  machine_->loop().Resume();
  return absl::OkStatus();
}

absl::Status Host::CloseHere() {
  // Elsewhere the log cannot be ended: what is acknowledged is in it all the same.
  if (!OnPollingThread()) {
    return Refusal(Reason::kWrongThread, "Close: to be called by the thread that called Open");
  }
  if (machine_ == nullptr) return ended_;
  RETURN_IF_ERROR(CheckMayWait());
  machine_->loop().Close(options_.close_grace);
  turning_ = true;
  ended_ = machine_->Run();
  turning_ = false;
  machine_.reset();
  return ended_;
}

void Host::Abandon() {
  machine_.reset();
  inbox_->Close();
  // Activities of an executor may wait for answers: with their calls they are told.
  std::vector<Call> calls;
  std::vector<std::unique_ptr<Attempt>> ended;
  inbox_->Drain(calls, ended);
}

absl::Status Host::CheckPolling() const {
  if (options_.threads != Threads::kNone) {
    return absl::FailedPreconditionError(
        "Poll: the engine has a thread of its own; open it with Threads::kNone");
  }
  if (!OnPollingThread()) {
    return Refusal(Reason::kWrongThread, "Poll: to be called by the thread that called Open");
  }
  if (machine_ == nullptr) return Refusal(Reason::kClosed, "the engine is closed");
  return CheckMayWait();
}

absl::Status Host::CheckMayAsk() const {
  if (!OnPollingThread() || !turning_) return absl::OkStatus();
  return Refusal(
      Reason::kWouldBlock,
      "called from a callback of the engine: it would wait for the loop, which waits for it");
}

absl::Status Host::CheckMayWait() const {
  RETURN_IF_ERROR(CheckMayAsk());
  if (!OnPollingThread() || !in_activity_) return absl::OkStatus();
  return Refusal(Reason::kWouldBlock,
                 "called from an activity that Poll runs: nothing else goes on before it returns");
}

// The turn behind a wait takes in what ended it.
void Host::TurnOrWait(absl::Duration wait_max) {
  turning_ = true;
  Sequencer& loop = machine_->loop();
  const bool more = loop.Turn() || (!in_activity_ && machine_->workers().HasNext());
  if (!more && machine_->ledger().failure().ok()) {
    loop.Block(std::min(wait_max, kWaitMax));
    loop.Turn();
  }
  turning_ = false;
  RunActivities();
  // From here on whoever posts something calls on_wake.
  (void)inbox_->PrepareSleep();
}

// Those that wait now: what they make ready comes with the next turn, behind its flush.
void Host::RunActivities() {
  if (in_activity_) return;
  in_activity_ = true;
  const uint32_t most = machine_->workers().threads_max();
  for (uint32_t i = 0; i < most && machine_->workers().RunNext(); ++i) {
  }
  in_activity_ = false;
}

absl::Status Host::Poll(absl::Duration max_wait) {
  RETURN_IF_ERROR(CheckPolling());
  TurnOrWait(std::max(max_wait, absl::ZeroDuration()));
  return machine_->ledger().failure();
}

absl::StatusOr<absl::Duration> Host::NextDeadline() {
  RETURN_IF_ERROR(CheckPolling());
  if (machine_->workers().HasNext()) return absl::ZeroDuration();
  return machine_->loop().UntilDue();
}

absl::Status Host::Maintain(absl::Duration budget) {
  RETURN_IF_ERROR(CheckPolling());
  if (machine_->writer() == nullptr) return absl::OkStatus();
  RETURN_IF_ERROR(machine_->ledger().failure());
  machine_->loop().snapshotter()->Consider();
  return machine_->writer()->Maintain(budget);
}

}  // namespace stet::engine
