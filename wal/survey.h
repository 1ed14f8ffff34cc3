// Everything that a log's directory shows, before anything is decided.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "stet/wal/storage.h"
#include "wal/recovery_table.h"
#include "wal/segment_bytes.h"
#include "wal/segment_reader.h"
#include "wal/segments.h"

namespace stet::wal {

struct SurveyedSegment {
  uint64_t segno = 0;  // by its name
  SegmentBytes bytes;
  HeaderCopies copies = {};
  HeaderFacts facts = {};
  Slots slots = {};  // if it is active
  HeaderCase header_case = HeaderCase::kLost;

  const SegmentHeader& header() const { return *copies.best(); }  // unless lost
  bool active() const {
    return header_case == HeaderCase::kUse || header_case == HeaderCase::kHeal;
  }
};

struct Survey {
  std::string directory = {};
  Listing listing = {};
  LogIdState log_id_state = LogIdState::kAbsent;
  LogId log_id = {};
  absl::Status log_id_status = {};
  std::vector<SurveyedSegment> segments = {};
  Content content = Content::kNothing;
};

// Errors: the directory or a file in it cannot be opened.
absl::StatusOr<Survey> TakeSurvey(Storage* storage, const std::string& directory);

}  // namespace stet::wal
