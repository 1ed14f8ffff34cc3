// Runs a plan.
#include "tests/sim/swarm.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "stet/wal/recovery.h"
#include "stet/wal/writer.h"
#include "tests/sim/damage.h"
#include "tests/sim/history.h"
#include "tests/sim/image_map.h"
#include "tests/sim/payload.h"
#include "tests/sim/plan.h"
#include "tests/sim/sim_storage.h"

namespace stet::wal {
namespace {

constexpr int kImagesPerCut = 3;
constexpr int kDamagesPerImage = 3;

absl::Status Broken(std::string text) { return absl::InternalError(std::move(text)); }

class Swarm {
 public:
  Swarm(uint64_t seed, bool tell)
      : plan_(DrawPlan(seed)),
        random_(seed * 0x9e37'79b9'7f4a'7c15 + 1),
        history_([this](uint64_t id) { return PayloadOf(id, plan_.payload_bytes_max); }),
        tell_(tell) {
    Tell(ToString(plan_));
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
  const bool tell_;
  SwarmResult result_;
};

absl::Status Swarm::Live() {
  LifePlan life = DrawLife(plan_, &random_);
  SimStorage storage(disk_, random_());
  storage.order = life.order;
  storage.keep_history = tell_;
  if (!medium_ && static_cast<double>(random_() % 1000) < plan_.medium * 1000) {
    medium_ = true;
    uint64_t* const which[] = {&life.faults.lose_write, &life.faults.misdirect_write,
                               &life.faults.duplicate_write};
    *which[random_() % 3] = 1 + random_() % 30;
  }
  if (static_cast<double>(random_() % 1000) < plan_.full_disk * 1000) {
    life.faults.capacity = storage.disk().UsedBytes() + (random_() % 8 << 16);
  }
  storage.faults = life.faults;
  Tell("life: " + ToString(life));
  absl::Status status;
  {
    absl::StatusOr<std::unique_ptr<Writer>> writer = Open(&storage);
    status = writer.status();
    if (writer.ok() && *writer != nullptr) {
      status = Work(&storage, writer->get(), life.steps);
      if (status.ok() && life.ending == Ending::kClose && !storage.dead()) {
        const absl::Status closed = (*writer)->Close();
        Tell("close: " + closed.ToString());
        status = history_.Observe(**writer, plan_.options.durability);
        if (status.ok() && closed.ok() && history_.promises().power != history_.size()) {
          status = Broken("closed, and not all is durable");
        }
      }
    }
  }
  for (const std::string& line : storage.history()) Tell("  " + line);
  if (status.ok() && !storage.misuse().empty()) status = Broken(storage.misuse());
  RETURN_IF_ERROR(status);
  return over_ ? absl::OkStatus() : End(&storage, life);
}

// A writer; null if the disk's errors or its death do not let it start.
absl::StatusOr<std::unique_ptr<Writer>> Swarm::Open(SimStorage* storage) {
  const Options options = OptionsOn(storage);
  absl::StatusOr<RecoveredLog> log = Recover(options);
  ++result_.recoveries;
  const bool excused = storage->dead() || storage->errors() > 0;
  if (!log.ok()) {
    Tell("recover: " + log.status().ToString());
    if (medium_ && RefusalOf(log.status()) != Refusal::kNone) over_ = !excused;
    if (medium_ || excused) return std::unique_ptr<Writer>();
    return Broken("refused: " + log.status().ToString());
  }
  Tell(fmt::format("recovered {} records; promised {}", log->last_seq(), at_least_));
  const double read_error = std::exchange(storage->faults.read_error, 0);
  RETURN_IF_ERROR(history_.CheckRecovered(*log, at_least_));
  storage->faults.read_error = read_error;
  history_.Settle(log->last_seq());
  at_least_ = log->last_seq();
  absl::StatusOr<std::unique_ptr<Writer>> writer = Writer::Start(*std::move(log), options);
  if (writer.ok()) return writer;
  Tell("start: " + writer.status().ToString());
  const bool full =
      absl::IsResourceExhausted(writer.status()) && storage->faults.capacity != UINT64_MAX;
  if (full || storage->dead() || storage->errors() > 0) return std::unique_ptr<Writer>();
  return Broken("start: " + writer.status().ToString());
}

absl::Status Swarm::Work(SimStorage* storage, Writer* writer, int steps) {
  bool failed = false;
  RETURN_IF_ERROR(history_.Observe(*writer, plan_.options.durability));
  for (int i = 0; i < steps && !failed; ++i) RETURN_IF_ERROR(Step(storage, writer, &failed));
  return failed ? CheckPoisoned(writer) : absl::OkStatus();
}

// One call or a few; `failed` when the log takes nothing more.
absl::Status Swarm::Step(SimStorage* storage, Writer* writer, bool* failed) {
  absl::Status status;
  const uint64_t kind = random_() % 16;
  if (kind < 8) {
    const bool more = plan_.strengthens && random_() % 8 == 0;
    const auto at_least = more ? static_cast<Durability>(random_() % 5) : Durability::kMemory;
    status = history_.Append(writer, 1 + random_() % plan_.group_max, at_least);
  } else if (kind < 11) {
    status = writer->Poll(absl::ZeroDuration());
  } else if (kind < 13) {
    status = writer->Poll(absl::Milliseconds(1));
  } else if (kind == 13) {
    status = writer->Maintain(absl::Milliseconds(1));
  } else if (kind == 14) {
    status = writer->Flush();
    if (status.ok()) {
      RETURN_IF_ERROR(history_.Observe(*writer, plan_.options.durability));
      if (history_.promises().power != history_.size())
        return Broken("flushed, and not all is durable");
    }
  } else {
    status = Idle(storage, writer);
  }
  RETURN_IF_ERROR(history_.Observe(*writer, plan_.options.durability));
  if (status.ok()) return absl::OkStatus();
  Tell("  " + status.ToString());
  if (absl::IsInternal(status) && storage->errors() == 0 && !storage->dead()) return status;
  if (absl::IsOutOfRange(status)) return absl::OkStatus();
  const bool full = absl::IsResourceExhausted(status) && storage->faults.capacity != UINT64_MAX;
  if (full && random_() % 4 == 0) storage->faults.capacity += 1 << 20;
  if (full) return absl::OkStatus();
  if (!storage->dead() && storage->errors() == 0) return Broken("failed: " + status.ToString());
  *failed = true;
  return absl::OkStatus();
}

// Nothing comes for a while: a slot is written, and names all that is durable.
absl::Status Swarm::Idle(SimStorage* storage, Writer* writer) {
  const auto witnessed = [&] { return writer->watermarks().witnessed == history_.size(); };
  absl::Status status;
  for (int i = 0; i < 200 && status.ok() && !witnessed(); ++i) {
    status = writer->Poll(absl::Milliseconds(20));
    if (i < 6) continue;
    const Durability durability = plan_.options.durability;
    const bool slots = plan_.options.idle_watermark != absl::InfiniteDuration();
    if (durability == Durability::kOs || durability == Durability::kMemory || !slots) return status;
  }
  if (status.ok() && !witnessed() && !storage->dead())
    return Broken("idle, and not all is witnessed");
  return status;
}

// Poison stays: nothing more is taken or released, and nobody waits for ever.
absl::Status Swarm::CheckPoisoned(Writer* writer) {
  const uint64_t released = writer->released();
  const bool silent = history_.Append(writer, 1).ok() || writer->Flush().ok() ||
                      writer->Poll(absl::Milliseconds(1)).ok();
  if (silent || writer->released() != released) return Broken("a log that failed goes on");
  return absl::OkStatus();
}

// The machine after this life, and what must be found there.
absl::Status Swarm::End(SimStorage* storage, const LifePlan& life) {
  if (storage->errors() > 0) history_.ForgetWritten();
  if (medium_ && !storage->damaged().empty()) return CheckAfterMedium(storage->disk());
  const bool cut = storage->dead() || life.ending == Ending::kPowerCut;
  if (cut) {
    RETURN_IF_ERROR(CheckCuts(storage));
    disk_ = storage->Crash(CrashPolicy::kRandom);
    at_least_ = history_.promises().power;
  } else {
    storage->disk().Kill(random_);
    disk_ = storage->disk();
    at_least_ = history_.promises().kill;
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
    const absl::StatusOr<RecoveredLog> log = Recover(OptionsOn(&storage));
    if (!log.ok()) return Broken("refused after a crash alone: " + log.status().ToString());
    RETURN_IF_ERROR(history_.CheckRecovered(*log, at_least));
    const ImageMap map = MapImage(image, plan_.options.directory);
    if (map.last_seq != log->last_seq()) {
      return Broken(
          fmt::format("recovered {} records, and {} stand there", log->last_seq(), map.last_seq));
    }
  }
  return absl::OkStatus();
}

absl::Status Swarm::CheckDamaged(const SimDisk& image, const ImageMap& map) {
  SimStorage storage(image, random_());
  storage.keep_history = false;
  const Damage damage = DamageImage(&storage.disk(), map, plan_.options.directory,
                                    history_.promises().witnessed, &random_);
  const absl::StatusOr<RecoveredLog> log = Recover(OptionsOn(&storage));
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
  const absl::Status kept = history_.CheckRecovered(*log, verdict.at_least);
  return kept.ok() ? kept : Broken(damage.text + ": " + std::string(kept.message()));
}

// One write was lost, misdirected or duplicated while the log ran: whatever was named durable is there, or open refuses.
absl::Status Swarm::CheckAfterMedium(SimDisk image) {
  FixedChooser keep(true);
  SimStorage storage(image.Crash(keep), random_());
  storage.keep_history = false;
  over_ = true;
  const absl::StatusOr<RecoveredLog> log = Recover(OptionsOn(&storage));
  ++result_.recoveries;
  ++result_.damages;
  Tell("after the medium's fault: " + log.status().ToString());
  if (log.ok()) return history_.CheckRecovered(*log, history_.promises().witnessed);
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

}  // namespace

SwarmResult RunSeed(uint64_t seed, bool tell) { return Swarm(seed, tell).Run(); }

}  // namespace stet::wal
