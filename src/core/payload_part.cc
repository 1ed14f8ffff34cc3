// Payloads into columns, and looked up in columns.
#include "core/payload_part.h"

#include <algorithm>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include "core/payload_ref.h"

namespace stet::core {
namespace {

absl::Status Wrong(const char* what) {
  return absl::DataLossError(fmt::format("snapshot, payloads: {}", what));
}

}  // namespace

absl::Status PayloadPartWriter::Add(uint64_t seq, std::string_view bytes,
                                    std::string_view content_type) {
  auto known = types_.find(content_type);
  if (known == types_.end()) {
    known = types_.emplace(content_type, static_cast<uint32_t>(columns_.types.size())).first;
    columns_.types.emplace_back(content_type);
  }
  columns_.seq.push_back(seq);
  columns_.type.push_back(known->second);
  columns_.bytes.insert(columns_.bytes.end(), bytes.begin(), bytes.end());
  columns_.end.push_back(static_cast<uint32_t>(columns_.bytes.size()));
  bytes_ += bytes.size() + 16;
  return bytes_ < part_bytes_ ? absl::OkStatus() : Flush();
}

absl::Status PayloadPartWriter::Flush() {
  if (bytes_ == 0) return absl::OkStatus();
  flatbuffers::FlatBufferBuilder builder(bytes_ + 1024);
  builder.Finish(fb::PayloadPart::Pack(builder, &columns_));
  columns_ = {};
  types_.clear();
  bytes_ = 0;
  return sink_(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
}

PayloadPart::PayloadPart(const fb::PayloadPart& table)
    : size_(table.seq() == nullptr ? 0 : table.seq()->size()),
      seq_(table.seq()),
      end_(table.end()),
      type_(table.type()),
      types_(table.types()),
      bytes_(TextOf(table.bytes())) {}

absl::StatusOr<PayloadPart> PayloadPart::Parse(Bytes part) {
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(part.data()), part.size());
  if (!verifier.VerifyBuffer<fb::PayloadPart>(nullptr)) return Wrong("not their table");
  const PayloadPart parsed(*flatbuffers::GetRoot<fb::PayloadPart>(part.data()));
  if (!parsed.seq_.Fits(parsed.size_) || !parsed.end_.Fits(parsed.size_) ||
      !parsed.type_.Fits(parsed.size_)) {
    return Wrong("columns of different length");
  }
  const size_t types = parsed.types_ == nullptr ? 0 : parsed.types_->size();
  for (size_t i = 0; i < parsed.size_; ++i) {
    const bool first = i == 0;
    if (!first && parsed.seq_[i] <= parsed.seq_[i - 1]) return Wrong("not in order of seq");
    if (parsed.end_[i] < (first ? 0 : parsed.end_[i - 1]))
      return Wrong("one ends before it begins");
    if (parsed.end_[i] > parsed.bytes_.size()) return Wrong("one ends outside");
    if (parsed.type_[i] >= types) return Wrong("one has a content type that is not there");
  }
  return parsed;
}

std::string_view PayloadPart::bytes(size_t i) const {
  const uint32_t begin = i == 0 ? 0 : end_[i - 1];
  return bytes_.substr(begin, end_[i] - begin);
}

std::string_view PayloadPart::content_type(size_t i) const { return TextOf(types_->Get(type_[i])); }

std::optional<size_t> PayloadPart::Find(uint64_t seq) const {
  size_t low = 0;
  size_t high = size_;
  while (low < high) {
    const size_t middle = std::midpoint(low, high);
    if (seq_[middle] < seq) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < size_ && seq_[low] == seq ? std::optional(low) : std::nullopt;
}

}  // namespace stet::core
