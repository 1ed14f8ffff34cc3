// Raw operations: each cell once a round, all cells in turns.
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "tools/stet/status_macros.h"
#include "tools/walbench/measure.h"
#include "tools/walbench/raw_file.h"

namespace stet::walbench {
namespace {

constexpr Method kMethods[] = {Method::kWrite,           Method::kDurableWrite,
                               Method::kWritesThenFlush, Method::kLinkedFlush,
                               Method::kWriteAndFlush,   Method::kBuffered};

class RawBench {
 public:
  RawBench(const Plan& plan, const Bench& bench, Report* report)
      : plan_(plan), bench_(bench), report_(report) {}

  absl::Status Run() {
    STET_RETURN_IF_ERROR(OpenFiles());
    STET_RETURN_IF_ERROR(MeasureLimits());
    AddCells();
    for (uint32_t round = 0; round < plan_.rounds; ++round) {
      for (Cell& cell : report_->cells) STET_RETURN_IF_ERROR(MeasureCell(&cell));
    }
    std::erase_if(report_->cells,
                  [](const Cell& cell) { return cell.result.latency.count() == 0; });
    return absl::OkStatus();
  }

 private:
  absl::Status OpenFiles() {
    bench_.progress->Step("writing the files");
    STET_ASSIGN_OR_RETURN(buffered_,
                          NamelessFile(bench_.folder, plan_.file_bytes, Caching::kBuffered));
    absl::StatusOr<Descriptor> direct =
        NamelessFile(bench_.folder, plan_.file_bytes, Caching::kDirect);
    if (direct.ok()) {
      direct_ = *std::move(direct);
    } else if (absl::IsInvalidArgument(direct.status())) {
      report_->notes.emplace_back("the file system refuses direct I/O: only buffered operations");
    } else {
      return direct.status();
    }
    return Stopped();
  }

  absl::Status Stopped() const {
    return bench_.stop->load() ? absl::CancelledError("interrupted") : absl::OkStatus();
  }

  Load LoadOf(Method method, uint32_t block_bytes, uint32_t in_flight) const {
    const bool buffered = method == Method::kBuffered || !direct_.ok();
    return {.method = method,
            .fd = buffered ? buffered_.get() : direct_.get(),
            .file_bytes = plan_.file_bytes,
            .block_bytes = block_bytes,
            .in_flight = in_flight,
            .seconds = plan_.raw_seconds,
            .stop = bench_.stop};
  }

  absl::Status MeasureLimits() {
    bench_.progress->Step("limits");
    if (direct_.ok()) {
      Load sequential = LoadOf(Method::kWrite, 1 << 20, 4);
      sequential.seconds = 4 * plan_.raw_seconds;
      absl::StatusOr<LoadResult> result = RunUringLoad(sequential);
      if (absl::IsUnavailable(result.status())) {
        uring_refused_ = true;
        report_->notes.emplace_back(result.status().message());
        result = RunPosixLoad(sequential);
      }
      STET_RETURN_IF_ERROR(result.status());
      report_->sequential_megabytes = result->PerSecond() * (1 << 20) / 1e6;
    }
    Load flush = LoadOf(Method::kFlush, 4096, 1);
    flush.seconds = 2 * plan_.raw_seconds;
    STET_ASSIGN_OR_RETURN(report_->flush, RunPosixLoad(flush));
    return Stopped();
  }

  void AddCells() {
    for (const uint32_t block : plan_.block_bytes) {
      for (const uint32_t depth : plan_.in_flight) {
        for (const Interface interface : {Interface::kUring, Interface::kPosix}) {
          if (interface == Interface::kUring && uring_refused_) continue;
          for (const Method method : kMethods) {
            const bool possible = direct_.ok() || method == Method::kBuffered;
            if (!possible || !Offers(interface, method)) continue;
            report_->cells.push_back({.interface = interface,
                                      .method = method,
                                      .block_bytes = block,
                                      .in_flight = depth});
          }
        }
      }
    }
  }

  absl::Status MeasureCell(Cell* cell) {
    bench_.progress->Step(fmt::format("{}, {}, {} in flight", NameOf(cell->interface, cell->method),
                                      BlockText(cell->block_bytes), cell->in_flight));
    const Meter meter(bench_);
    absl::StatusOr<LoadResult> result =
        RunLoad(cell->interface, LoadOf(cell->method, cell->block_bytes, cell->in_flight));
    if (absl::IsUnavailable(result.status())) {
      // Named once; the cells stay empty and are left out.
      if (!std::exchange(uring_refused_, true)) {
        report_->notes.emplace_back(result.status().message());
      }
      return absl::OkStatus();
    }
    STET_RETURN_IF_ERROR(result.status());
    meter.AddTo(&cell->counted);
    cell->result.latency.Merge(result->latency);
    cell->result.elapsed_ns += result->elapsed_ns;
    return Stopped();
  }

  const Plan& plan_;
  const Bench& bench_;
  Report* const report_;
  Descriptor direct_;
  Descriptor buffered_;
  bool uring_refused_ = false;
};

}  // namespace

absl::Status MeasureRaw(const Plan& plan, const Bench& bench, Report* report) {
  return RawBench(plan, bench, report).Run();
}

}  // namespace stet::walbench
