// What is behind the public engine.
#pragma once

#include <memory>
#include <utility>

#include "core/refusal.h"
#include "engine/calls.h"
#include "engine/host.h"
#include "stet/engine.h"

namespace stet {

class Engine::Impl : public engine::Host {
 public:
  using engine::Host::Host;

  // Runs `ask` on the loop's thread and waits for its answer, until that is released.
  template <typename T, typename Ask>
  absl::StatusOr<T> AskLoop(Ask ask) {
    if (absl::Status status = CheckMayAsk(); !status.ok()) return status;
    const auto reply = std::make_shared<engine::Reply<T>>();
    const bool posted = Post([reply, ask = std::move(ask)](engine::Sequencer& loop) mutable {
      if (!loop.ledger().failure().ok()) return reply->Set(loop.ledger().failure());
      engine::AnswerWhenReleased<T>(loop.ledger(), reply, ask(loop));
    });
    if (!posted) return Closed();
    return Await(reply);
  }

  static absl::Status Closed() {
    return core::Refuse(absl::StatusCode::kFailedPrecondition, Reason::kClosed,
                        "the engine is closed");
  }
};

}  // namespace stet
