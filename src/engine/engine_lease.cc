// The part of the public engine that workers elsewhere use.
#include <string>
#include <utility>
#include <vector>

#include "engine/engine_impl.h"
#include "engine/leases.h"

namespace stet {

using engine::Sequencer;

absl::StatusOr<std::vector<LeasedRun>> Engine::AcquireLeases(LeaseRequest request) {
  if (!impl_->options().execute) {
    return absl::FailedPreconditionError(
        "AcquireLeases: the engine was opened with execute = false: nobody would end the leases");
  }
  return impl_->AskLoop<std::vector<LeasedRun>>([request = std::move(request)](Sequencer& loop) {
    return engine::AcquireNow(loop, request);
  });
}

absl::StatusOr<Renewal> Engine::RenewLeases(std::string_view worker,
                                            std::vector<std::string> tokens, absl::Duration lease) {
  return impl_->AskLoop<Renewal>(
      [worker = std::string(worker), tokens = std::move(tokens), lease](Sequencer& loop) {
        return engine::RenewNow(loop, worker, tokens, lease);
      });
}

absl::StatusOr<uint64_t> Engine::CheckpointLeased(std::string_view token, Payload checkpoint) {
  return impl_->AskLoop<uint64_t>(
      [token = std::string(token), checkpoint = std::move(checkpoint),
       bytes_max = impl_->options().limits.payload_bytes](Sequencer& loop) {
        return engine::CheckpointNow(loop, token, checkpoint, bytes_max);
      });
}

absl::StatusOr<uint64_t> Engine::ReportLeased(LeaseReport report) {
  return impl_->AskLoop<uint64_t>(
      [report = std::move(report), bytes_max = impl_->options().limits.payload_bytes](
          Sequencer& loop) { return engine::ReportNow(loop, report, bytes_max); });
}

}  // namespace stet
