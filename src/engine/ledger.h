// The books: State, its log, and what waits for the log.  Every change of state passes here.
//
//   command -> Decide -> events -> Apply -> Append          refused: nothing has happened
//                                    |         |
//                                    effects queued under seq, run when released
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "core/command.h"
#include "core/event_buffer.h"
#include "engine/books.h"
#include "engine/engine_time.h"
#include "engine/journal.h"
#include "engine/meter.h"
#include "engine/outbox.h"

namespace stet::engine {

// The loop's thread owns it.
class Ledger {
 public:
  // Called behind each event, with the state right after it.
  using Observer = std::function<void(const core::EventRef&, const core::State&, Outbox&)>;

  Ledger(Books books, std::unique_ptr<Journal> journal, EngineTime time,
         core::DecideOptions decide = {});

  void SetObserver(Observer observer) { observer_ = std::move(observer); }

  // Changes the state by `command`, or refuses.  Returns the seq that a reply has to wait for.
  // Errors: the command's refusals; ResourceExhausted when the log has no room; OutOfRange for
  // events that its batches never take; what poisoned the log.
  absl::StatusOr<uint64_t> Execute(const core::Command& command);

  // The same, without queueing effects: before the loop runs, Outstanding takes their place.
  absl::StatusOr<uint64_t> ExecuteQuietly(const core::Command& command);

  // Runs `answer` when everything up to now is released, or the log is poisoned.
  void AnswerWhenReleased(Answer answer);

  // Reads the clocks.  Time stands still between two calls.
  void Tick() { now_ = time_.Now(); }
  absl::Time now() const { return now_; }
  const EngineTime& time() const { return time_; }

  Meter& meter() { return meter_; }

  // Drives the log.  False when it is poisoned.
  bool Poll(absl::Duration wait_max);

  // Whether the last refusal was the log's, for want of room: trying again later may help.
  bool out_of_room() const { return out_of_room_; }
  void TryAgain() { out_of_room_ = false; }
  // The log's words for it, from the refusal to the next group that it takes; OK otherwise.
  const absl::Status& room() const { return room_; }

  // OK, or what poisoned the log.  Then every waiting answer has been given this status, and every
  // later one is.
  const absl::Status& failure() const { return failure_; }

  const Books& books() const { return books_; }
  const core::State& state() const { return books_.state; }
  const PayloadStore& payloads() const { return books_.payloads; }
  // Of all events that Execute has made, as they are in the log.
  uint64_t event_bytes() const { return event_bytes_; }
  Journal& journal() { return *journal_; }
  Outbox& outbox() { return outbox_; }

  // Waits until all is released and ends the log.
  absl::Status Close();

  // Hands out the books, when nothing will be asked of the ledger any more.
  Books TakeBooks() { return std::move(books_); }

 private:
  absl::Status Commit(const core::Command& command, core::Effects* effects);
  absl::Status Fail(absl::Status status);

  Books books_;
  std::unique_ptr<Journal> journal_;
  EngineTime time_;
  absl::Time now_;
  Observer observer_;
  Outbox outbox_;
  Meter meter_;
  absl::Status failure_;
  uint64_t event_bytes_ = 0;
  bool out_of_room_ = false;
  absl::Status room_;

  // Reused from command to command.
  core::EventBuffer buffer_;
  core::Effects effects_;
  std::vector<wal::NewRecord> records_;
};

}  // namespace stet::engine
