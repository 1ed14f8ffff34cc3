// Over what the crash tests repeat themselves.
#pragma once

#include <stdlib.h>

#include <random>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <doctest/doctest.h>

#include "stet/wal/recovery.h"
#include "stet/wal/storage.h"

namespace stet::wal {

// Durabilities that this build of the log takes.
inline std::vector<Durability> Durabilities() {
  std::vector<Durability> built;
  for (const Durability durability : {Durability::kMemory, Durability::kOs, Durability::kInterval,
                                      Durability::kCommit, Durability::kWitness}) {
    const absl::Status status =
        Recover({.directory = "/nonexistent/log", .durability = durability}).status();
    if (!absl::IsUnimplemented(status)) built.push_back(durability);
  }
  return built;
}

// Ways to the disk that this machine offers.
inline std::vector<Backend> Backends() {
  if (OpenStorage(Backend::kUring).ok()) return {Backend::kUring, Backend::kPosix};
  return {Backend::kPosix};
}

// STET_SEED, else a new one; said in the output.
inline uint64_t Seed() {
  const char* given = ::getenv("STET_SEED");  // NOLINT(concurrency-mt-unsafe)
  const uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device{}();
  MESSAGE("STET_SEED=", seed);
  return seed;
}

// How many times as many rounds as usual: STET_CRASH_ROUNDS.
inline uint64_t Rounds(uint64_t usual) {
  const char* given = ::getenv("STET_CRASH_ROUNDS");  // NOLINT(concurrency-mt-unsafe)
  return given != nullptr ? usual * std::stoull(given) : usual;
}

}  // namespace stet::wal
