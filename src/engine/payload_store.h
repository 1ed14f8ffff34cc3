// The bytes of inputs, outputs and errors, by the seq of the event that carries them.
//
// State holds references only.  The bytes of every execution that State holds are kept in memory:
// nothing is read back from the log.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "core/apply.h"
#include "core/ref.h"
#include "engine/aligned_bytes.h"
#include "engine/attempt.h"

namespace stet::engine {

// Not thread-safe; what it gives may be kept and read anywhere.
class PayloadStore {
 public:
  PayloadStore();
  PayloadStore(PayloadStore&&) noexcept;
  PayloadStore& operator=(PayloadStore&&) noexcept;
  ~PayloadStore();

  // Takes in what the event carries, if it carries anything.
  void Keep(const core::EventRef& event);

  // Takes in a part of a snapshot, as a whole: its payloads are looked up in it.  Parts come in
  // order, before any event.  Errors: DataLoss for what is no such part, or not in order.
  absl::Status Adopt(core::Bytes part);
  // The same, without a copy: at a multiple of 16.
  absl::Status Adopt(AlignedBytes part);

  // Nobody will ask for it again.
  void Forget(uint64_t seq);

  // To be called before an event is applied: forgets what it makes useless.
  void ForgetBefore(const core::EventRef& event, const core::State& state);

  // Null when `ref` stands for nothing.
  SharedPayload Get(const core::PayloadRef& ref) const;

  // In ascending order of seq, until `visit` returns an error.
  using Visit = absl::FunctionRef<absl::Status(uint64_t seq, std::string_view bytes,
                                               std::string_view content_type)>;
  absl::Status ForEach(Visit visit) const;

  size_t count() const { return payloads_.size() + adopted_; }

 private:
  struct Slab;
  size_t SlabOf(uint64_t seq) const;

  // Looked up only, never iterated in their order.
  absl::flat_hash_map<uint64_t, SharedPayload> payloads_;
  std::vector<std::unique_ptr<Slab>> slabs_;
  size_t adopted_ = 0;
};

}  // namespace stet::engine
