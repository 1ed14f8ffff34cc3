// What a crash or a fault of the medium leaves, and what the log may make of it.
#include <set>
#include <string>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "tests/sim/damage.h"
#include "tests/sim/swarm_run.h"

namespace stet::wal {
namespace {

constexpr int kImagesPerCut = 3;
constexpr int kDamagesPerImage = 3;

}  // namespace

// What was given up may be gone, and nothing else; the newest snapshot is where the log is opened from.
absl::Status Swarm::CheckBase(const RecoveredLog& log) const {
  if (FirstOf(log) > given_up_ + 1) {
    return Broken(fmt::format("the log begins with seq {}, and is needed from {} on", FirstOf(log),
                              given_up_ + 1));
  }
  const std::optional<Anchor>& anchor = log.report().anchor;
  const bool newest = anchors_.empty() ? !anchor : anchor == anchors_.back();
  return newest ? absl::OkStatus() : Broken("opened from another snapshot than the newest");
}

// No segment is lost between the log and the archive.
absl::Status Swarm::CheckArchive(const SimDisk& image) const {
  if (plan_.options.archive_directory.empty()) return absl::OkStatus();
  std::set<std::string> names;
  for (const std::string& directory : {plan_.options.directory, plan_.options.archive_directory}) {
    for (const std::string& name : image.List(directory)) {
      if (name.ends_with(".wal") && !names.insert(name).second)
        return Broken(name + " is there twice");
    }
  }
  uint64_t expected = 1;
  for (const std::string& name : names) {
    if (name != fmt::format("{:016x}.wal", expected++)) return Broken(name + " follows a gap");
  }
  return absl::OkStatus();
}

// Several fates of one power cut.
absl::Status Swarm::CheckCuts(SimStorage* storage) {
  for (int i = 0; i < kImagesPerCut; ++i) {
    const CrashPolicy policy = i == 0   ? CrashPolicy::kLoseAll
                               : i == 1 ? CrashPolicy::kKeepAll
                                        : CrashPolicy::kRandom;
    ++result_.crashes;
    RETURN_IF_ERROR(CheckImage(storage->Crash(policy), history_.promises().power));
  }
  return absl::OkStatus();
}

// An image that no medium damaged opens, with exactly what stands in it; damaged, it keeps to the claim.
absl::Status Swarm::CheckImage(const SimDisk& image, uint64_t at_least) {
  SimStorage storage(image, random_());
  storage.keep_history = false;
  ++result_.recoveries;
  {
    const absl::StatusOr<RecoveredLog> log = Recover(OptionsOn(&storage), anchors_);
    if (!log.ok()) return Broken("refused after a crash alone: " + log.status().ToString());
    RETURN_IF_ERROR(CheckBase(*log));
    RETURN_IF_ERROR(history_.CheckRecovered(*log, at_least, FirstOf(*log)));
    RETURN_IF_ERROR(CheckArchive(image));
    const ImageMap map = MapImage(image, plan_.options.directory);
    if (map.last_seq != log->last_seq() || map.first_seq != FirstOf(*log)) {
      return Broken(fmt::format("recovered records {}..{}, and {}..{} stand there", FirstOf(*log),
                                log->last_seq(), map.first_seq, map.last_seq));
    }
  }
  return absl::OkStatus();
}

absl::Status Swarm::CheckDamaged(const SimDisk& image, const ImageMap& map) {
  SimStorage storage(image, random_());
  storage.keep_history = false;
  const std::optional<Anchor> anchor =
      anchors_.empty() ? std::nullopt : std::optional(anchors_.back());
  const Damage damage = DamageImage(&storage.disk(), map, plan_.options.directory, anchor,
                                    history_.promises().witnessed, &random_);
  const absl::StatusOr<RecoveredLog> log = Recover(OptionsOn(&storage), anchors_);
  ++result_.recoveries;
  ++result_.damages;
  Tell(fmt::format("damage: {}: {}", damage.text, log.ok() ? "opens" : log.status().ToString()));
  const DamageVerdict& verdict = damage.verdict;
  if (!log.ok()) {
    ++result_.refusals;
    if (verdict.may_refuse) return absl::OkStatus();
    return Broken(fmt::format("refused, but nothing is missing: {}: {}", damage.text,
                              log.status().ToString()));
  }
  if (!verdict.may_open) {
    return Broken(fmt::format("opens with {} of {} records, and should refuse ({} witnessed): {}",
                              log->last_seq(), map.last_seq, history_.promises().witnessed,
                              damage.text));
  }
  const uint64_t from = anchor ? anchor->seq + 1 : 1;
  const absl::Status kept = history_.CheckRecovered(*log, verdict.at_least, from);
  return kept.ok() ? kept : Broken(damage.text + ": " + std::string(kept.message()));
}

// One write was lost, misdirected or duplicated while the log ran: whatever was named durable is there, or open refuses.
absl::Status Swarm::CheckAfterMedium(SimDisk image) {
  FixedChooser keep(true);
  SimStorage storage(image.Crash(keep), random_());
  storage.keep_history = false;
  over_ = true;
  const absl::StatusOr<RecoveredLog> log = Recover(OptionsOn(&storage), anchors_);
  ++result_.recoveries;
  ++result_.damages;
  Tell("after the medium's fault: " + log.status().ToString());
  const uint64_t covered = anchors_.empty() ? 0 : anchors_.back().seq;
  if (log.ok()) {
    const uint64_t at_least = std::max(history_.promises().witnessed, covered);
    return history_.CheckRecovered(*log, at_least, covered + 1);
  }
  ++result_.refusals;
  return RefusalOf(log.status()) != Refusal::kNone ? absl::OkStatus()
                                                   : Broken(log.status().ToString());
}

absl::Status Swarm::CheckAtRest() {
  FixedChooser keep(true);
  const SimDisk image = disk_.Crash(keep);
  RETURN_IF_ERROR(CheckImage(image, at_least_));
  const ImageMap map = MapImage(image, plan_.options.directory);
  if (map.last_seq == 0) return absl::OkStatus();
  for (int i = 0; i < kDamagesPerImage; ++i) RETURN_IF_ERROR(CheckDamaged(image, map));
  return absl::OkStatus();
}

}  // namespace stet::wal
