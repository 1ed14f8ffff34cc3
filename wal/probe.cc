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
constexpr size_t kRounds = 9;
constexpr size_t kRoundsMin = 3;
constexpr int64_t kBudgetNs = 40'000'000;

// The usual operation stays unless another takes less than this part of its time.
constexpr double kBetter = 0.9;

OperationCost CostOf(Operation operation, uint32_t in_flight, std::vector<int64_t> times) {
  std::sort(times.begin(), times.end());
  const double p50 = static_cast<double>(times[times.size() / 2]) / 1e3;
  return {.operation = operation,
          .in_flight = in_flight,
          .p50_us = p50,
          .p99_us = static_cast<double>(times.back()) / 1e3,
          .per_second = p50 > 0 ? in_flight * 1e6 / p50 : 0};
}

class Measurement {
 public:
  Measurement(Storage* storage, Queue* queue, File* file, uint64_t offset)
      : storage_(*storage),
        queue_(*queue),
        file_(*file),
        offset_(offset),
        together_(static_cast<uint32_t>(std::min<size_t>(kProbeWrites, queue->depth()))),
        zeros_(file->alignment(), file->alignment()) {
    std::memset(zeros_.data(), 0, zeros_.size());
  }

  // In turns, so that what disturbs one disturbs the others.
  absl::Status Run() {
    const int64_t end = storage_.MonotonicNanos() + kBudgetNs;
    for (size_t round = 0; round < kRounds; ++round) {
      for (size_t i = 0; i < kCandidates.size(); ++i) {
        if (storage_.MonotonicNanos() > end) return absl::OkStatus();
        RETURN_IF_ERROR(Time(kCandidates[i], 1, &alone_[i]));
        RETURN_IF_ERROR(Time(kCandidates[i], together_, &at_once_[i]));
      }
    }
    return absl::OkStatus();
  }

  bool enough() const { return at_once_.back().size() >= kRoundsMin; }

  std::vector<OperationCost> Costs() const {
    std::vector<OperationCost> costs;
    for (size_t i = 0; i < kCandidates.size(); ++i) {
      costs.push_back(CostOf(kCandidates[i], 1, alone_[i]));
      costs.push_back(CostOf(kCandidates[i], together_, at_once_[i]));
    }
    return costs;
  }

 private:
  absl::Status Time(Operation operation, uint32_t writes, std::vector<int64_t>* times) {
    const int64_t begin = storage_.MonotonicNanos();
    RETURN_IF_ERROR(MakeDurable(operation, writes));
    times->push_back(storage_.MonotonicNanos() - begin);
    return absl::OkStatus();
  }

  absl::Status MakeDurable(Operation operation, uint32_t writes) {
    switch (operation) {
      case Operation::kAuto:
      case Operation::kDurableWrite:
        return Do(Op::Kind::kWriteDurable, writes);
      case Operation::kLinkedFlush:
        return Do(Op::Kind::kWriteLinkedFlush, writes);
      case Operation::kWriteThenFlush:
        RETURN_IF_ERROR(Do(Op::Kind::kWrite, writes));
        return Do(Op::Kind::kFlush, 1);
    }
    return absl::OkStatus();
  }

  // All of them in one submission; back when the last has completed.
  absl::Status Do(Op::Kind kind, uint32_t count) {
    std::array<Op, kProbeWrites> ops;
    for (uint32_t i = 0; i < count; ++i) {
      ops[i] = {.kind = kind, .file = &file_, .token = i};
      if (kind == Op::Kind::kFlush) continue;
      ops[i].offset = offset_ + i * zeros_.size();
      ops[i].data = zeros_.span();
    }
    RETURN_IF_ERROR(queue_.Submit({ops.data(), count}));
    absl::Status status;
    // The buffer belongs to the kernel until then.
    for (uint32_t done = 0; done < count;) {
      std::array<Completion, kProbeWrites> completions;
      ASSIGN_OR_RETURN(const size_t reaped, queue_.Reap(completions, absl::Seconds(1)));
      done += static_cast<uint32_t>(reaped);
      for (const Completion& completion : std::span(completions).first(reaped)) {
        status.Update(StatusOf(completion, ops[completion.token]));
      }
    }
    return status;
  }

  absl::Status StatusOf(const Completion& completion, const Op& op) const {
    if (completion.result >= 0) return absl::OkStatus();
    const int error = static_cast<int>(-completion.result);
    return IoErrorAt(error, "try a durable write of", file_.path(), op.offset, zeros_.size());
  }

  Storage& storage_;
  Queue& queue_;
  File& file_;
  const uint64_t offset_;
  const uint32_t together_;
  AlignedBuffer zeros_;
  std::array<std::vector<int64_t>, kCandidates.size()> alone_ = {};
  std::array<std::vector<int64_t>, kCandidates.size()> at_once_ = {};
};

// What one alone and several at once take count the same: the first is a lone caller's latency,
// the second the rate of many.
double TimeOf(const std::vector<OperationCost>& costs, Operation operation) {
  double sum = 0;
  for (const OperationCost& cost : costs) sum += cost.operation == operation ? cost.p50_us : 0;
  return sum;
}

double AloneTimeOf(const std::vector<OperationCost>& costs, Operation operation) {
  const auto alone = std::find_if(costs.begin(), costs.end(), [operation](const auto& cost) {
    return cost.operation == operation && cost.in_flight == 1;
  });
  return alone->p50_us;
}

std::string KeyOf(const Storage& storage, const FileSystemFacts& facts) {
  return fmt::format("stet durability probe 3\n{}\n{}\n{}\n{}\n", facts.kernel, facts.type,
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

absl::StatusOr<ProbeResult> Probe(Storage* storage, Queue* queue, File* file, uint64_t offset) {
  ProbeResult result{.operation = kUsualOperation};
  Measurement measurement(storage, queue, file, offset);
  RETURN_IF_ERROR(measurement.Run());
  if (!measurement.enough()) {
    result.note = "too busy to be measured";
    return result;
  }
  result.costs = measurement.Costs();
  double best = kBetter * TimeOf(result.costs, kUsualOperation);
  for (const Operation operation : kCandidates) {
    const double time = TimeOf(result.costs, operation);
    // Batches gather while one flies, so most fly alone: those must not pay for the others.
    const bool slower =
        AloneTimeOf(result.costs, operation) > AloneTimeOf(result.costs, kUsualOperation);
    if (time >= best || slower) continue;
    best = time;
    result.operation = operation;
  }
  return result;
}

absl::StatusOr<ProbeResult> ChooseOperation(Storage* storage, const std::string& directory,
                                            Queue* queue, File* file, uint64_t offset) {
  const FileSystemFacts facts = storage->Describe(directory);
  if (facts.type.empty() || facts.in_memory) {
    return ProbeResult{.operation = kUsualOperation,
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
  ASSIGN_OR_RETURN(ProbeResult result, Probe(storage, queue, file, offset));
  if (result.note.empty()) {
    // Without it the next open measures again.
    Keep(storage, path, fmt::format("{}{}\n", key, std::string(ToString(result.operation))))
        .IgnoreError();
  }
  return result;
}

}  // namespace stet::wal
