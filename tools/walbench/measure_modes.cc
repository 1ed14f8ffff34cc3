// wal::Log in every mode: append a record and wait until it is released, from one thread and from many.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stet/wal/log.h"
#include "tools/stet/status_macros.h"
#include "tools/walbench/measure.h"

namespace stet::walbench {
namespace {

struct Producer {
  Histogram latency = {};
  absl::Status status = {};
};

// About how many appends a cell makes in `bytes` of a log, if a quarter of the threads share a batch.
int64_t AppendsIn(uint64_t bytes, const ModeCell& cell) {
  constexpr uint64_t kBlock = 4096;
  constexpr uint64_t kRecordHeader = 32;
  const uint64_t together = std::max(cell.producers / 4, 1U);
  const uint64_t batch = (together * (cell.payload_bytes + kRecordHeader) / kBlock + 1) * kBlock;
  return static_cast<int64_t>(bytes / batch * together);
}

class ModeBench {
 public:
  ModeBench(const Plan& plan, const Bench& bench, Report* report)
      : plan_(plan), bench_(bench), report_(report) {}

  absl::Status Run() {
    for (const wal::Durability mode : kModes) {
      for (const uint32_t payload : plan_.payload_bytes) {
        for (const uint32_t producers : plan_.producers) {
          report_->modes.push_back(
              {.mode = mode, .payload_bytes = payload, .producers = producers});
        }
      }
    }
    const size_t together = plan_.producers.size();
    for (uint32_t round = 0; round < plan_.rounds; ++round) {
      for (size_t at = 0; at < report_->modes.size(); at += together) {
        STET_RETURN_IF_ERROR(MeasureMode({report_->modes.data() + at, together}));
      }
    }
    return absl::OkStatus();
  }

 private:
  // The cells of one mode and payload share a log.
  absl::Status MeasureMode(std::span<ModeCell> cells) {
    const std::string directory = fmt::format("{}/log-{}", bench_.folder, ++logs_);
    const absl::Status measured = MeasureLog(directory, cells);
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    if (absl::IsUnimplemented(measured)) {
      for (ModeCell& cell : cells) cell.unavailable = std::string(measured.message());
      return absl::OkStatus();
    }
    return measured;
  }

  // Within one segment that is filled with zeros before: nothing else writes meanwhile.
  absl::Status MeasureLog(const std::string& directory, std::span<ModeCell> cells) {
    const wal::Options options = {.directory = directory,
                                  .create = true,
                                  .durability = cells.front().mode,
                                  .segment_bytes = plan_.segment_bytes,
                                  .first_segment_bytes = plan_.segment_bytes,
                                  .helper_thread = false};
    STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Log> log, wal::Log::Open(options));
    for (ModeCell& cell : cells) {
      bench_.progress->Step(fmt::format("log in mode {}, {}, {} producers",
                                        wal::ToString(cell.mode), BlockText(cell.payload_bytes),
                                        cell.producers));
      STET_RETURN_IF_ERROR(MeasureCell(log.get(), &cell));
      if (bench_.stop->load()) return absl::CancelledError("interrupted");
    }
    const wal::WriterStats stats = log->stats();
    report_->automatic_backend = stats.storage;
    report_->automatic_note = stats.storage_note;
    report_->automatic_queue = stats.queue;
    report_->automatic_operation = stats.operation;
    return log->Close();
  }

  absl::Status MeasureCell(wal::Log* log, ModeCell* cell) {
    const Meter meter(bench_);
    const uint64_t batches_before = log->stats().batches;
    STET_RETURN_IF_ERROR(RunProducers(log, cell));
    meter.AddTo(&cell->counted);
    const wal::WriterStats stats = log->stats();
    cell->batches += stats.batches - batches_before;
    cell->operation = stats.operation;
    return absl::OkStatus();
  }

  absl::Status RunProducers(wal::Log* log, ModeCell* cell) {
    std::vector<Producer> producers(cell->producers);
    std::vector<std::thread> threads;
    const std::string payload(cell->payload_bytes, 'p');
    appends_left_ = AppendsIn(plan_.segment_bytes * 3 / 4 / plan_.producers.size(), *cell);
    const int64_t begin = NowNanos();
    const int64_t end = begin + static_cast<int64_t>(plan_.mode_seconds * 1e9);
    for (Producer& producer : producers) {
      threads.emplace_back(
          [&, end] { producer.status = Produce(log, payload, end, &producer.latency); });
    }
    for (std::thread& thread : threads) thread.join();
    cell->result.elapsed_ns += NowNanos() - begin;
    for (const Producer& producer : producers) {
      STET_RETURN_IF_ERROR(producer.status);
      cell->result.latency.Merge(producer.latency);
    }
    return absl::OkStatus();
  }

  absl::Status Produce(wal::Log* log, std::string_view payload, int64_t end, Histogram* latency) {
    int64_t now = NowNanos();
    do {
      STET_ASSIGN_OR_RETURN(const uint64_t seq, log->Append(payload));
      STET_RETURN_IF_ERROR(log->Sync(seq));
      const int64_t done = NowNanos();
      latency->Add(done - now);
      now = done;
    } while (now < end && !bench_.stop->load() && appends_left_.fetch_sub(1) > 0);
    return absl::OkStatus();
  }

  const Plan& plan_;
  const Bench& bench_;
  Report* const report_;
  std::atomic<int64_t> appends_left_ = 0;  // of the cell: what fits into the segment
  int logs_ = 0;
};

}  // namespace

absl::Status MeasureModes(const Plan& plan, const Bench& bench, Report* report) {
  return ModeBench(plan, bench, report).Run();
}

}  // namespace stet::walbench
