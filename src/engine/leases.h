// What workers elsewhere take, renew and report, on the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "core/command.h"
#include "engine/sequencer.h"
#include "stet/codec.h"
#include "stet/lease.h"

namespace stet::engine {

// Names an attempt whoever has it: "{execution}.{task}.{epoch}.{seq}", hexadecimal.
std::string TokenText(const core::RunRef& run, const core::Token& token);
std::optional<core::Renewed> AttemptFrom(std::string_view token);

// As Engine::AcquireLeases, RenewLeases, ReportLeased.
absl::StatusOr<std::vector<LeasedRun>> AcquireNow(Sequencer& loop, const LeaseRequest& request);
absl::StatusOr<Renewal> RenewNow(Sequencer& loop, std::string_view worker,
                                 const std::vector<std::string>& tokens, absl::Duration lease);
absl::StatusOr<uint64_t> CheckpointNow(Sequencer& loop, std::string_view token,
                                       const Payload& checkpoint, uint64_t bytes_max);

// What is recorded of a report.  Made on the caller's thread: a codec may take its time.
struct StoredReport {
  std::shared_ptr<PayloadCodec> codec = {};
  std::optional<Payload> output =
      std::nullopt;  // in place of what the report says, if there is one
  std::optional<Payload> state = std::nullopt;

  // Errors: those of the codec.
  static absl::StatusOr<StoredReport> Make(std::shared_ptr<PayloadCodec> codec,
                                           const LeaseReport& report);
};
absl::StatusOr<uint64_t> ReportNow(Sequencer& loop, const LeaseReport& report,
                                   const StoredReport& stored, uint64_t output_bytes_max);

}  // namespace stet::engine
