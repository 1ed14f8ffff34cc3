// Keeps payloads.
#include "engine/payload_store.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "core/payload_part.h"

namespace stet::engine {
namespace {

// Vectors of FlatBuffers are read where they lie.
constexpr size_t kPartAlign = 16;

// Most tasks of a plain workflow have an empty output: it costs nothing.
const SharedPayload& EmptyPayload() {
  static const SharedPayload kEmpty = std::make_shared<const Payload>();
  return kEmpty;
}

SharedPayload Share(std::string_view bytes, std::string_view content_type) {
  Payload payload{std::string(bytes)};
  payload.content_type = content_type;
  return std::make_shared<const Payload>(std::move(payload));
}

}  // namespace

// A part as it was read, and which of its payloads are forgotten; its bytes go with the last one.
struct PayloadStore::Slab {
  AlignedBytes bytes;
  core::PayloadPart part;
  std::vector<bool> forgotten = {};  // empty while none is
  size_t left = 0;
  uint64_t last_seq = 0;

  bool Holds(size_t i) const { return forgotten.empty() || !forgotten[i]; }
};

PayloadStore::PayloadStore() = default;
PayloadStore::PayloadStore(PayloadStore&&) noexcept = default;
PayloadStore& PayloadStore::operator=(PayloadStore&&) noexcept = default;
PayloadStore::~PayloadStore() = default;

void PayloadStore::Keep(const core::EventRef& event) {
  const std::optional<core::CarriedPayload> carried = core::PayloadsIn(event);
  if (!carried) return;
  if (carried->bytes.empty() && carried->content_type == EmptyPayload()->content_type) return;
  payloads_.insert_or_assign(event.seq, Share(carried->bytes, carried->content_type));
}

absl::Status PayloadStore::Adopt(core::Bytes part) {
  AlignedBytes bytes(part.size(), kPartAlign);
  std::memcpy(bytes.data(), part.data(), part.size());
  return Adopt(std::move(bytes));
}

absl::Status PayloadStore::Adopt(AlignedBytes bytes) {
  ASSIGN_OR_RETURN(const core::PayloadPart parsed,
                   core::PayloadPart::Parse(bytes.first(bytes.size())));
  if (parsed.size() == 0) return absl::OkStatus();
  if (!payloads_.empty() || (!slabs_.empty() && parsed.seq(0) <= slabs_.back()->last_seq)) {
    return absl::DataLossError("snapshot, payloads: parts are not in order of seq");
  }
  adopted_ += parsed.size();
  slabs_.push_back(std::make_unique<Slab>(Slab{.bytes = std::move(bytes),
                                               .part = parsed,
                                               .left = parsed.size(),
                                               .last_seq = parsed.seq(parsed.size() - 1)}));
  return absl::OkStatus();
}

// The one that may hold `seq`; slabs_.size() if none does.
size_t PayloadStore::SlabOf(uint64_t seq) const {
  const auto at =
      std::lower_bound(slabs_.begin(), slabs_.end(), seq,
                       [](const auto& slab, uint64_t wanted) { return slab->last_seq < wanted; });
  return static_cast<size_t>(at - slabs_.begin());
}

void PayloadStore::Forget(uint64_t seq) {
  if (payloads_.erase(seq) != 0) return;
  const size_t at = SlabOf(seq);
  if (at == slabs_.size()) return;
  Slab& slab = *slabs_[at];
  const std::optional<size_t> found = slab.part.Find(seq);
  if (!found || !slab.Holds(*found)) return;
  if (slab.forgotten.empty()) slab.forgotten.resize(slab.part.size());
  slab.forgotten[*found] = true;
  --adopted_;
  if (--slab.left == 0) slabs_.erase(slabs_.begin() + static_cast<std::ptrdiff_t>(at));
}

void PayloadStore::ForgetBefore(const core::EventRef& event, const core::State& state) {
  for (const uint64_t seq : core::PayloadsDroppedBy(event, state)) Forget(seq);
}

SharedPayload PayloadStore::Get(const core::PayloadRef& ref) const {
  if (!ref) return nullptr;
  if (const auto found = payloads_.find(ref.seq); found != payloads_.end()) return found->second;
  const size_t at = SlabOf(ref.seq);
  if (at == slabs_.size()) return EmptyPayload();
  const Slab& slab = *slabs_[at];
  const std::optional<size_t> found = slab.part.Find(ref.seq);
  if (!found || !slab.Holds(*found)) return EmptyPayload();
  return Share(slab.part.bytes(*found), slab.part.content_type(*found));
}

absl::Status PayloadStore::ForEach(Visit visit) const {
  for (const auto& slab : slabs_) {
    for (size_t i = 0; i < slab->part.size(); ++i) {
      if (!slab->Holds(i)) continue;
      RETURN_IF_ERROR(visit(slab->part.seq(i), slab->part.bytes(i), slab->part.content_type(i)));
    }
  }
  std::vector<std::pair<uint64_t, const Payload*>> rest;
  rest.reserve(payloads_.size());
  for (const auto& [seq, payload] : payloads_) rest.emplace_back(seq, payload.get());
  std::sort(rest.begin(), rest.end());
  for (const auto& [seq, payload] : rest) {
    RETURN_IF_ERROR(visit(seq, payload->bytes, payload->content_type));
  }
  return absl::OkStatus();
}

}  // namespace stet::engine
