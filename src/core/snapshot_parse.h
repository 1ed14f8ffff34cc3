// What decoding each part of a snapshot shares.
#pragma once

#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>

#include "core/event.h"
#include "core/payload_ref.h"
#include "schema/snapshot.fbs.h"

namespace stet::core {

inline absl::Status WrongPart(fb::SnapshotPart part, const std::string& what) {
  return absl::DataLossError(
      fmt::format("snapshot, part {}: {}", fb::EnumNameSnapshotPart(part), what));
}

template <class T>
absl::StatusOr<const T*> ParsePart(fb::SnapshotPart part, Bytes payload) {
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(payload.data()), payload.size());
  if (!verifier.VerifyBuffer<T>(nullptr)) {
    return WrongPart(part, fmt::format("{} bytes are not its table", payload.size()));
  }
  return flatbuffers::GetRoot<T>(payload.data());
}

size_t CountOf(const auto* vector) { return vector == nullptr ? 0 : vector->size(); }

}  // namespace stet::core
