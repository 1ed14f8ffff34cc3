// What tests of snapshots share: an engine with something to do, and its files.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/inspect.h"
#include "tests/engine/fixture.h"

namespace stet::testing {

namespace fs = std::filesystem;

inline EngineOptions SnapshotOptions(const TempDirectory& directory) {
  EngineOptions options{.directory = directory.engine(),
                        .workflows = {Chain(3, "work")},
                        .activities = {{"work",
                                        [](ActivityContext& context) {
                                          return Payload(fmt::format("\"{}\"", context.task()));
                                        }}},
                        .recovery_target = absl::InfiniteDuration()};
  options.log.segment_bytes = 1 << 20;
  options.log.first_segment_bytes = 64 << 10;
  options.limits.payload_bytes = 64 << 10;
  return options;
}

// Runs `count` executions to their end.
inline void Work(Engine& engine, int count, size_t input_bytes = 10) {
  static int runs = 0;
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) {
    keys.push_back(fmt::format("k{}", runs++));
    MustStart(engine, keys.back(), Payload(std::string(input_bytes, 'i')));
  }
  for (const std::string& key : keys) CHECK(MustWait(engine, key).success());
}

inline SnapshotInfo MustSnapshot(Engine& engine) {
  const absl::StatusOr<SnapshotInfo> made = engine.Snapshot();
  REQUIRE_MESSAGE(made.ok(), made.status().ToString());
  CHECK_EQ(fs::file_size(made->file), made->bytes);
  return *made;
}

inline std::vector<fs::path> Files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}
inline std::vector<fs::path> Snapshots(const TempDirectory& directory) {
  return Files(fs::path(directory.engine()) / "snapshots");
}
inline void Flip(const fs::path& file, int64_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(at);
  const int byte = stream.get();
  stream.seekp(at);
  stream.put(static_cast<char>(byte ^ 0x10));
}

// Two snapshots with work before, between and behind them; the log keeps everything.
struct TwoSnapshots {
  TempDirectory directory;
  SnapshotInfo older = {};
  SnapshotInfo newer = {};
  uint64_t seq = 0;
  uint64_t digest = 0;

  explicit TwoSnapshots(History history = History::kKeep) {
    EngineOptions options = SnapshotOptions(directory);
    options.history = history;
    const auto engine = MustOpen(options);
    Work(*engine, 5);
    older = MustSnapshot(*engine);
    Work(*engine, 5);
    newer = MustSnapshot(*engine);
    Work(*engine, 5);
    CHECK(engine->Close().ok());
    const auto state = Replay({.directory = directory.engine(), .whole_log = true});
    if (!state.ok()) return;  // The log does not reach back.
    seq = state->seq();
    digest = state->digest();
  }

  // Opens without executing, so that the state is what the log says but for EngineOpened.
  absl::StatusOr<std::unique_ptr<Engine>> Open() {
    EngineOptions options = SnapshotOptions(directory);
    options.execute = false;
    return Engine::Open(options);
  }
};

inline const wal::Finding* FindingOf(const wal::RecoveryReport& report, std::string_view code) {
  for (const wal::Finding& finding : report.findings) {
    if (finding.code == code) return &finding;
  }
  return nullptr;
}

}  // namespace stet::testing
