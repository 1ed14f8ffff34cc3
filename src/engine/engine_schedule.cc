// The part of the public engine that is about schedules.
#include <memory>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "engine/engine_impl.h"
#include "engine/schedule_operations.h"

namespace stet {

using engine::Sequencer;

absl::StatusOr<uint64_t> Engine::CreateSchedule(ScheduleSpec spec) {
  core::PreparedWorkflow* workflow = nullptr;
  std::shared_ptr<core::PreparedWorkflow> own;
  if (spec.definition.has_value()) {
    absl::StatusOr<core::PreparedWorkflow> prepared =
        core::PreparedWorkflow::Make(*std::move(spec.definition), impl_->options().limits.tasks);
    if (!prepared.ok()) return prepared.status();
    own = std::make_shared<core::PreparedWorkflow>(*std::move(prepared));
    workflow = own.get();
  } else {
    const auto known = impl_->catalog().find(spec.workflow);
    if (known == impl_->catalog().end()) {
      return core::Refuse(absl::StatusCode::kNotFound, Reason::kUnknownWorkflow,
                          "no workflow \"" + spec.workflow + "\"", {{"workflow", spec.workflow}});
    }
    workflow = &known->second;
  }
  ASSIGN_OR_RETURN(engine::StoredInput stored,
                   engine::StoredInput::Make(impl_->options().codec.get(), spec.input));
  return impl_->AskLoop<uint64_t>([limits = impl_->options().limits, spec = std::move(spec), own,
                                   workflow, stored = std::move(stored)](Sequencer& loop) {
    return engine::CreateScheduleNow(loop.ledger(), *workflow, limits, spec, stored);
  });
}

absl::StatusOr<std::vector<ScheduleReport>> Engine::Schedules() {
  return impl_->AskLoop<std::vector<ScheduleReport>>(
      [executes = impl_->options().execute](Sequencer& loop) {
        return engine::SchedulesOf(loop.ledger().state(), loop.ledger().time().wall(), executes);
      });
}

absl::StatusOr<uint64_t> Engine::TriggerSchedule(std::string_view name) {
  return impl_->AskLoop<uint64_t>([name = std::string(name)](Sequencer& loop) {
    return engine::TriggerScheduleNow(loop.ledger(), name);
  });
}

absl::StatusOr<uint64_t> Engine::BackfillSchedule(std::string_view name, absl::Time from,
                                                  absl::Time to) {
  return impl_->AskLoop<uint64_t>([name = std::string(name), from, to](Sequencer& loop) {
    return engine::BackfillScheduleNow(loop.ledger(), name, from, to);
  });
}

absl::StatusOr<uint64_t> Engine::PauseSchedule(std::string_view name) {
  return impl_->AskLoop<uint64_t>([name = std::string(name)](Sequencer& loop) {
    return engine::PauseScheduleNow(loop.ledger(), name, true);
  });
}

absl::StatusOr<uint64_t> Engine::ResumeSchedule(std::string_view name) {
  return impl_->AskLoop<uint64_t>([name = std::string(name)](Sequencer& loop) {
    return engine::PauseScheduleNow(loop.ledger(), name, false);
  });
}

absl::StatusOr<uint64_t> Engine::RemoveSchedule(std::string_view name) {
  return impl_->AskLoop<uint64_t>([name = std::string(name)](Sequencer& loop) {
    return engine::RemoveScheduleNow(loop.ledger(), name);
  });
}

}  // namespace stet
