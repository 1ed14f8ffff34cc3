// The part of the public engine that operators use.
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "core/views.h"
#include "engine/engine_impl.h"
#include "engine/operations.h"
#include "engine/reports.h"
#include "engine/resolve.h"

namespace stet {

using engine::Sequencer;

absl::StatusOr<WhyReport> Engine::Why(std::string_view execution, size_t tasks_max) {
  return impl_->AskLoop<WhyReport>(
      [name = std::string(execution), tasks_max](Sequencer& loop) -> absl::StatusOr<WhyReport> {
        const auto found = engine::Resolve(loop.ledger().state(), name);
        if (!found.ok()) return found.status();
        return loop.Explain(**found, tasks_max);
      });
}

absl::StatusOr<std::vector<DeadLetter>> Engine::DeadLetters() {
  auto letters = impl_->AskLoop<std::vector<DeadLetter>>([](Sequencer& loop) {
    return engine::DeadLettersOf(loop.ledger().state(), loop.ledger().payloads());
  });
  if (!letters.ok()) return letters;
  for (DeadLetter& letter : *letters) {
    engine::DecodeInPlace(impl_->options().codec.get(), letter.input);
  }
  return letters;
}

absl::StatusOr<DeadLetter> Engine::GetDeadLetter(std::string_view execution,
                                                 std::string_view task) {
  absl::StatusOr<DeadLetter> letter = impl_->AskLoop<DeadLetter>(
      [name = std::string(execution), task = std::string(task)](Sequencer& loop) {
        return engine::DeadLetterNow(loop.ledger(), name, task);
      });
  if (letter.ok()) engine::DecodeInPlace(impl_->options().codec.get(), letter->input);
  return letter;
}

absl::StatusOr<uint64_t> Engine::Requeue(std::string_view execution, std::string_view task) {
  return impl_->AskLoop<uint64_t>([limits = impl_->options().limits, name = std::string(execution),
                                   task = std::string(task)](Sequencer& loop) {
    return engine::RequeueNow(loop.ledger(), limits, name, task);
  });
}

absl::StatusOr<uint64_t> Engine::Drop(std::string_view execution, std::string_view task) {
  return impl_->AskLoop<uint64_t>(
      [name = std::string(execution), task = std::string(task)](Sequencer& loop) {
        return engine::DropNow(loop.ledger(), name, task);
      });
}

absl::StatusOr<uint64_t> Engine::Retry(std::string_view execution) {
  return impl_->AskLoop<uint64_t>(
      [limits = impl_->options().limits, name = std::string(execution)](Sequencer& loop) {
        return engine::RetryNow(loop.ledger(), limits, name);
      });
}

absl::StatusOr<uint64_t> Engine::Cancel(std::string_view execution, CancelOptions options) {
  return impl_->AskLoop<uint64_t>([name = std::string(execution), options](Sequencer& loop) {
    return engine::CancelNow(loop.ledger(), name, options);
  });
}

absl::StatusOr<uint64_t> Engine::Pause(std::string_view execution) {
  return impl_->AskLoop<uint64_t>([name = std::string(execution)](Sequencer& loop) {
    return engine::PauseNow(loop.ledger(), name, true);
  });
}

absl::StatusOr<uint64_t> Engine::Resume(std::string_view execution) {
  return impl_->AskLoop<uint64_t>([name = std::string(execution)](Sequencer& loop) {
    return engine::PauseNow(loop.ledger(), name, false);
  });
}

absl::StatusOr<uint64_t> Engine::PauseActivity(std::string_view activity) {
  return impl_->AskLoop<uint64_t>([name = std::string(activity)](Sequencer& loop) {
    return engine::PauseActivityNow(loop.ledger(), name, true);
  });
}

absl::StatusOr<uint64_t> Engine::ResumeActivity(std::string_view activity) {
  return impl_->AskLoop<uint64_t>([name = std::string(activity)](Sequencer& loop) {
    return engine::PauseActivityNow(loop.ledger(), name, false);
  });
}

absl::StatusOr<uint64_t> Engine::PauseEngine() {
  return impl_->AskLoop<uint64_t>(
      [](Sequencer& loop) { return engine::PauseEngineNow(loop.ledger(), true); });
}

absl::StatusOr<uint64_t> Engine::ResumeEngine() {
  return impl_->AskLoop<uint64_t>(
      [](Sequencer& loop) { return engine::PauseEngineNow(loop.ledger(), false); });
}

absl::StatusOr<uint64_t> Engine::SetPriority(std::string_view execution, int32_t priority) {
  return impl_->AskLoop<uint64_t>([name = std::string(execution), priority](Sequencer& loop) {
    return engine::SetPriorityNow(loop.ledger(), name, priority);
  });
}

absl::StatusOr<uint64_t> Engine::Signal(std::string_view execution, std::string_view name,
                                        Payload payload, std::string_view id) {
  ASSIGN_OR_RETURN(Payload stored,
                   engine::Encode(impl_->options().codec.get(), std::move(payload)));
  engine::SignalRequest request = {
      .name = std::string(name), .payload = std::move(stored), .id = std::string(id)};
  return impl_->AskLoop<uint64_t>([limits = impl_->options().limits, to = std::string(execution),
                                   request = std::move(request)](Sequencer& loop) {
    return engine::SignalNow(loop.ledger(), limits, to, request);
  });
}

absl::StatusOr<std::vector<BreakerInfo>> Engine::Breakers() {
  return impl_->AskLoop<std::vector<BreakerInfo>>(
      [](Sequencer& loop) { return core::MakeBreakers(loop.ledger().state()); });
}

absl::StatusOr<uint64_t> Engine::ResetBreaker(std::string_view name) {
  return impl_->AskLoop<uint64_t>([name = std::string(name)](Sequencer& loop) {
    return loop.ledger().Execute(core::ResetBreaker{.name = name});
  });
}

absl::StatusOr<uint64_t> Engine::Purge(std::string_view execution) {
  const absl::Duration key_retention = impl_->options().retention.key_retention;
  return impl_->AskLoop<uint64_t>([name = std::string(execution), key_retention](Sequencer& loop) {
    return engine::PurgeNow(loop.ledger(), name, key_retention);
  });
}

}  // namespace stet
