// The part of the public engine that workers elsewhere use.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "engine/codec.h"
#include "engine/engine_impl.h"
#include "engine/leases.h"

namespace stet {

using engine::Sequencer;

absl::StatusOr<std::vector<LeasedRun>> Engine::AcquireLeases(LeaseRequest request) {
  if (!impl_->options().execute) {
    return absl::FailedPreconditionError(
        "AcquireLeases: the engine was opened with execute = false: nobody would end the leases");
  }
  auto runs =
      impl_->AskLoop<std::vector<LeasedRun>>([request = std::move(request)](Sequencer& loop) {
        return engine::AcquireNow(loop, request);
      });
  if (!runs.ok()) return runs;
  PayloadCodec* const codec = impl_->options().codec.get();
  for (LeasedRun& run : *runs) {
    engine::DecodeInPlace(codec, run.input);
    for (auto& [task, output] : run.outputs) engine::DecodeInPlace(codec, output);
    for (std::optional<Payload>* const kept : {&run.signal, &run.checkpoint, &run.state}) {
      if (*kept) engine::DecodeInPlace(codec, **kept);
    }
  }
  return runs;
}

absl::StatusOr<Renewal> Engine::RenewLeases(std::string_view worker,
                                            std::vector<std::string> tokens, absl::Duration lease) {
  return impl_->AskLoop<Renewal>(
      [worker = std::string(worker), tokens = std::move(tokens), lease](Sequencer& loop) {
        return engine::RenewNow(loop, worker, tokens, lease);
      });
}

absl::StatusOr<uint64_t> Engine::CheckpointLeased(std::string_view token, Payload checkpoint) {
  ASSIGN_OR_RETURN(Payload stored,
                   engine::Encode(impl_->options().codec.get(), std::move(checkpoint)));
  return impl_->AskLoop<uint64_t>(
      [token = std::string(token), checkpoint = std::move(stored),
       bytes_max = impl_->options().limits.payload_bytes](Sequencer& loop) {
        return engine::CheckpointNow(loop, token, checkpoint, bytes_max);
      });
}

absl::StatusOr<uint64_t> Engine::ReportLeased(LeaseReport report) {
  ASSIGN_OR_RETURN(engine::StoredReport stored,
                   engine::StoredReport::Make(impl_->options().codec, report));
  return impl_->AskLoop<uint64_t>(
      [report = std::move(report), stored = std::move(stored),
       bytes_max = impl_->options().limits.payload_bytes](Sequencer& loop) {
        return engine::ReportNow(loop, report, stored, bytes_max);
      });
}

}  // namespace stet
