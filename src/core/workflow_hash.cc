// The canonical encoding of a definition.
#include "core/workflow_hash.h"

#include <xxhash.h>

#include <bit>

#include <absl/time/time.h>

namespace stet::core {
namespace {

constexpr size_t kFlushBytes = 64 << 10;

}  // namespace

void WorkflowHasher::FreeState::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

WorkflowHasher::WorkflowHasher(std::string_view name, uint64_t tasks) : state_(XXH3_createState()) {
  XXH3_128bits_reset(state_.get());
  Add(std::string_view("stet workflow 1"));
  Add(name);
  Add(tasks);
}

void WorkflowHasher::AddTask(std::string_view name, std::string_view activity,
                             std::string_view config, int32_t priority,
                             const fb::TaskPolicy& policy) {
  Add(name);
  Add(activity);
  Add(config);
  Add(static_cast<uint64_t>(static_cast<int64_t>(priority)));
  Add(uint64_t{policy.max_attempts()});
  Add(uint64_t{policy.max_lost()});
  Add(uint64_t{policy.backoff()});
  Add(static_cast<uint64_t>(policy.base()));
  Add(static_cast<uint64_t>(policy.cap()));
  Add(policy.factor());
  Add(policy.jitter());
  Add(static_cast<uint64_t>(policy.timeout()));
}

WorkflowHash WorkflowHasher::Finish() {
  Flush();
  const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
  return {.high = hash.high64, .low = hash.low64};
}

void WorkflowHasher::Add(uint64_t value) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  bytes_.append(bytes, sizeof(bytes));
}

// Adding zero makes -0 and 0 one value, as == has it.
void WorkflowHasher::Add(double value) { Add(std::bit_cast<uint64_t>(value + 0.0)); }

void WorkflowHasher::Add(std::string_view text) {
  Add(uint64_t{text.size()});
  bytes_ += text;
  if (bytes_.size() >= kFlushBytes) Flush();
}

void WorkflowHasher::Flush() {
  XXH3_128bits_update(state_.get(), bytes_.data(), bytes_.size());
  bytes_.clear();
}

fb::TaskPolicy StoredPolicy(const Task& task) {
  const Backoff& backoff = task.retry.backoff;
  return fb::TaskPolicy(
      absl::ToInt64Nanoseconds(backoff.base), absl::ToInt64Nanoseconds(backoff.cap), backoff.factor,
      backoff.jitter, task.timeout ? absl::ToInt64Nanoseconds(*task.timeout) : 0,
      task.retry.max_attempts, task.retry.max_lost, static_cast<uint8_t>(backoff.kind));
}

}  // namespace stet::core
