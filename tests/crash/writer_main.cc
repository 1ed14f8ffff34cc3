// The process that the crash tests kill: appends records that follow from their seq, and tells in
// shared memory what the log promises.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/time/clock.h>

#include "stet/wal/recovery.h"
#include "stet/wal/writer.h"
#include "tests/crash/anchors.h"
#include "tests/crash/killing_storage.h"
#include "tests/crash/records.h"
#include "tests/crash/shared_plan.h"

namespace stet::wal {
namespace {

[[noreturn]] void GiveUp(SharedPlan* shared, WriterExit code, const absl::Status& status) {
  std::snprintf(shared->error, sizeof(shared->error), "%s", status.ToString().c_str());
  // Like a kill: nothing is flushed or noted on the way out.
  ::_exit(static_cast<int>(code));
}

void Publish(const Writer& writer, Promises* promises) {
  // What was released may not be told before its cause: a watermark is read before `appending` grows.
  promises->released = writer.released();
  const Watermarks marks = writer.watermarks();
  promises->written = marks.written;
  promises->durable = marks.durable;
  promises->witnessed = marks.witnessed;
}

Options OptionsOf(const WriterPlan& plan, Storage* storage) {
  return {.directory = plan.directory,
          .create = true,
          .durability = plan.durability,
          .backend = plan.backend,
          .segment_bytes = plan.segment_bytes,
          .first_segment_bytes = plan.first_segment_bytes,
          .batch_bytes_max = plan.batch_bytes_max,
          .inflight_bytes_max = plan.inflight_bytes_max,
          .retired = plan.retired,
          .storage = storage};
}

// One group; false if the disk is full and the plan is to outlast that.
bool AppendGroup(Writer* writer, uint64_t count, SharedPlan* shared) {
  const uint64_t first = writer->next_seq();
  std::vector<std::string> payloads;
  std::vector<NewRecord> group;
  for (uint64_t seq = first; seq < first + count; ++seq) payloads.push_back(PayloadOf(seq));
  for (uint64_t i = 0; i < count; ++i) {
    group.push_back({.stream = first + i,
                     .type = TypeOf(first + i),
                     .payload = std::as_bytes(std::span(payloads[i]))});
  }
  shared->promises.appending = first + count - 1;
  const absl::StatusOr<uint64_t> seq = writer->Append(group, 0);
  if (seq.ok()) return true;
  if (!absl::IsResourceExhausted(seq.status()) || !shared->plan.outlast_full_disk) {
    GiveUp(shared, WriterExit::kFailed, seq.status());
  }
  ++shared->promises.refused_full;
  return false;
}

void Drive(Writer* writer, absl::Duration wait, SharedPlan* shared) {
  const absl::Status status = writer->Poll(wait);
  Publish(*writer, &shared->promises);
  if (!status.ok()) GiveUp(shared, WriterExit::kFailed, status);
}

// A snapshot of all that was there when the log was opened.
void TakeSnapshot(const RecoveredLog& log, SharedPlan* shared) {
  Promises& promises = shared->promises;
  Reader reader = log.NewReader();
  std::optional<Anchor> anchor;
  for (auto it = reader.begin(); it != reader.end(); ++it) anchor = AnchorBehind(reader.batch());
  if (!anchor) return;
  const uint64_t number = promises.anchor + 1;
  promises.anchors[number % 2] = {.seq = anchor->seq,
                                  .lsn = anchor->lsn,
                                  .batch_id_low = anchor->batch_id.low,
                                  .batch_id_high = anchor->batch_id.high};
  promises.anchor = number;
}

void Retire(Writer* writer, SharedPlan* shared) {
  for (const Anchor& anchor : AnchorsOf(shared->promises)) {
    const absl::Status status = writer->Retire(anchor);
    if (!status.ok()) GiveUp(shared, WriterExit::kFailed, status);
  }
}

void AppendAll(Writer* writer, SharedPlan* shared) {
  const WriterPlan& plan = shared->plan;
  uint64_t draw = plan.seed;
  const uint64_t first = writer->next_seq();
  bool retires = plan.retires;
  while (writer->next_seq() - first < plan.records_max) {
    draw = Mix(draw);
    if (retires && writer->next_seq() - first > plan.seed % 40) {
      retires = false;
      Retire(writer, shared);
    }
    if (!AppendGroup(writer, 1 + draw % plan.group_max, shared)) {
      Drive(writer, absl::Milliseconds(2), shared);
      continue;
    }
    if (plan.pause_us_max != 0) ::usleep(static_cast<useconds_t>(draw / 64 % plan.pause_us_max));
    Drive(writer, absl::ZeroDuration(), shared);
    while (writer->next_seq() - 1 - writer->released() >= plan.outstanding_max) {
      Drive(writer, absl::Milliseconds(5), shared);
    }
  }
  while (writer->released() + 1 < writer->next_seq()) Drive(writer, absl::Milliseconds(5), shared);
}

int Run(SharedPlan* shared) {
  shared->error[0] = '\0';
  shared->promises.calls = 0;
  absl::StatusOr<std::unique_ptr<Storage>> machine = OpenStorage(shared->plan.backend);
  if (!machine.ok()) GiveUp(shared, WriterExit::kNotOpened, machine.status());
  KillingStorage killing(machine->get(), shared);
  const Options options = OptionsOf(shared->plan, &killing);
  absl::StatusOr<RecoveredLog> recovered = Recover(options, AnchorsOf(shared->promises));
  if (!recovered.ok()) GiveUp(shared, WriterExit::kNotOpened, recovered.status());
  if (shared->plan.retires) TakeSnapshot(*recovered, shared);
  absl::StatusOr<std::unique_ptr<Writer>> writer = Writer::Start(*std::move(recovered), options);
  if (!writer.ok()) GiveUp(shared, WriterExit::kNotOpened, writer.status());
  ++shared->promises.openings;
  AppendAll(writer->get(), shared);
  if (shared->plan.close) {
    const absl::Status closed = (*writer)->Close();
    Publish(**writer, &shared->promises);
    if (!closed.ok()) GiveUp(shared, WriterExit::kFailed, closed);
  }
  shared->promises.retired += (*writer)->stats().segments_retired;
  return static_cast<int>(WriterExit::kDone);
}

}  // namespace
}  // namespace stet::wal

int main(int argc, char** argv) {
  using stet::wal::SharedPlan;
  if (argc != 2) return static_cast<int>(stet::wal::WriterExit::kUsage);
  void* memory = ::mmap(nullptr, sizeof(SharedPlan), PROT_READ | PROT_WRITE, MAP_SHARED,
                        std::atoi(argv[1]), 0);
  if (memory == MAP_FAILED) return static_cast<int>(stet::wal::WriterExit::kUsage);
  return stet::wal::Run(static_cast<SharedPlan*>(memory));
}
