// From figures to an operation and a mode, each with a sentence that says why.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tools/walbench/report.h"

namespace stet::walbench {
namespace {

// What a log can use: wal::Operation by io_uring, and the durable write by posix.
struct Candidate {
  Interface interface = Interface::kUring;
  Method method = Method::kDurableWrite;
};
constexpr Candidate kCandidates[] = {{Interface::kUring, Method::kDurableWrite},
                                     {Interface::kUring, Method::kWritesThenFlush},
                                     {Interface::kUring, Method::kLinkedFlush},
                                     {Interface::kPosix, Method::kDurableWrite}};

// How a candidate does with one small batch in flight, and with as many as it does best with.
struct Score {
  Candidate candidate = {};
  double alone = 0;
  double most = 0;
  uint32_t depth = 1;
};

std::vector<Score> Scores(const Report& report) {
  std::vector<Score> scores;
  for (const Candidate& candidate : kCandidates) {
    Score score{.candidate = candidate};
    for (const Cell& cell : report.cells) {
      if (cell.interface != candidate.interface || cell.method != candidate.method ||
          cell.block_bytes != report.block_bytes.front()) {
        continue;
      }
      const double rate = cell.result.PerSecond();
      if (cell.in_flight == 1) score.alone = rate;
      if (rate > score.most) score.depth = cell.in_flight;
      score.most = std::max(score.most, rate);
    }
    if (score.alone > 0 && score.most > 0) scores.push_back(score);
  }
  return scores;
}

// What helps against a slow flush, in a few words.
const char* ReasonOf(Method method) {
  switch (method) {
    case Method::kWritesThenFlush:
      return "all writes in flight share one flush";
    case Method::kLinkedFlush:
      return "write and flush go to the kernel together";
    default:
      return "each write is durable by itself";
  }
}

void RecommendOperation(Report* report) {
  Recommendation& advice = report->recommendation;
  const std::vector<Score> scores = Scores(*report);
  if (scores.empty()) {
    advice.because_operation =
        "none of the operations of a log could be measured here: it writes through the page cache";
    return;
  }
  double alone = 0;
  double most = 0;
  for (const Score& score : scores) {
    alone = std::max(alone, score.alone);
    most = std::max(most, score.most);
  }
  const auto value = [&](const Score& score) {
    return std::sqrt(score.alone / alone * score.most / most);
  };
  const Score best = *std::max_element(
      scores.begin(), scores.end(),
      [&](const Score& one, const Score& two) { return value(one) < value(two); });
  advice.interface = best.candidate.interface;
  advice.method = best.candidate.method;
  advice.because_operation = fmt::format(
      "{} durable writes/s of {} alone ({:.0f} % of the fastest operation) and {} with {} in "
      "flight "
      "({:.0f} % of the fastest): {}",
      Compact(best.alone), BlockText(report->block_bytes.front()), 100 * best.alone / alone,
      Compact(best.most), best.depth, 100 * best.most / most, ReasonOf(best.candidate.method));
}

void RecommendMode(Report* report) {
  Recommendation& advice = report->recommendation;
  if (report->facts.in_memory) {
    advice.mode = wal::Durability::kOs;
    advice.because_mode = fmt::format(
        "{} lies in memory and a power cut takes all of it: waiting for flushes buys nothing",
        report->facts.type);
    return;
  }
  advice.mode = wal::Durability::kCommit;
  advice.because_mode = "what was acknowledged survives a power cut";
  if (report->payload_bytes.empty() || report->producers.empty()) return;
  const uint32_t payload = report->payload_bytes.front();
  const uint32_t many = report->producers.back();
  const ModeCell* commit = report->Find(wal::Durability::kCommit, payload, many);
  const ModeCell* weaker = report->Find(wal::Durability::kInterval, payload, many);
  if (weaker == nullptr) weaker = report->Find(wal::Durability::kOs, payload, many);
  if (commit == nullptr || weaker == nullptr || weaker->result.PerSecond() == 0) return;
  advice.because_mode += fmt::format(
      ", and {} threads still do {} appends/s of {}, {:.0f} % of what they do in mode {}, which "
      "may lose the last moments",
      many, Compact(commit->result.PerSecond()), BlockText(payload),
      100 * commit->result.PerSecond() / weaker->result.PerSecond(), wal::ToString(weaker->mode));
}

// What a person should know before believing the figures.
void Doubt(Report* report) {
  constexpr double kSuspiciousMicros = 20;
  if (report->load_average > report->cpus) {
    report->notes.push_back(fmt::format(
        "{:.1f} tasks wanted to run on {} CPUs when this began: the figures are those of a busy "
        "machine",
        report->load_average, report->cpus));
  }
  const Cell* durable = nullptr;
  for (const Cell& cell : report->cells) {
    if (cell.method == Method::kDurableWrite && cell.in_flight == 1) durable = &cell;
  }
  if (durable != nullptr && durable->counted.device && report->facts.volatile_cache &&
      !report->facts.fua && durable->counted.device->flushes == 0) {
    report->notes.emplace_back(
        "the device has a volatile cache and received no flush during durable writes: they are "
        "not");
  }
  if (report->flush && report->facts.volatile_cache &&
      report->flush->latency.QuantileMicros(0.5) < kSuspiciousMicros) {
    report->notes.push_back(fmt::format(
        "a flush takes {:.0f} us: either its cache is safe from power cuts, or it does not flush",
        report->flush->latency.QuantileMicros(0.5)));
  }
}

}  // namespace

void Recommend(Report* report) {
  RecommendOperation(report);
  RecommendMode(report);
  Doubt(report);
}

}  // namespace stet::walbench
