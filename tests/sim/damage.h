// One fault of the medium in a log that is at rest, and what recovery may say to it.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "tests/sim/image_map.h"
#include "tests/sim/sim_disk.h"

namespace stet::wal {

// The claim of wal/README.md for one fault.
struct DamageVerdict {
  bool may_open = true;
  bool may_refuse = true;
  uint64_t at_least = 0;  // records, if it opens
};

struct Damage {
  std::string text = {};
  DamageVerdict verdict = {};
};

// Does something to one file of `disk`, whose log `map` draws, which is opened with `anchor` if there is one, and of which the first
// `witnessed` records are named durable by something behind them.
Damage DamageImage(SimDisk* disk, const ImageMap& map, const std::string& directory,
                   const std::optional<Anchor>& anchor, uint64_t witnessed,
                   std::mt19937_64* random);

}  // namespace stet::wal
