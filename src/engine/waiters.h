// Callers that wait for executions to end.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/reply.h"
#include "stet/report.h"

namespace stet::engine {

using ReportReply = ReplyPtr<ExecutionReport>;

// The loop's thread owns it.
class Waiters {
 public:
  void Add(uint64_t execution, ReportReply reply) {
    waiting_[execution].push_back(std::move(reply));
  }

  // The caller has given up.
  void Remove(const ReportReply& reply);

  bool HasAny(uint64_t execution) const { return waiting_.contains(execution); }
  void Answer(uint64_t execution, const absl::StatusOr<ExecutionReport>& report);
  void FailAll(const absl::Status& status);

 private:
  absl::btree_map<uint64_t, std::vector<ReportReply>> waiting_;
};

}  // namespace stet::engine
