// Posts reports to the inbox and waits for the loop's answer.
#include "engine/report_port.h"

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

class InboxPort final : public ReportPort {
 public:
  InboxPort(std::shared_ptr<Inbox> inbox, uint64_t payload_bytes_max)
      : inbox_(std::move(inbox)), payload_bytes_max_(payload_bytes_max) {}

  // What is posted is answered, even when the engine closes: views in the command stay valid until then.
  absl::Status Record(const core::Command& command) override {
    const auto reply = std::make_shared<Reply<uint64_t>>();
    const bool posted = inbox_->Post([reply, &command](Sequencer& loop) {
      absl::StatusOr<uint64_t> seq = loop.ledger().Execute(command);
      if (!seq.ok()) return reply->Set(AbortedIfLate(seq.status()));
      AnswerWhenReleased<uint64_t>(loop.ledger(), reply, std::move(seq));
    });
    if (!posted) {
      return core::Refuse(absl::StatusCode::kFailedPrecondition, Reason::kClosed,
                          "the engine is closed");
    }
    return reply->Take().status();
  }

  uint64_t payload_bytes_max() const override { return payload_bytes_max_; }

 private:
  const std::shared_ptr<Inbox> inbox_;
  const uint64_t payload_bytes_max_;
};

class InlinePort final : public ReportPort {
 public:
  InlinePort(Ledger* ledger, std::function<absl::Status()> await_release,
             uint64_t payload_bytes_max)
      : ledger_(ledger),
        await_release_(std::move(await_release)),
        payload_bytes_max_(payload_bytes_max) {}

  absl::Status Record(const core::Command& command) override {
    const absl::StatusOr<uint64_t> seq = ledger_->Execute(command);
    return seq.ok() ? await_release_() : AbortedIfLate(seq.status());
  }

  uint64_t payload_bytes_max() const override { return payload_bytes_max_; }

 private:
  Ledger* const ledger_;
  const std::function<absl::Status()> await_release_;
  const uint64_t payload_bytes_max_;
};

}  // namespace

std::shared_ptr<ReportPort> NewInlinePort(Ledger* ledger,
                                          std::function<absl::Status()> await_release,
                                          uint64_t payload_bytes_max) {
  return std::make_shared<InlinePort>(ledger, std::move(await_release), payload_bytes_max);
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
