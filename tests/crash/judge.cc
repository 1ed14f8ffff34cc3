// Reading a log to the end.
#include "tests/crash/judge.h"

#include <string_view>

#include <fmt/format.h>

#include "stet/wal/reader.h"
#include "tests/crash/records.h"

namespace stet::wal {
namespace {

std::string_view TextOf(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string ReadAll(const RecoveredLog& log, LogJudgement* judgement) {
  const RecoveryReport& report = log.report();
  const uint64_t first = report.first_seq == 0 ? report.last_seq + 1 : report.first_seq;
  const uint64_t needed = report.anchor ? report.anchor->seq + 1 : 1;
  if (first > needed) return fmt::format("begins with seq {}, needed from {} on", first, needed);
  Reader reader = log.NewReader(first);
  judgement->last_seq = first - 1;
  for (const Record& record : reader) {
    if (record.seq != judgement->last_seq + 1) {
      return fmt::format("seq {} follows {}", record.seq, judgement->last_seq);
    }
    judgement->last_seq = record.seq;
    if (TextOf(record.payload) != PayloadOf(record.seq) || record.stream != record.seq ||
        record.type != TypeOf(record.seq)) {
      return fmt::format("the record of seq {} is not what was appended", record.seq);
    }
  }
  if (!reader.status().ok()) return "reading: " + reader.status().ToString();
  if (log.last_seq() != judgement->last_seq) {
    return fmt::format("recovered to seq {}, read to {}", log.last_seq(), judgement->last_seq);
  }
  return {};
}

}  // namespace

LogJudgement Judge(const std::string& directory, Backend backend, const Allowed& allowed,
                   const std::vector<Anchor>& anchors) {
  LogJudgement judgement;
  const absl::StatusOr<RecoveredLog> log =
      Recover({.directory = directory, .create = true, .backend = backend}, anchors);
  if (!log.ok()) {
    judgement.refusal = log.status();
    judgement.complaint = "refused: " + log.status().ToString();
    return judgement;
  }
  judgement.verdict = log->report().verdict;
  judgement.complaint = ReadAll(*log, &judgement);
  if (judgement.complaint.empty() && judgement.last_seq < allowed.at_least) {
    judgement.complaint = fmt::format("LOST: acknowledged to seq {}, recovered to {}",
                                      allowed.at_least, judgement.last_seq);
  }
  if (judgement.complaint.empty() && judgement.last_seq > allowed.at_most) {
    judgement.complaint = fmt::format("INVENTED: appended to seq {}, recovered to {}",
                                      allowed.at_most, judgement.last_seq);
  }
  if (!judgement.complaint.empty()) judgement.complaint += "\n" + log->report().ToString();
  return judgement;
}

}  // namespace stet::wal
