// One log for each line of each table of decisions, strict and lenient: every row of wal/README.md is
// produced by one, and recovery repeated changes neither the files nor what is said.
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/wal/log_catalogue.h"
#include "wal/examiner.h"

namespace stet::wal::recovery_coverage_test {
namespace {

std::vector<CatalogueLog> AllLogs() {
  std::vector<CatalogueLog> all;
  for (const auto& part : {DirectoryLogs(), NameLogs(), HeaderLogs(), LostHeaderLogs(),
                           PromiseLogs(), AnchorLogs(), TornLogs(), WrongLogs()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

std::string Outcome(const RecoveryReport& report) {
  if (report.refused()) return std::string(ToString(report.refusal));
  return fmt::format("{} {}", ToString(report.verdict), report.last_seq);
}

// All that a report says, but how long it took.
std::string Words(const RecoveryReport& report) {
  return report.ToString() +
         fmt::format(" rows {} dropped {} {}..{} in flight {} healed {} scanned {} {}",
                     fmt::join(report.rows, ","), report.dropped_bytes, report.dropped_first_seq,
                     report.dropped_last_seq, report.in_flight_batches, report.healed,
                     report.scanned_segments, report.scanned_bytes);
}

// Which lines of which tables a log asks for.
using Lines = std::map<std::string, std::set<int>>;
template <typename Facts>
void Take(const char* table, const Facts& facts, Lines* reached, std::map<std::string, int>* all) {
  const TableLines lines = LinesFor(facts);
  (*reached)[table].insert(lines.line);
  (*all)[table] = lines.lines;
}

}  // namespace

TEST_SUITE("wal::recovery coverage") {
  TEST_CASE("each log is decided as its row says, strict and lenient") {
    for (const CatalogueLog& one : AllLogs()) {
      CAPTURE(one.row);
      CAPTURE(one.story);
      Bench bench;
      one.make(bench);
      const RecoveryReport strict = bench.Judge();
      INFO(strict.ToString());
      CHECK(bench.same);
      CHECK_EQ(Outcome(strict), one.strict);
      CHECK_NE(std::count(strict.rows.begin(), strict.rows.end(), one.row), 0);
      bench.options.tail = TailPolicy::kLenient;
      CHECK_EQ(Outcome(bench.Judge()), one.lenient == nullptr ? one.strict : one.lenient);
      CHECK(bench.same);
    }
  }

  TEST_CASE("recovered again and again, a log stays as it is and the report says the same") {
    for (const CatalogueLog& one : AllLogs()) {
      CAPTURE(one.story);
      Bench bench;
      one.make(bench);
      const std::string first = Words(bench.Judge());
      for (int i = 0; i < 3; ++i) {
        CHECK_EQ(Words(bench.Judge()), first);
        CHECK(bench.same);
      }
    }
  }

  TEST_CASE("a refusal names its row, its place and what to run next") {
    for (const CatalogueLog& one : AllLogs()) {
      CAPTURE(one.story);
      Bench bench;
      one.make(bench);
      const RecoveryReport report = bench.Judge();
      if (!report.refused()) continue;
      const Finding* const finding = report.refusal_finding();
      REQUIRE(finding != nullptr);
      CHECK_NE(finding->row, 0);
      CHECK_FALSE(finding->file.empty());
      CHECK_FALSE(finding->text.empty());
      CHECK_FALSE(finding->next_command.empty());
    }
  }

  TEST_CASE("every row of the table is produced by a log") {
    std::set<int> rows;
    for (const CatalogueLog& one : AllLogs()) {
      Bench bench;
      one.make(bench);
      const RecoveryReport report = bench.Judge();
      rows.insert(report.rows.begin(), report.rows.end());
    }
    for (int row = 1; row <= 33; ++row) {
      CAPTURE(row);
      CHECK(rows.contains(row));
    }
    Bench held(ThreeBatches());
    held.disk.holder = 7;
    CHECK_EQ(RefusalOf(Recover(held.options).status()), Refusal::kLocked);  // 34
  }

  TEST_CASE("every line of every table is reached by a log") {
    Lines reached;
    std::map<std::string, int> all;
    for (const CatalogueLog& one : AllLogs()) {
      for (const bool lenient : {false, true}) {
        Bench bench;
        one.make(bench);
        absl::StatusOr<Survey> survey = TakeSurvey(&bench.disk, "log");
        if (!survey.ok()) continue;
        const ExamineMode mode = {
            .create = bench.options.create, .lenient = lenient, .anchors = bench.anchors};
        const Decision decision = Examine(&*survey, mode);
        Take("directory", decision.directory, &reached, &all);
        for (const SurveyedSegment& segment : survey->segments) {
          Take("header", segment.facts, &reached, &all);
        }
        for (const BaseFacts& facts : decision.bases) Take("base", facts, &reached, &all);
        for (const TailFacts& facts : decision.ends) Take("tail", facts, &reached, &all);
      }
    }
    for (const auto& entry : all) {
      const auto& table = entry.first;
      for (int line = 0; line < entry.second; ++line) {
        CAPTURE(table);
        CAPTURE(line);
        CHECK(reached[table].contains(line));
      }
    }
  }
}

}  // namespace stet::wal::recovery_coverage_test
