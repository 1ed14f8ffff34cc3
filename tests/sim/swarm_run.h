// One seed's run: its lives in swarm.cc, what is held against the images they leave in swarm_images.cc.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stet/wal/recovery.h"
#include "stet/wal/writer.h"
#include "tests/sim/history.h"
#include "tests/sim/image_map.h"
#include "tests/sim/payload.h"
#include "tests/sim/plan.h"
#include "tests/sim/sim_storage.h"
#include "tests/sim/swarm.h"

namespace stet::wal {

// The first record that a log holds; the one to come if it holds none.
inline uint64_t FirstOf(const RecoveredLog& log) {
  const RecoveryReport& report = log.report();
  return report.first_seq == 0 ? report.last_seq + 1 : report.first_seq;
}

class Swarm {
 public:
  Swarm(uint64_t seed, bool tell)
      : plan_(DrawPlan(seed)),
        random_(seed * 0x9e37'79b9'7f4a'7c15 + 1),
        history_([this](uint64_t id) { return PayloadOf(id, plan_.payload_bytes_max); }),
        tell_(tell) {
    Tell(ToString(plan_));
    if (plan_.options.archive_directory.empty()) return;
    disk_.MakeDirectory(plan_.options.archive_directory);
    disk_.SyncNames("/");
  }

  SwarmResult Run() {
    for (int i = 0; i < plan_.lives && result_.status.ok() && !over_; ++i) result_.status = Live();
    if (result_.status.ok() && !over_) result_.status = CheckAtRest();
    result_.records = history_.size();
    return std::move(result_);
  }

 private:
  void Tell(std::string line) {
    if (tell_) result_.story.push_back(std::move(line));
  }
  Options OptionsOn(SimStorage* storage) const {
    Options options = plan_.options;
    options.storage = storage;
    return options;
  }

  absl::Status Live();
  absl::StatusOr<std::unique_ptr<Writer>> Open(SimStorage* storage);
  absl::Status Work(SimStorage* storage, Writer* writer, int steps);
  absl::Status Step(SimStorage* storage, Writer* writer, bool* failed);
  absl::Status Idle(SimStorage* storage, Writer* writer);
  void TakeSnapshot(SimStorage* storage, const Writer& writer);
  absl::Status Retire(SimStorage* storage, Writer* writer);
  absl::Status RetireTooMuch(Writer* writer);
  absl::Status CheckBase(const RecoveredLog& log) const;
  absl::Status CheckArchive(const SimDisk& image) const;
  absl::Status CheckPoisoned(Writer* writer);
  absl::Status End(SimStorage* storage, const LifePlan& life);
  absl::Status CheckCuts(SimStorage* storage);
  absl::Status CheckImage(const SimDisk& image, uint64_t at_least);
  absl::Status CheckDamaged(const SimDisk& image, const ImageMap& map);
  absl::Status CheckAfterMedium(SimDisk image);
  absl::Status CheckAtRest();

  const SwarmPlan plan_;
  std::mt19937_64 random_;
  SimDisk disk_;
  History history_;
  uint64_t at_least_ = 0;  // what the next opening must find
  bool medium_ = false;    // the medium had its fault: open may refuse from now on
  bool over_ = false;
  // Of snapshots, the oldest first; they are kept elsewhere, for good.
  std::vector<Anchor> anchors_ = {};
  uint64_t given_up_ = 0;  // records up to here may be gone
  const bool tell_;
  SwarmResult result_;
};

}  // namespace stet::wal
