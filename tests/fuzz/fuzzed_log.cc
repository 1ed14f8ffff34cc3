// Making the log once, and looking at what became of it.
#include "tests/fuzz/fuzzed_log.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "stet/wal/explain.h"
#include "stet/wal/inspect.h"
#include "stet/wal/map.h"
#include "stet/wal/reader.h"
#include "stet/wal/recovery.h"
#include "stet/wal/repair.h"
#include "stet/wal/statistics.h"
#include "stet/wal/writer.h"
#include "tests/sim/sim_storage.h"

namespace stet::wal {
namespace {

Options OptionsOn(SimStorage* storage) {
  return {.directory = FuzzedLog::kDirectory,
          .create = true,
          .segment_bytes = 64 << 10,
          .first_segment_bytes = 64 << 10,
          .batch_bytes_max = 8 << 10,
          .inflight_bytes_max = 1 << 20,
          .helper_thread = false,
          .storage = storage};
}

SimDisk MakeLog() {
  SimStorage storage;
  const Options options = OptionsOn(&storage);
  auto recovered = Recover(options);
  Demand(recovered.ok(), recovered.status().ToString());
  const auto writer = Writer::Start(*std::move(recovered), options);
  Demand(writer.ok(), writer.status().ToString());
  for (int i = 0; i < 20; ++i) {
    const std::string text = std::to_string(i) + std::string(i % 3 * 1700, 'x');
    const NewRecord record{.stream = 7, .type = 1, .payload = std::as_bytes(std::span(text))};
    const bool good = (*writer)->Append({&record, 1}, 0).ok() && (*writer)->Flush().ok();
    Demand(good, "the log that is to be broken cannot be written");
  }
  return storage.disk();
}

void Open(const SimDisk& disk, TailPolicy tail) {
  SimStorage storage(disk);
  storage.keep_history = false;
  Options options = OptionsOn(&storage);
  options.tail = tail;
  const auto log = Recover(options);
  const RecoveryReport again = Examine(options);
  Demand(again.refused() == !log.ok() || log.ok(), "Examine refuses what Recover opens");
  if (!log.ok()) {
    Demand(!log.status().message().empty(), "a refusal without a word");
    return;
  }
  Reader reader = log->NewReader();
  uint64_t seq = log->report().first_seq == 0 ? 0 : log->report().first_seq - 1;
  uint64_t bytes = 0;
  for (const Record& record : reader) {
    Demand(record.seq == ++seq, fmt::format("seq {} is read, expected {}", record.seq, seq));
    for (const std::byte byte : record.payload) bytes += static_cast<uint8_t>(byte);
  }
  Demand(!reader.status().ok() || seq == log->last_seq(),
         fmt::format("read to {}, recovered {} ({})", seq, log->last_seq(), bytes));
  Demand(reader.status().ok(), "accepted, but not read: " + reader.status().ToString());
}

// A dry run, which judges in memory what would come out.
void Mend(const Options& options) {
  const auto manifest = Salvage({.source = options, .target = "/new"});
  if (!manifest.ok()) {
    Demand(!manifest.status().message().empty(), "no salvage, and no word why");
    Demand(!absl::IsInternal(manifest.status()), manifest.status().ToString());
    return;
  }
  Demand(manifest->last_seq + 1 >= manifest->first_seq, "a log that ends before it begins");
  uint64_t next = manifest->last_seq + 1;
  for (const Loss& loss : manifest->losses) {
    if (loss.last_seq == 0) continue;
    Demand(loss.first_seq >= next && loss.last_seq >= loss.first_seq,
           fmt::format("seq {}..{} is lost, expected from {} on", loss.first_seq, loss.last_seq,
                       next));
    next = loss.first_seq;
  }
}

void Inspect(const SimDisk& disk) {
  SimStorage storage(disk);
  storage.keep_history = false;
  const Options options = OptionsOn(&storage);
  (void)ListSegments(options);
  auto scanner = Scanner::Open(options);
  if (scanner.ok()) {
    uint64_t begin = 0;
    while (scanner->Next()) {
      const Span& span = scanner->span();
      Demand(span.bytes > 0, fmt::format("a piece of nothing at lsn {:#x}", span.begin_lsn));
      Demand(span.begin_lsn >= begin, fmt::format("the scan steps back to {:#x}", span.begin_lsn));
      begin = span.begin_lsn + span.bytes;
    }
  }
  for (uint64_t segno = 1; segno <= 2; ++segno) {
    for (const uint64_t offset : {0, 4096, 8192, 12288, 16384, 20480, 24576, 65535}) {
      (void)Explain(options, segno << 32 | offset);
    }
  }
  (void)ExplainSeq(options, 3);
  (void)MapBlocks(options);
  (void)CollectStatistics(options);
  (void)Find(options, {.seq = 5});
  (void)Find(options, {.stream = 7});
  (void)Diff(options, options);
  if (Examine(options).refused()) Mend(options);
}

}  // namespace

void Demand(bool good, const std::string& text) {
  if (good) return;
  fmt::print(stderr, "not as it must be: {}\n", text);
  std::abort();
}

uint8_t FuzzInput::Byte() {
  if (data_.empty()) return 0;
  const auto byte = static_cast<uint8_t>(data_[0]);
  data_ = data_.subspan(1);
  return byte;
}

void FuzzInput::Onto(std::span<std::byte> bytes) {
  const size_t size = std::min(bytes.size(), data_.size());
  for (size_t i = 0; i < size; ++i) bytes[i] ^= data_[i];
  data_ = data_.subspan(size);
}

FuzzedLog::FuzzedLog() {
  static const SimDisk* const kWhole = new SimDisk(MakeLog());
  disk_ = *kWhole;
}

std::string FuzzedLog::PathOf(uint64_t segno) {
  return fmt::format("{}/{:016x}.wal", kDirectory, segno);
}

std::vector<std::byte> FuzzedLog::Read(uint64_t segno, uint64_t offset, uint64_t size) const {
  std::vector<std::byte> bytes(size);
  disk_.Find(PathOf(segno))->Read(offset, bytes, false);
  return bytes;
}

void FuzzedLog::Write(uint64_t segno, uint64_t offset, Bytes bytes) {
  disk_.Find(PathOf(segno))->Overwrite(offset, bytes);
}

void FuzzedLog::LookAtAll() const {
  Open(disk_, TailPolicy::kStrict);
  Open(disk_, TailPolicy::kLenient);
  Inspect(disk_);
}

}  // namespace stet::wal
