// The tables are total: for every observation exactly one row applies.
#include "wal/recovery_table.h"

#include <doctest/doctest.h>

namespace stet::wal::recovery_table_test {

TEST_SUITE("wal::recovery_table") {
  TEST_CASE("every observation of a directory matches exactly one row") {
    for (int log_id = 0; log_id < kLogIdStates; ++log_id) {
      for (int content = 0; content < kContents; ++content) {
        for (const bool create : {false, true}) {
          CAPTURE(log_id);
          CAPTURE(content);
          CHECK_EQ(LinesFor(DirectoryFacts{.log_id = static_cast<LogIdState>(log_id),
                                           .content = static_cast<Content>(content),
                                           .create = create})
                       .matches,
                   1);
        }
      }
    }
  }

  TEST_CASE("every observation of a header matches exactly one row") {
    for (int a = 0; a < kCopies; ++a) {
      for (int b = 0; b < kCopies; ++b) {
        for (int bits = 0; bits < 16; ++bits) {
          CAPTURE(a);
          CAPTURE(b);
          CAPTURE(bits);
          CHECK_EQ(LinesFor(HeaderFacts{.a = static_cast<Copy>(a),
                                        .b = static_cast<Copy>(b),
                                        .equal = (bits & 1) != 0,
                                        .has_batch = (bits & 2) != 0,
                                        .all_zero = (bits & 4) != 0,
                                        .last = (bits & 8) != 0})
                       .matches,
                   1);
        }
      }
    }
  }

  TEST_CASE("every observation of a base matches exactly one row") {
    for (int place = 0; place < kAnchorPlaces; ++place) {
      for (int bits = 0; bits < 4; ++bits) {
        const BaseFacts facts = {.anchor = static_cast<AnchorPlace>(place),
                                 .from_start = (bits & 1) != 0,
                                 .newer_named = (bits & 2) != 0};
        CAPTURE(place);
        CAPTURE(bits);
        CHECK_EQ(LinesFor(facts).matches, 1);
      }
    }
  }

  TEST_CASE("every observation of a tail matches exactly one row") {
    for (int place = 1; place <= static_cast<int>(Place::kUnreadable); ++place) {
      for (int bits = 0; bits < 32 * kCuts; ++bits) {
        const TailFacts facts = {.place = static_cast<Place>(place),
                                 .beyond = (bits & 1) != 0,
                                 .behind = (bits & 2) != 0,
                                 .stale_fill = (bits & 4) != 0,
                                 .lenient = (bits & 8) != 0,
                                 .cut = static_cast<Shortened>(bits / 32),
                                 .anchored = (bits & 16) != 0};
        CAPTURE(place);
        CAPTURE(bits);
        CHECK_EQ(LinesFor(facts).matches, 1);
      }
    }
  }

  // The promise behind the table, whatever its rows: what was durable is never dropped.
  TEST_CASE("no row accepts a log that is shorter than its watermark") {
    for (int place = 1; place <= static_cast<int>(Place::kUnreadable); ++place) {
      for (int bits = 0; bits < 16 * kCuts; ++bits) {
        const TailFacts facts = {.place = static_cast<Place>(place),
                                 .beyond = true,
                                 .behind = (bits & 1) != 0,
                                 .stale_fill = (bits & 2) != 0,
                                 .lenient = (bits & 4) != 0,
                                 .cut = static_cast<Shortened>(bits / 16),
                                 .anchored = (bits & 8) != 0};
        CHECK_NE(RefusalFor(Classify(facts)), Refusal::kNone);
        CHECK_EQ(VerdictFor(Classify(facts)), Verdict::kRefused);
      }
    }
  }

  TEST_CASE("every refusal has a name, found again in a status") {
    for (int i = 0; i <= static_cast<int>(Refusal::kNoAccess); ++i) {
      CHECK_FALSE(ToString(static_cast<Refusal>(i)).empty());
    }
    CHECK_EQ(RefusalOf(absl::DataLossError("plain")), Refusal::kNone);
  }
}

}  // namespace stet::wal::recovery_table_test
