// The items of map tasks: what each is, the workflow that runs for it, and what they came to together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "core/definition.h"
#include "core/state.h"
#include "engine/payload_store.h"
#include "stet/codec.h"

namespace stet::engine {

class MapItems {
 public:
  // The workflow of one task that runs for each item of `task`: its activity, config and policies, its input the item.
  // Errors: none that validation does not find before; those of PreparedWorkflow::Make.
  absl::StatusOr<core::PreparedWorkflow*> WorkflowOf(const core::Definition& definition,
                                                     uint32_t task);

  // The array of the map task, whose attempt waits, as the JSON of its items; valid until the next call.
  // Errors: InvalidArgument when there is none; those of the codec.
  absl::StatusOr<const std::vector<std::string>*> ArrayOf(const core::Execution& execution,
                                                          uint32_t task,
                                                          const PayloadStore& payloads,
                                                          PayloadCodec* codec);

  // The items of the map whose attempt started there are not asked for any more.
  void Forget(uint64_t attempt);

 private:
  // Maps that are being started now are few: so many arrays are kept.
  static constexpr size_t kArraysMax = 32;
  struct Array {
    uint64_t attempt = 0;
    std::vector<std::string> items = {};
  };
  std::vector<Array> arrays_ = {};  // the latest last
  std::map<std::pair<WorkflowHash, uint32_t>, core::PreparedWorkflow> workflows_ = {};
};

// The array of what all items of the map task, whose executions have completed, came to, in their order, as it is to be
// stored.  Errors: ResourceExhausted when it is over `bytes_max`; those of the codec.
absl::StatusOr<Payload> ResultOfItems(const core::State& state, const core::Execution& execution,
                                      uint32_t task, const PayloadStore& payloads,
                                      PayloadCodec* codec, uint64_t bytes_max);

}  // namespace stet::engine
