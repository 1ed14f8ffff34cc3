// Which events a dump shows.
#pragma once

#include <cstdint>
#include <optional>

#include <absl/status/statusor.h>

#include "stet/wal/record.h"
#include "tools/walinspect/commands.h"

namespace stet::walinspect {

struct Filter {
  uint64_t from_seq = 1;
  uint64_t to_seq = UINT64_MAX;
  std::optional<uint64_t> execution = {};
  std::optional<uint16_t> type = {};
  int64_t since_ns = INT64_MIN;
  uint64_t limit = UINT64_MAX;  // events that are still wanted

  bool Takes(const wal::BatchInfo& batch, const wal::Record& record) const {
    return record.seq >= from_seq && record.seq <= to_seq && batch.closed_ns >= since_ns &&
           (!execution || record.stream == *execution) && (!type || record.type == *type);
  }
};

// Errors: InvalidArgument, in the words of who typed it.
absl::StatusOr<Filter> FilterFrom(const DumpArguments& arguments);

}  // namespace stet::walinspect
