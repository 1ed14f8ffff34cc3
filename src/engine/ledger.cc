// Decide, apply, append.
#include "engine/ledger.h"

#include <utility>

#include "base/status_macros.h"
#include "core/apply.h"
#include "core/decide.h"
#include "engine/replay.h"
#include "schema/event_type.h"

namespace stet::engine {

Ledger::Ledger(Books books, std::unique_ptr<Journal> journal, EngineTime time,
               core::DecideOptions decide)
    : books_(std::move(books)),
      journal_(std::move(journal)),
      time_(std::move(time)),
      now_(time_.last()),
      buffer_(std::move(decide)) {}

absl::StatusOr<uint64_t> Ledger::Execute(const core::Command& command) {
  effects_.clear();
  RETURN_IF_ERROR(Commit(command, &effects_));
  const uint64_t seq = state().seq();
  for (const core::Effect& effect : effects_) outbox_.Add(seq, effect);
  return seq;
}

absl::StatusOr<uint64_t> Ledger::ExecuteQuietly(const core::Command& command) {
  RETURN_IF_ERROR(Commit(command, nullptr));
  return state().seq();
}

absl::Status Ledger::Commit(const core::Command& command, core::Effects* effects) {
  RETURN_IF_ERROR(failure_);
  buffer_.Begin(state().seq() + 1);
  RETURN_IF_ERROR(core::Decide(state(), command, now_, buffer_));
  if (buffer_.empty()) return absl::OkStatus();
  records_.clear();
  for (const core::EventRef& event : buffer_.events()) {
    records_.push_back({.stream = event.stream,
                        .type = event.type,
                        .schema_id = schema::kSchemaId,
                        .payload = event.payload});
  }
  absl::Status admitted = journal_->Admit(records_);
  out_of_room_ = absl::IsResourceExhausted(admitted);
  if (out_of_room_ || !room_.ok()) room_ = admitted;
  RETURN_IF_ERROR(std::move(admitted));
  // Applied before it is appended, because the log holds the digest of the state behind each group.
  // From here on a failure would leave State ahead of the log: it ends the engine.
  for (const core::EventRef& event : buffer_.events()) {
    books_.payloads.ForgetBefore(event, state());
    meter_.See(event, state());
    if (absl::Status applied = core::Apply(event, books_.state, effects); !applied.ok()) {
      return Fail(std::move(applied));
    }
    books_.payloads.Keep(event);
    if (observer_) observer_(event, state(), outbox_);
  }
  if (absl::Status appended = journal_->Append(records_, state().digest()); !appended.ok()) {
    return Fail(std::move(appended));
  }
  meter_.Appended(state().seq(), time_.monotonic());
  for (const wal::NewRecord& record : records_) {
    event_bytes_ += RecordBytes(record.payload.size());
  }
  return absl::OkStatus();
}

void Ledger::AnswerWhenReleased(Answer answer) {
  if (!failure_.ok()) {
    answer(failure_);
  } else {
    outbox_.Add(state().seq(), std::move(answer));
  }
}

bool Ledger::Poll(absl::Duration wait_max) {
  if (!failure_.ok()) return false;
  if (absl::Status polled = journal_->Poll(wait_max); !polled.ok()) {
    (void)Fail(std::move(polled));
    return false;
  }
  return true;
}

absl::Status Ledger::Fail(absl::Status status) {
  if (failure_.ok()) {
    failure_ = std::move(status);
    outbox_.Fail(failure_);
  }
  return failure_;
}

absl::Status Ledger::Close() {
  RETURN_IF_ERROR(failure_);
  return journal_->Close();
}

}  // namespace stet::engine
