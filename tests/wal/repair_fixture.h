// Repairs built logs and opens what comes out.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "stet/wal/inspect.h"
#include "stet/wal/repair.h"
#include "tests/wal/recovery_fixture.h"

namespace stet::wal {

inline constexpr RepairActions kAll = {
    .fix_bit = true, .header = true, .log_id = true, .accept_loss = true};

inline absl::StatusOr<LossManifest> Mended(Bench* bench, const RepairActions& actions,
                                           bool write = true) {
  const std::map<std::string, std::string> before = bench->disk.files;
  auto manifest = Repair({.source = bench->options,
                          .target = "new",
                          .actions = actions,
                          .write = write,
                          .anchors = bench->anchors});
  // The source stays as it is, whatever happens.
  for (const auto& [path, content] : before) CHECK(bench->disk.files.at(path) == content);
  if (!write || !manifest.ok()) CHECK_FALSE(bench->disk.files.contains("new/LOG_ID"));
  return manifest;
}

// Payloads that the repaired log gives when it is opened; "! error" if it is not.
inline std::vector<std::string> Reopened(Bench* bench, uint64_t from = 1) {
  Bench fresh;
  fresh.disk.files = bench->disk.files;
  fresh.options.directory = "new";
  fresh.anchors = bench->anchors;
  const RecoveryReport report = fresh.Judge();
  CHECK_MESSAGE(fresh.same, report.ToString());
  CHECK_MESSAGE(report.verdict == Verdict::kClean, report.ToString());
  const auto segments = ListSegments(fresh.options);
  REQUIRE(segments.ok());
  CHECK_EQ(segments->back().start_reason, "repair");
  return fresh.Read(from);
}

inline bool Did(const LossManifest& manifest, const std::string& action) {
  return std::ranges::any_of(manifest.changes,
                             [&](const Change& change) { return change.action == action; });
}

}  // namespace stet::wal
