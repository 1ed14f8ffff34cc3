// Payloads as parts of a snapshot, and back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "core/column.h"
#include "core/event.h"
#include "schema/payloads.fbs.h"

namespace stet::core {

// Packs payloads into parts of about `part_bytes`; one larger payload makes one larger part.
class PayloadPartWriter {
 public:
  // Takes a part; its bytes are valid during the call.
  using Sink = absl::FunctionRef<absl::Status(Bytes)>;

  // What `sink` refers to must outlive the writer.
  PayloadPartWriter(Sink sink, size_t part_bytes) : sink_(sink), part_bytes_(part_bytes) {}

  // In ascending order of `seq`.  Errors: those of the sink.
  absl::Status Add(uint64_t seq, std::string_view bytes, std::string_view content_type);
  // Hands on what is there.
  absl::Status Flush();

 private:
  Sink sink_;
  const size_t part_bytes_;
  size_t bytes_ = 0;
  fb::PayloadPartT columns_ = {};
  std::map<std::string, uint32_t, std::less<>> types_ = {};
};

// A part that was found to be in order: payloads are looked up in its bytes, which must stay.
class PayloadPart {
 public:
  // Errors: DataLoss, saying what is wrong with the part.
  static absl::StatusOr<PayloadPart> Parse(Bytes part);

  size_t size() const { return size_; }
  uint64_t seq(size_t i) const { return seq_[i]; }
  std::string_view bytes(size_t i) const;
  std::string_view content_type(size_t i) const;

  // Position of the payload of `seq`.
  std::optional<size_t> Find(uint64_t seq) const;

 private:
  explicit PayloadPart(const fb::PayloadPart& table);

  size_t size_ = 0;
  Column<uint64_t> seq_;
  Column<uint32_t> end_;
  Column<uint32_t> type_;
  const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* types_ = nullptr;
  std::string_view bytes_ = {};
};

}  // namespace stet::core
