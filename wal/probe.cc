// Which way to make a batch durable is the quickest on a disk: measured once, and kept.
#include "wal/probe.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/io/aligned_buffer.h"
#include "wal/io/io_error.h"
#include "wal/segments.h"

namespace stet::wal {
namespace {

constexpr std::array kCandidates = {Operation::kDurableWrite, Operation::kWriteThenFlush,
                                    Operation::kLinkedFlush};
constexpr size_t kRounds = 16;
constexpr size_t kRoundsMin = 4;
constexpr int64_t kBudgetNs = 6'000'000;

// The usual operation stays unless another takes less than this part of its time.
constexpr double kBetter = 0.9;

class Measurement {
 public:
  Measurement(Storage* storage, Queue* queue, File* file, uint64_t offset)
      : storage_(*storage),
        queue_(*queue),
        file_(*file),
        offset_(offset),
        zeros_(file->alignment(), file->alignment()) {
    std::memset(zeros_.data(), 0, zeros_.size());
  }

  // In turns, so that what disturbs one disturbs the others.
  absl::Status Run() {
    const int64_t begin = storage_.MonotonicNanos();
    for (size_t round = 0; round < kRounds; ++round) {
      for (size_t i = 0; i < kCandidates.size(); ++i) {
        const int64_t start = storage_.MonotonicNanos();
        if (start - begin > kBudgetNs) return absl::OkStatus();
        RETURN_IF_ERROR(MakeDurable(kCandidates[i]));
        times_[i].push_back(storage_.MonotonicNanos() - start);
      }
    }
    return absl::OkStatus();
  }

  bool enough() const { return times_.back().size() >= kRoundsMin; }

  std::vector<OperationCost> Costs() {
    std::vector<OperationCost> costs;
    for (size_t i = 0; i < kCandidates.size(); ++i) {
      std::vector<int64_t>& times = times_[i];
      std::sort(times.begin(), times.end());
      const double p50 = static_cast<double>(times[times.size() / 2]) / 1e3;
      costs.push_back({.operation = kCandidates[i],
                       .p50_us = p50,
                       .p99_us = static_cast<double>(times.back()) / 1e3,
                       .per_second = p50 > 0 ? 1e6 / p50 : 0});
    }
    return costs;
  }

 private:
  absl::Status MakeDurable(Operation operation) {
    switch (operation) {
      case Operation::kAuto:
      case Operation::kDurableWrite:
        return Do(Op::Kind::kWriteDurable);
      case Operation::kLinkedFlush:
        return Do(Op::Kind::kWriteLinkedFlush);
      case Operation::kWriteThenFlush:
        RETURN_IF_ERROR(Do(Op::Kind::kWrite));
        return Do(Op::Kind::kFlush);
    }
    return absl::OkStatus();
  }

  absl::Status Do(Op::Kind kind) {
    Op op{.kind = kind, .file = &file_, .token = 1};
    if (kind != Op::Kind::kFlush) {
      op.offset = offset_;
      op.data = zeros_.span();
    }
    RETURN_IF_ERROR(queue_.Submit({&op, 1}));
    Completion completion;
    size_t count = 0;
    // The buffer belongs to the kernel until then.
    while (count == 0) {
      ASSIGN_OR_RETURN(count, queue_.Reap({&completion, 1}, absl::Seconds(1)));
    }
    if (completion.result >= 0) return absl::OkStatus();
    const int error = static_cast<int>(-completion.result);
    return IoErrorAt(error, "try a durable write of", file_.path(), offset_, zeros_.size());
  }

  Storage& storage_;
  Queue& queue_;
  File& file_;
  const uint64_t offset_;
  AlignedBuffer zeros_;
  std::array<std::vector<int64_t>, kCandidates.size()> times_ = {};
};

std::string KeyOf(const Storage& storage, const FileSystemFacts& facts) {
  return fmt::format("stet durability probe 1\n{}\n{}\n{}\n{}\n", facts.kernel, facts.type,
                     facts.device, storage.name());
}

std::string ReadKept(Storage* storage, const std::string& path) {
  const auto file = storage->Open(path, OpenMode::kRead);
  if (!file.ok()) return {};
  std::string text(4096, 0);
  const auto size = (*file)->Read(0, std::as_writable_bytes(std::span(text)));
  text.resize(size.ok() ? *size : 0);
  return text;
}

// Not flushed: what a crash takes is measured again.
absl::Status Keep(Storage* storage, const std::string& path, const std::string& text) {
  const std::string unfinished = path + std::string(kUnfinished);
  storage->Remove(unfinished).IgnoreError();
  {
    ASSIGN_OR_RETURN(const auto file, storage->Open(unfinished, OpenMode::kCreate));
    RETURN_IF_ERROR(file->Write(0, std::as_bytes(std::span(text))));
  }
  return storage->Rename(unfinished, path);
}

}  // namespace

// Where the device has a cache and no FUA, the end of a durable write is left to a thread of the
// kernel's that comes late on busy processors.
Operation UsualOperation(const FileSystemFacts& facts) {
  return facts.volatile_cache && !facts.fua ? Operation::kLinkedFlush : Operation::kDurableWrite;
}

absl::StatusOr<ProbeResult> Probe(Storage* storage, Queue* queue, File* file, uint64_t offset,
                                  const FileSystemFacts& facts) {
  ProbeResult result{.operation = UsualOperation(facts)};
  Measurement measurement(storage, queue, file, offset);
  RETURN_IF_ERROR(measurement.Run());
  if (!measurement.enough()) {
    result.note = "too busy to be measured";
    return result;
  }
  result.costs = measurement.Costs();
  const auto cost_of = [&result](Operation operation) {
    return std::find_if(
               result.costs.begin(), result.costs.end(),
               [operation](const OperationCost& cost) { return cost.operation == operation; })
        ->p50_us;
  };
  const double usual = cost_of(result.operation);
  double best = kBetter * usual;
  for (const OperationCost& cost : result.costs) {
    if (cost.p50_us >= best) continue;
    best = cost.p50_us;
    result.operation = cost.operation;
  }
  return result;
}

absl::StatusOr<ProbeResult> ChooseOperation(Storage* storage, const std::string& directory,
                                            Queue* queue, File* file, uint64_t offset) {
  const FileSystemFacts facts = storage->Describe(directory);
  if (facts.type.empty() || facts.in_memory) {
    return ProbeResult{.operation = UsualOperation(facts),
                       .note = facts.in_memory ? "no disk" : "nothing is known of the disk"};
  }
  const std::string key = KeyOf(*storage, facts);
  const std::string path = PathIn(directory, kProbeName);
  const std::string kept = ReadKept(storage, path);
  for (const Operation operation : kCandidates) {
    if (kept == fmt::format("{}{}\n", key, std::string(ToString(operation)))) {
      return ProbeResult{.operation = operation, .cached = true, .note = "measured earlier"};
    }
  }
  ASSIGN_OR_RETURN(ProbeResult result, Probe(storage, queue, file, offset, facts));
  if (result.note.empty()) {
    // Without it the next open measures again.
    Keep(storage, path, fmt::format("{}{}\n", key, std::string(ToString(result.operation))))
        .IgnoreError();
  }
  return result;
}

}  // namespace stet::wal
