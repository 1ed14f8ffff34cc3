// Runs a plan.
#include "tests/sim/swarm.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "tests/sim/swarm_run.h"

namespace stet::wal {
namespace {

constexpr size_t kAnchorsMax = 2;

}  // namespace

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
  absl::StatusOr<RecoveredLog> log = Recover(options, anchors_);
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
  RETURN_IF_ERROR(CheckBase(*log));
  RETURN_IF_ERROR(history_.CheckRecovered(*log, at_least_, FirstOf(*log)));
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
  if (plan_.retires && random_() % 6 == 0) {
    if (kind < 6) TakeSnapshot(storage, *writer);
    return kind == 15 ? RetireTooMuch(writer) : Retire(storage, writer);
  }
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

// Of what is durable, at the end of any batch: the drawings alone say what the disk has for good.
void Swarm::TakeSnapshot(SimStorage* storage, const Writer& writer) {
  const uint64_t durable = writer.watermarks().durable;
  std::vector<Anchor> possible;
  const ImageMap map = MapImage(storage->Crash(CrashPolicy::kLoseAll), plan_.options.directory);
  for (const auto& [segno, segment] : map.segments) {
    for (const MappedBatch& batch : segment.batches) {
      const bool records = batch.last_seq >= batch.first_seq;
      const bool newer = anchors_.empty() || batch.last_seq > anchors_.back().seq;
      if (records && newer && batch.last_seq <= durable) {
        possible.push_back(AnchorOf(segno, batch));
      }
    }
  }
  if (possible.empty()) return;
  anchors_.push_back(possible[random_() % possible.size()]);
  if (anchors_.size() > kAnchorsMax) anchors_.erase(anchors_.begin());
  Tell(fmt::format("  snapshot up to seq {}, lsn {:#x}", anchors_.back().seq, anchors_.back().lsn));
}

// Its errors do not harm the log.
absl::Status Swarm::Retire(SimStorage* storage, Writer* writer) {
  if (anchors_.empty()) return absl::OkStatus();
  const Anchor& anchor = anchors_[random_() % anchors_.size()];
  given_up_ = std::max(given_up_, anchor.seq);
  const absl::Status status = writer->Retire(anchor);
  Tell(fmt::format("  retire before seq {}: {}", anchor.seq, status.ToString()));
  if (status.ok() || storage->dead() || storage->errors() > 0) return absl::OkStatus();
  return Broken("retire: " + status.ToString());
}

// A snapshot of what is not durable promises too much.
absl::Status Swarm::RetireTooMuch(Writer* writer) {
  const uint64_t seq = writer->watermarks().durable + 1;
  const Anchor anchor{.seq = seq, .lsn = UINT64_MAX, .batch_id = {}};
  if (!writer->Retire(anchor).ok()) return absl::OkStatus();
  return Broken(fmt::format("retired before seq {}, which is not durable", seq));
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

SwarmResult RunSeed(uint64_t seed, bool tell) { return Swarm(seed, tell).Run(); }

}  // namespace stet::wal
