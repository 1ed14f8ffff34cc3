// Names, help and values.
#include "engine/metrics.h"

#include <iterator>
#include <string_view>

#include <fmt/format.h>

namespace stet::engine {
namespace {

class Text {
 public:
  void Head(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                   type);
  }
  template <typename T>
  void Value(std::string_view name, T value) {
    fmt::format_to(std::back_inserter(text_), "{} {}\n", name, value);
  }
  template <typename T>
  void Labelled(std::string_view name, std::string_view label, std::string_view is, T value) {
    fmt::format_to(std::back_inserter(text_), "{}{{{}=\"{}\"}} {}\n", name, label, Escaped(is),
                   value);
  }
  void Counter(std::string_view name, std::string_view help, uint64_t value) {
    Head(name, "counter", help);
    Value(name, value);
  }
  template <typename T>
  void Gauge(std::string_view name, std::string_view help, T value) {
    Head(name, "gauge", help);
    Value(name, value);
  }
  // Values times `unit` are what the name says.
  void Add(std::string_view name, std::string_view help, const Histogram& histogram, double unit) {
    Head(name, "histogram", help);
    uint64_t below = 0;
    double limit = unit;
    const std::string bucket = fmt::format("{}_bucket", name);
    for (size_t i = 0; i < Histogram::kBuckets; ++i, limit *= 4) {
      below += histogram.count(i);
      Labelled(bucket, "le", fmt::format("{:g}", limit), below);
    }
    below += histogram.count(Histogram::kBuckets);
    Labelled(bucket, "le", "+Inf", below);
    Value(fmt::format("{}_sum", name), static_cast<double>(histogram.sum()) * unit);
    Value(fmt::format("{}_count", name), below);
  }
  std::string Take() { return std::move(text_); }

 private:
  static std::string Escaped(std::string_view value) {
    std::string escaped;
    for (const char c : value) {
      if (c == '\\' || c == '"') escaped += '\\';
      escaped += c;
    }
    return escaped;
  }

  std::string text_;
};

void AddCounts(const Counts& counts, Text& text) {
  constexpr std::string_view kExecutions[] = {"completed", "failed", "cancelled"};
  constexpr std::string_view kAttempts[] = {"success", "failure",     "timeout",
                                            "lost",    "interrupted", "cancelled"};
  text.Counter("stet_executions_started_total", "Executions that were started.",
               counts.executions_started);
  text.Head("stet_executions_ended_total", "counter", "Executions that have ended, by outcome.");
  for (size_t i = 0; i < counts.executions_ended.size(); ++i) {
    text.Labelled("stet_executions_ended_total", "outcome", kExecutions[i],
                  counts.executions_ended[i]);
  }
  text.Counter("stet_tasks_started_total", "Attempts of tasks that were started.",
               counts.attempts_started);
  text.Counter("stet_tasks_completed_total", "Tasks that completed.", counts.tasks_completed);
  text.Counter("stet_tasks_failed_total", "Tasks that failed for good.", counts.tasks_failed);
  text.Counter("stet_tasks_dead_lettered_total", "Tasks that used up their budget.",
               counts.tasks_dead_lettered);
  text.Counter("stet_tasks_skipped_total", "Tasks that were skipped.", counts.tasks_skipped);
  text.Counter("stet_tasks_cancelled_total", "Tasks that were cancelled.", counts.tasks_cancelled);
  text.Counter("stet_task_retries_total", "Attempts behind which another follows.", counts.retries);
  text.Head("stet_attempts_total", "counter", "Attempts that have ended, by outcome.");
  for (size_t i = 0; i < counts.attempts_ended.size(); ++i) {
    text.Labelled("stet_attempts_total", "outcome", kAttempts[i], counts.attempts_ended[i]);
  }
  text.Add("stet_queue_delay_seconds", "From ready to started.", counts.queue_delay, 1e-6);
  text.Add("stet_execution_time_seconds", "From started to ended, of attempts.",
           counts.execution_time, 1e-6);
  text.Add("stet_commit_latency_seconds", "From appended to released, sampled.",
           counts.commit_latency, 1e-6);
  text.Add("stet_release_events", "Events that were released at once.", counts.release_events, 1);
}

void AddState(const Gauges& gauges, Text& text) {
  const core::State& state = *gauges.state;
  text.Head("stet_tasks_ready", "gauge", "Runs that wait for a worker, by activity.");
  for (uint32_t i = 0; i < state.activities().size(); ++i) {
    text.Labelled("stet_tasks_ready", "activity", state.activities()[i].name,
                  state.ready().count(i));
  }
  text.Gauge("stet_tasks_running", "Attempts that hold a slot.", gauges.stats.running);
  text.Gauge("stet_tasks_zombies", "Of those, attempts that ended while their activity still runs.",
             gauges.stats.zombies);
  text.Gauge("stet_slots", "Attempts that may run at once.", gauges.stats.slots);
  text.Gauge("stet_executions", "Executions that are kept.", state.executions().size());
  text.Gauge("stet_executions_live", "Of those, executions that have not ended.",
             state.live_executions());
  text.Gauge("stet_dead_letters", "Dead letters that are kept.", state.dead_letters().size());
  text.Counter("stet_late_reports_total", "Reports of attempts that no longer owned their run.",
               gauges.stats.late_reports);
  text.Gauge("stet_seq", "Number of the last event.", gauges.stats.seq);
  text.Gauge("stet_released_seq", "Number of the last event that was released.",
             gauges.stats.released);
  text.Gauge("stet_recovery_seconds", "How long the opening took to read and replay.",
             absl::ToDoubleSeconds(gauges.recovery));
}

void AddLog(const Gauges& gauges, Text& text) {
  if (gauges.writer == nullptr) return;
  const wal::WriterStats& writer = *gauges.writer;
  text.Counter("stet_log_records_total", "Records appended.", writer.records);
  text.Counter("stet_log_batches_total", "Batches written.", writer.batches);
  text.Counter("stet_log_bytes_total", "Bytes written, padding included.", writer.written_bytes);
  text.Counter("stet_log_flushes_total", "Flushes of the disk.",
               writer.flushes + writer.durable_writes);
  text.Counter("stet_log_stalls_total", "Times that an append had to wait.", writer.stalls);
  text.Counter("stet_log_failures_total", "Writes, flushes and segments that failed.",
               writer.failures);
  text.Gauge("stet_log_low_space", "1 while the next segment cannot be made.",
             writer.low_space ? 1 : 0);
  text.Counter("stet_snapshots_total", "Snapshots made.", gauges.stats.snapshots);
  text.Counter("stet_snapshots_failed_total", "Snapshots that could not be made.",
               gauges.stats.snapshots_failed);
  text.Gauge("stet_replay_seconds", "How long replaying what no snapshot holds would take.",
             absl::ToDoubleSeconds(gauges.stats.replay_estimate));
  if (gauges.snapshot_age >= absl::ZeroDuration()) {
    text.Gauge("stet_snapshot_age_seconds", "Age of the newest snapshot.",
               absl::ToDoubleSeconds(gauges.snapshot_age));
  }
}

void AddDisk(const DiskUse& disk, Text& text) {
  constexpr std::string_view kName = "stet_disk_bytes";
  text.Head(kName, "gauge", "What is taken of the disk, by part.");
  text.Labelled(kName, "part", "log", disk.log);
  text.Labelled(kName, "part", "snapshots", disk.snapshots);
  text.Labelled(kName, "part", "archive", disk.archive);
}

}  // namespace

std::string MetricsText(const Counts& counts, const Gauges& gauges) {
  Text text;
  AddCounts(counts, text);
  AddState(gauges, text);
  AddLog(gauges, text);
  if (gauges.disk) AddDisk(*gauges.disk, text);
  return text.Take();
}

}  // namespace stet::engine
