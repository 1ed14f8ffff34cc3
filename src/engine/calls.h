// What the calls of the API do on the loop's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog.h"
#include "engine/reply.h"
#include "engine/sequencer.h"
#include "engine/stored_input.h"
#include "stet/engine.h"

namespace stet::engine {

// Errors: kTooManyExecutions when no other may be live.
absl::Status CheckLive(const core::State& state, const Limits& limits);

// Stores the definition, part by part, unless it is stored.  `workflow` keeps but its hash then.  Errors: those of the log.
absl::Status Define(Ledger& ledger, core::PreparedWorkflow& workflow);

// Starts one execution.  The result may be told once everything up to now is released.
absl::StatusOr<Started> StartNow(Ledger& ledger, Catalog& catalog, const Limits& limits,
                                 const StartRequest& request, const StoredInput& stored = {});

// Requests cancellation; as StartNow.
absl::StatusOr<uint64_t> CancelNow(Ledger& ledger, std::string_view execution,
                                   const CancelOptions& options);

// Answers when the execution has ended and its end is released.
void WaitFor(Sequencer& loop, std::string_view execution, const ReportReply& reply);

// Sets `reply` to `value` when everything up to now is released.
template <typename T>
void AnswerWhenReleased(Ledger& ledger, const ReplyPtr<T>& reply, absl::StatusOr<T> value) {
  ledger.AnswerWhenReleased(
      [reply, value = std::move(value)](const absl::Status& released) mutable {
        if (released.ok()) {
          reply->Set(std::move(value));
        } else {
          reply->Set(released);
        }
      });
}

}  // namespace stet::engine
