// A small language for tests of logs: open, append texts, read them back.
#pragma once

#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <doctest/doctest.h>

#include "base/status_macros.h"
#include "stet/wal/reader.h"
#include "stet/wal/recovery.h"
#include "stet/wal/writer.h"

namespace stet::wal {

// Small segments, nothing on threads.
inline Options SimOptions(Storage* storage) {
  return {.directory = "/log",
          .create = true,
          .segment_bytes = 256 << 10,
          .first_segment_bytes = 64 << 10,
          .batch_bytes_max = 16 << 10,
          .inflight_bytes_max = 1 << 20,
          .helper_thread = false,
          .storage = storage};
}

inline absl::StatusOr<std::unique_ptr<Writer>> OpenWriter(const Options& options) {
  ASSIGN_OR_RETURN(RecoveredLog recovered, Recover(options));
  return Writer::Start(std::move(recovered), options);
}

// One group.
inline absl::StatusOr<uint64_t> AppendText(Writer* writer, std::vector<std::string_view> texts) {
  std::vector<NewRecord> group;
  for (const std::string_view text : texts) {
    group.push_back({.type = 1, .payload = std::as_bytes(std::span(text))});
  }
  return writer->Append(group, 0);
}

inline std::vector<std::string> ReadTexts(const RecoveredLog& log) {
  std::vector<std::string> texts;
  Reader reader = log.NewReader();
  uint64_t seq = 0;
  for (const Record& record : reader) {
    CHECK_EQ(record.seq, ++seq);
    texts.emplace_back(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
  }
  CHECK_MESSAGE(reader.status().ok(), reader.status().ToString());
  return texts;
}

}  // namespace stet::wal
