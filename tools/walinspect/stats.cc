// walinspect stats: what a log consists of, in numbers.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stet/inspect.h"
#include "stet/wal/inspect.h"
#include "stet/wal/statistics.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

using Groups = std::vector<std::pair<uint64_t, wal::Tally>>;

std::optional<wal::GroupBy> GroupByFrom(std::string_view by) {
  if (by.empty()) return wal::GroupBy::kNothing;
  if (by == "type") return wal::GroupBy::kType;
  if (by == "stream") return wal::GroupBy::kStream;
  if (by == "epoch") return wal::GroupBy::kEpoch;
  if (by == "hour") return wal::GroupBy::kHour;
  if (by == "segment") return wal::GroupBy::kSegment;
  return std::nullopt;
}

std::string NameOf(wal::GroupBy by, uint64_t key) {
  if (key == UINT64_MAX) return "others";
  switch (by) {
    case wal::GroupBy::kType: {
      const std::string_view name = EventTypeName(static_cast<uint16_t>(key));
      return name == "unknown" ? fmt::format("type {}", key) : std::string(name);
    }
    case wal::GroupBy::kStream:
      return key == 0 ? "engine" : Hex(key);
    case wal::GroupBy::kHour:
      return TimeText(static_cast<int64_t>(key)).substr(0, sizeof("2026-01-31T23") - 1);
    default:
      return fmt::format("{}", key);
  }
}

Json HistogramJson(const wal::Histogram& histogram) {
  Json buckets = Json::array();
  for (size_t i = 0; i < histogram.buckets.size(); ++i) {
    if (histogram.buckets[i] == 0) continue;
    const uint64_t below = i >= 64 ? UINT64_MAX : uint64_t{1} << i;
    buckets.push_back({{"below", below}, {"count", histogram.buckets[i]}});
  }
  return {{"count", histogram.count},
          {"mean", histogram.mean()},
          {"max", histogram.max},
          {"buckets", std::move(buckets)}};
}

Json RotationJson(const wal::Rotation& one) {
  return {{"segno", one.segno},
          {"epoch", one.epoch},
          {"start_reason", one.reason},
          {"created", TimeJson(one.created_ns)},
          {"first_time", TimeJson(one.first_ns)},
          {"last_time", TimeJson(one.last_ns)},
          {"segment_bytes", one.segment_bytes},
          {"used_bytes", one.used_bytes},
          {"discarded_bytes", one.discarded_bytes}};
}

Json GroupsJson(wal::GroupBy by, const Groups& groups) {
  Json all = Json::array();
  for (const auto& [key, tally] : groups) {
    all.push_back({{"name", NameOf(by, key)},
                   {"records", tally.records},
                   {"payload_bytes", tally.payload_bytes},
                   {"batches", tally.batches},
                   {"first_seq", tally.first_seq},
                   {"last_seq", tally.last_seq}});
  }
  return all;
}

void PrintJson(const wal::Statistics& all, wal::GroupBy by, std::string_view by_name,
               const Groups& groups) {
  Json rotations = Json::array();
  for (const wal::Rotation& one : all.rotations) rotations.push_back(RotationJson(one));
  PrintLine({{"segments", all.segments},
             {"batches", all.batches},
             {"records", all.records},
             {"first_seq", all.first_seq},
             {"last_seq", all.last_seq},
             {"payload_bytes", all.payload_bytes},
             {"record_header_bytes", all.record_header_bytes},
             {"record_padding_bytes", all.record_padding_bytes},
             {"batch_header_bytes", all.batch_header_bytes},
             {"batch_padding_bytes", all.batch_padding_bytes},
             {"batch_total_bytes", all.batch_total_bytes()},
             {"segment_end_bytes", all.segment_end_bytes},
             {"header_block_bytes", all.header_block_bytes},
             {"file_bytes", all.file_bytes},
             {"padding_share", all.padding_share()},
             {"write_amplification", all.write_amplification()},
             {"zeroed_write_amplification", all.zeroed_write_amplification()},
             {"damaged_places", all.damaged_places},
             {"relaxed_batches", all.relaxed_batches},
             {"batch_bytes", HistogramJson(all.batch_bytes)},
             {"batch_records", HistogramJson(all.batch_records)},
             {"record_bytes", HistogramJson(all.record_bytes)},
             {"lag_bytes", HistogramJson(all.lag_bytes)},
             {"batch_interval_ns", HistogramJson(all.batch_interval_ns)},
             {"by", by_name.empty() ? Json(nullptr) : Json(by_name)},
             {"groups", GroupsJson(by, groups)},
             {"rotations", std::move(rotations)}});
}

std::string CountText(uint64_t value) { return fmt::format("{}", value); }

std::string DurationText(uint64_t ns) {
  return absl::FormatDuration(absl::Nanoseconds(static_cast<int64_t>(ns / 1000 * 1000)));
}

// The value below which `share` of all lie, as far as powers of two tell.
uint64_t Quantile(const wal::Histogram& histogram, double share) {
  uint64_t seen = 0;
  for (size_t i = 0; i < histogram.buckets.size(); ++i) {
    seen += histogram.buckets[i];
    if (static_cast<double>(seen) < share * static_cast<double>(histogram.count)) continue;
    return std::min(histogram.max, i == 0 ? 0 : i >= 64 ? UINT64_MAX : (uint64_t{1} << i) - 1);
  }
  return histogram.max;
}

template <typename Text>
void PrintHistogram(std::string_view name, const wal::Histogram& histogram, Text text) {
  if (histogram.count == 0) return;
  fmt::print("  {:<17} mean {:>10}  half <= {:>10}  99 % <= {:>10}  max {:>10}\n", name,
             text(static_cast<uint64_t>(histogram.mean())), text(Quantile(histogram, 0.5)),
             text(Quantile(histogram, 0.99)), text(histogram.max));
}

void PrintText(const std::string& directory, const wal::Statistics& all) {
  fmt::print("{}: {}, {}, {}{}\n", directory, Counted(all.segments, "segment", "segments"),
             Counted(all.batches, "batch", "batches"), Counted(all.records, "event", "events"),
             all.last_seq == 0 ? "" : fmt::format(", seq {}..{}", all.first_seq, all.last_seq));
  if (all.damaged_places != 0) {
    fmt::print("  {}\n",
               Painted(Colour::kRed, fmt::format("damaged           {} not counted",
                                                 Counted(all.damaged_places, "place", "places"))));
  }
  fmt::print("  on disk           {}; payloads {}, headers {}, padding {} ({:.1f} % of batches)\n",
             BytesText(all.file_bytes), BytesText(all.payload_bytes),
             BytesText(all.record_header_bytes + all.batch_header_bytes),
             BytesText(all.record_padding_bytes + all.batch_padding_bytes),
             100 * all.padding_share());
  fmt::print("  written           {:.2f} times the payloads, {:.2f} with the zeros before them\n",
             all.write_amplification(), all.zeroed_write_amplification());
  PrintHistogram("batch", all.batch_bytes, BytesText);
  PrintHistogram("events in a batch", all.batch_records, CountText);
  PrintHistogram("event", all.record_bytes, BytesText);
  PrintHistogram("not yet durable", all.lag_bytes, BytesText);
  PrintHistogram("between batches", all.batch_interval_ns, DurationText);
  if (all.relaxed_batches != 0) {
    fmt::print("  relaxed           {} released before it was durable\n",
               Counted(all.relaxed_batches, "batch", "batches"));
  }
}

void PrintGroups(wal::GroupBy by, std::string_view name, const Groups& groups, size_t of) {
  fmt::print("\n  {:<24} {:>10} {:>12} {:>10}  {}\n", name, "events", "payload", "batches", "seq");
  for (const auto& [key, tally] : groups) {
    fmt::print("  {:<24} {:>10} {:>12} {:>10}  {}..{}\n", NameOf(by, key), tally.records,
               BytesText(tally.payload_bytes), tally.batches, tally.first_seq, tally.last_seq);
  }
  if (groups.size() < of) fmt::print("  ... and {} more (--limit)\n", of - groups.size());
}

// Types and streams by their size, the rest in their own order.
Groups Ordered(wal::GroupBy by, const wal::Statistics& all, size_t limit) {
  Groups groups(all.groups.begin(), all.groups.end());
  if (by == wal::GroupBy::kType || by == wal::GroupBy::kStream) {
    std::ranges::stable_sort(groups, [](const auto& a, const auto& b) {
      return a.second.payload_bytes > b.second.payload_bytes;
    });
  }
  if (groups.size() > limit) groups.resize(limit);
  return groups;
}

}  // namespace

Exit RunStats(const StatsArguments& arguments) {
  const std::optional<wal::GroupBy> by = GroupByFrom(arguments.by);
  if (!by) {
    SayUsage(fmt::format("--by {}: there are type, stream, epoch, hour, segment", arguments.by),
             arguments.json);
    return Exit::kUsage;
  }
  std::optional<size_t> limit = arguments.json ? SIZE_MAX : 20;
  if (!arguments.limit.empty()) limit = NumberFrom<size_t>(arguments.limit);
  if (!limit) {
    SayUsage(fmt::format("--limit {}: expected a number", arguments.limit), arguments.json);
    return Exit::kUsage;
  }
  const wal::Options options = LogOptions(arguments.directory);
  const auto all = wal::CollectStatistics(options, *by);
  if (!all.ok()) {
    Say({.code = "io_error",
         .message = std::string(all.status().message()),
         .file = options.directory},
        arguments.json);
    return Exit::kInputOutput;
  }
  const Groups groups = Ordered(*by, *all, *limit);
  if (arguments.json) {
    PrintJson(*all, *by, arguments.by, groups);
  } else {
    PrintText(options.directory, *all);
    if (*by != wal::GroupBy::kNothing) {
      PrintGroups(*by, arguments.by, groups, all->groups.size());
    }
  }
  return ExitOf(ExamineWithSnapshots(options));
}

}  // namespace stet::walinspect
