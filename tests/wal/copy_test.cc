// Tests of copying a log: whole, up to a moment, while it is written, and with an identity of its own.
#include "stet/wal/copy.h"

#include <errno.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/wal/inspect.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"
#include "wal/segments.h"

namespace stet::wal::copy_test {
namespace {

// Batches of two records each, over several segments.
void Fill(Writer* writer, int groups) {
  for (int i = 0; i < groups; ++i) {
    const std::string text = std::to_string(writer->next_seq()) + std::string(4000, 't');
    REQUIRE(AppendText(writer, {text, "second"}).ok());
    REQUIRE(writer->Flush().ok());
  }
}

struct Source {
  SimStorage storage;
  Options options = SimOptions(&storage);
  uint64_t last_seq = 0;

  explicit Source(int groups = 60, bool close = true) {
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    Fill(writer->get(), groups);
    last_seq = (*writer)->next_seq() - 1;
    if (close) REQUIRE((*writer)->Close().ok());
  }

  CopyOptions To(std::string target) const {
    return {.source = options, .target = std::move(target)};
  }
};

Options At(const Source& source, const std::string& directory) {
  Options options = source.options;
  options.directory = directory;
  return options;
}

std::vector<std::string> TextsIn(const Options& options) {
  const auto log = Recover(options);
  REQUIRE_MESSAGE(log.ok(), log.status().ToString());
  return ReadTexts(*log);
}

TEST_SUITE_BEGIN("wal::CopyLog");

TEST_CASE("a copy holds what the source holds, and goes on by itself") {
  for (const bool link : {true, false}) {
    CAPTURE(link);
    Source source;
    CopyOptions how = source.To("/copy");
    how.link = link;
    const auto copy = CopyLog(how);
    REQUIRE_MESSAGE(copy.ok(), copy.status().ToString());
    CHECK_EQ(copy->end.seq, source.last_seq);
    CHECK_EQ(copy->first_seq, 1);
    CHECK_EQ(copy->dropped_last_seq, 0);
    CHECK_EQ(copy->segments_linked > 0, link);
    CHECK_GT(copy->segments_copied, 0);
    const std::vector<std::string> before = TextsIn(source.options);
    CHECK(TextsIn(At(source, "/copy")) == before);
    CHECK(Examine(At(source, "/copy")).clean);
    {
      auto writer = OpenWriter(At(source, "/copy"));
      REQUIRE(writer.ok());
      Fill(writer->get(), 20);
      REQUIRE((*writer)->Close().ok());
    }
    CHECK(TextsIn(source.options) == before);
    CHECK_EQ(TextsIn(At(source, "/copy")).size(), before.size() + 40);
  }
}

TEST_CASE("a copy up to any event ends with the last batch that fits, and says what it drops") {
  Source source(40);
  const std::vector<std::string> whole = TextsIn(source.options);
  for (uint64_t seq = 2; seq <= source.last_seq; seq += 3) {
    CAPTURE(seq);
    CopyOptions how = source.To(fmt::format("/copy{}", seq));
    how.last_seq = seq;
    how.new_log = true;
    const auto copy = CopyLog(how);
    REQUIRE_MESSAGE(copy.ok(), copy.status().ToString());
    const uint64_t end = seq / 2 * 2;
    CHECK_EQ(copy->end.seq, end);
    CHECK_EQ(copy->dropped_first_seq, end == source.last_seq ? 0 : end + 1);
    CHECK_EQ(copy->dropped_last_seq, end == source.last_seq ? 0 : source.last_seq);
    const std::vector<std::string> texts = TextsIn(At(source, how.target));
    REQUIRE_EQ(texts.size(), end);
    CHECK(std::equal(texts.begin(), texts.end(), whole.begin()));
    // It is one that goes on.
    auto writer = OpenWriter(At(source, how.target));
    REQUIRE_MESSAGE(writer.ok(), writer.status().ToString());
    CHECK_EQ((*writer)->next_seq(), end + 1);
  }
}

TEST_CASE("a copy up to a time ends before the first batch that was closed later") {
  Source source(20);
  auto scanner = Scanner::Open(source.options);
  REQUIRE(scanner.ok());
  while (scanner->Next()) {
    const Span& span = scanner->span();
    if (span.kind != Span::Kind::kBatch || span.batch.record_count == 0) continue;
    CopyOptions how = source.To(fmt::format("/at{}", span.batch.first_seq));
    how.closed_by = absl::FromUnixNanos(span.batch.closed_ns);
    const auto copy = CopyLog(how);
    REQUIRE_MESSAGE(copy.ok(), copy.status().ToString());
    CHECK_EQ(copy->end.seq, span.batch.first_seq + span.batch.record_count - 1);
    CHECK_EQ(copy->closed_ns, span.batch.closed_ns);
  }
  CopyOptions how = source.To("/before");
  how.closed_by = absl::UnixEpoch();
  CHECK(absl::IsOutOfRange(CopyLog(how).status()));
  how.closed_by = absl::InfiniteFuture();
  how.last_seq = 1;
  CHECK(absl::IsOutOfRange(CopyLog(how).status()));
}

TEST_CASE("a log of its own: segments of the one are foreign to the other") {
  Source source;
  CopyOptions how = source.To("/copy");
  how.last_seq = 20;
  how.new_log = true;
  const auto copy = CopyLog(how);
  REQUIRE(copy.ok());
  CHECK_NE(copy->log_id, ToString(ReadLogId(&source.storage, "/log")->log_uuid));
  const std::string name = SegmentName(2);
  SimDisk& disk = source.storage.disk();
  disk.Place("/copy/" + name, disk.names().at("/log/" + name));
  CHECK_EQ(Examine(At(source, "/copy")).refusal, Refusal::kForeign);
}

TEST_CASE("the end of a copy is promised: what is cut off it is missed") {
  Source source;
  REQUIRE(CopyLog(source.To("/copy")).ok());
  const RecoveryReport whole = Examine(At(source, "/copy"));
  const std::string last = "/copy/" + SegmentName(whole.end_lsn >> 32);
  SimContent* content = source.storage.disk().Find(last);
  REQUIRE(content != nullptr);
  const std::vector<std::byte> zeros(8192);
  content->Overwrite((whole.end_lsn & 0xffffffff) - zeros.size(), zeros);
  CHECK(Examine(At(source, "/copy")).refused());
}

TEST_CASE("a log that is being written is copied as far as it is durable") {
  SimStorage storage;
  Options options = SimOptions(&storage);
  options.durability = Durability::kOs;
  auto writer = OpenWriter(options);
  REQUIRE(writer.ok());
  Fill(writer->get(), 30);
  const uint64_t durable = (*writer)->watermarks().durable;
  REQUIRE(AppendText(writer->get(), {"not flushed"}).ok());
  REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
  const auto copy = CopyLog({.source = options, .target = "/copy"});
  REQUIRE_MESSAGE(copy.ok(), copy.status().ToString());
  CHECK_LE(copy->end.seq, durable + 1);
  CHECK_GE(copy->end.seq, durable - 2);
  Fill(writer->get(), 30);
  Options copied = options;
  copied.directory = "/copy";
  CHECK_EQ(TextsIn(copied).size(), copy->end.seq);
}

TEST_CASE("nothing is overwritten, and a damaged log is not copied") {
  Source source;
  CHECK(absl::IsInvalidArgument(CopyLog(source.To("")).status()));
  CHECK(absl::IsInvalidArgument(CopyLog(source.To("/log/in")).status()));
  CHECK(absl::IsAlreadyExists(CopyLog({.source = source.options, .target = "/log2"}).status()) ==
        false);
  CHECK(absl::IsAlreadyExists(CopyLog(source.To("/log2")).status()));
  source.storage.disk().Find("/log/" + SegmentName(1))->FlipBit(20'000, 3);
  const auto copy = CopyLog(source.To("/copy"));
  CHECK(absl::IsDataLoss(copy.status()));
  CHECK_EQ(RefusalOf(copy.status()), Refusal::kCorruptAcked);
  CHECK(absl::IsNotFound(source.storage.List("/copy").status()));
}

TEST_CASE("damage that only reading the copy back shows is told of the file that it came from") {
  Source source;
  const auto whole = CopyLog(source.To("/whole"));
  REQUIRE_MESSAGE(whole.ok(), whole.status().ToString());
  const std::string damaged = "/log/" + SegmentName(1);
  source.storage.disk().Find(damaged)->FlipBit(20'000, 3);
  // Behind a snapshot nothing is looked at before it is copied.
  CopyOptions options = source.To("/copy");
  options.anchors = {whole->end};
  const absl::Status status = CopyLog(options).status();
  CHECK(absl::IsDataLoss(status));
  const std::string message(status.message());
  CHECK_MESSAGE(message.find(damaged + ": offset") != std::string::npos, message);
  CHECK_MESSAGE(message.find("/copy") == std::string::npos, message);
}

TEST_CASE("a call that fails leaves a copy that never opens") {
  uint64_t failed = 0;
  for (uint64_t call = 1;; ++call) {
    CAPTURE(call);
    Source source(30);
    source.storage.faults.fail_call = source.storage.calls() + call;
    source.storage.faults.fail_errno = EIO;
    const auto copy = CopyLog(source.To("/copy"));
    if (copy.ok()) break;
    ++failed;
    source.storage.faults.fail_call = 0;
    const RecoveryReport report = Examine(At(source, "/copy"));
    const bool whole = !report.refused() && report.last_seq == source.last_seq;
    const bool nothing = report.refused() || report.verdict == Verdict::kUnborn;
    CHECK_MESSAGE((whole || nothing), report.ToString());
    CHECK_EQ(TextsIn(source.options).size(), source.last_seq);
  }
  CHECK_GT(failed, 5);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::wal::copy_test
