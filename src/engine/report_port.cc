// Posts reports to the inbox and waits for the loop's answer.
#include "engine/report_port.h"

#include <atomic>
#include <thread>
#include <utility>

#include <absl/strings/cord.h>

#include "core/refusal.h"
#include "engine/calls.h"
#include "engine/inbox.h"
#include "engine/reply.h"
#include "engine/sequencer.h"
#include "stet/reason.h"

namespace stet::engine {
namespace {

absl::Status Closed() {
  return core::Refuse(absl::StatusCode::kFailedPrecondition, Reason::kClosed,
                      "the engine is closed");
}

// The loop's end of a reply: if the loop lets go of it without an answer, closed is the answer.
ReplyPtr<uint64_t> AnsweredAtLast(const ReplyPtr<uint64_t>& reply) {
  return ReplyPtr<uint64_t>(reply.get(), [reply](Reply<uint64_t>*) { reply->Set(Closed()); });
}

class InboxPort final : public ReportPort {
 public:
  InboxPort(std::shared_ptr<Inbox> inbox, uint64_t payload_bytes_max)
      : inbox_(std::move(inbox)), payload_bytes_max_(payload_bytes_max) {}

  // What is posted is answered, even when the engine closes: views in the command stay valid until then.
  absl::Status Record(const core::Command& command) override {
    const auto reply = std::make_shared<Reply<uint64_t>>();
    const bool posted =
        inbox_->Post([end = AnsweredAtLast(reply), &command](Sequencer& loop) mutable {
          absl::StatusOr<uint64_t> seq = loop.ledger().Execute(command);
          if (!seq.ok()) return end->Set(AbortedIfLate(seq.status()));
          AnswerWhenReleased<uint64_t>(loop.ledger(), std::exchange(end, nullptr), std::move(seq));
        });
    return posted ? reply->Take().status() : Closed();
  }

  uint64_t payload_bytes_max() const override { return payload_bytes_max_; }

 private:
  const std::shared_ptr<Inbox> inbox_;
  const uint64_t payload_bytes_max_;
};

class PortOfLoop final : public LoopPort {
 public:
  PortOfLoop(Ledger* ledger, std::function<absl::Status()> await_release,
             std::shared_ptr<ReportPort> elsewhere)
      : ledger_(ledger),
        await_release_(std::move(await_release)),
        elsewhere_(std::move(elsewhere)) {}

  absl::Status Record(const core::Command& command) override {
    Ledger* const ledger = ledger_.load();
    if (ledger == nullptr || std::this_thread::get_id() != loop_) {
      return elsewhere_->Record(command);
    }
    ledger->Tick();
    const absl::StatusOr<uint64_t> seq = ledger->Execute(command);
    return seq.ok() ? await_release_() : AbortedIfLate(seq.status());
  }

  uint64_t payload_bytes_max() const override { return elsewhere_->payload_bytes_max(); }
  void LeaveLoop() override { ledger_ = nullptr; }

 private:
  const std::thread::id loop_ = std::this_thread::get_id();
  std::atomic<Ledger*> ledger_;
  const std::function<absl::Status()> await_release_;
  const std::shared_ptr<ReportPort> elsewhere_;
};

}  // namespace

std::shared_ptr<LoopPort> NewLoopPort(Ledger* ledger, std::function<absl::Status()> await_release,
                                      std::shared_ptr<ReportPort> elsewhere) {
  return std::make_shared<PortOfLoop>(ledger, std::move(await_release), std::move(elsewhere));
}

std::shared_ptr<ReportPort> NewReportPort(std::shared_ptr<Inbox> inbox,
                                          uint64_t payload_bytes_max) {
  return std::make_shared<InboxPort>(std::move(inbox), payload_bytes_max);
}

bool IsLate(const absl::Status& refusal) {
  switch (ReasonOf(refusal)) {
    case Reason::kAttemptFinishRequiresRunning:
    case Reason::kAttemptOwnershipMismatch:
    case Reason::kExecutionEnded:
    case Reason::kUnknownExecution:
      return true;
    default:
      return false;
  }
}

absl::Status AbortedIfLate(const absl::Status& refusal) {
  if (!IsLate(refusal)) return refusal;
  absl::Status aborted(absl::StatusCode::kAborted, refusal.message());
  refusal.ForEachPayload([&aborted](const auto& type, const absl::Cord& payload) {
    aborted.SetPayload(type, payload);
  });
  return aborted;
}

}  // namespace stet::engine
