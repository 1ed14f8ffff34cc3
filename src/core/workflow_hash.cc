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

// Numbers of fields are frozen; a new field gets the next one.
void WorkflowHasher::AddExtra(const fb::TaskExtraT& extra) {
  const auto number = [this](uint64_t field, uint64_t value) {
    if (value == 0) return;
    Add(field);
    Add(value);
  };
  const auto text = [this](uint64_t field, std::string_view value) {
    if (value.empty()) return;
    Add(field);
    Add(value);
  };
  const auto texts = [this](uint64_t field, const std::vector<std::string>& values) {
    if (values.empty()) return;
    Add(field);
    Add(uint64_t{values.size()});
    for (const std::string& value : values) Add(std::string_view(value));
  };
  Add(uint64_t{extra.task} + 1);
  number(1, static_cast<uint64_t>(extra.kind));
  number(2, static_cast<uint64_t>(extra.on_upstream_failure));
  number(3, static_cast<uint64_t>(extra.trigger));
  text(4, extra.compensate);
  text(5, extra.breaker);
  number(6, static_cast<uint64_t>(extra.schedule_to_start));
  number(7, static_cast<uint64_t>(extra.schedule_to_close));
  number(8, static_cast<uint64_t>(extra.heartbeat));
  text(9, extra.concurrency_key);
  number(10, extra.key_held_in_retry ? 1 : 0);
  number(11, extra.non_retryable);
  number(12, static_cast<uint64_t>(extra.retry_deadline));
  number(13, static_cast<uint64_t>(extra.repeat));
  number(14, extra.repeat_count);
  number(15, static_cast<uint64_t>(extra.repeat_interval));
  text(16, extra.cron);
  number(17, static_cast<uint64_t>(extra.op));
  text(18, extra.operand);
  text(19, extra.value_task);
  text(20, extra.value_pointer);
  texts(21, extra.then_tasks);
  texts(22, extra.else_tasks);
  number(23, extra.iterations_max);
  number(24, extra.parallelism);
  text(25, extra.signal);
  number(26, static_cast<uint64_t>(extra.duration));
  text(27, extra.workflow);
  Add(uint64_t{0});
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
