// Snapshot files: what was written comes back, and what was not is refused.
#include "engine/snapshot_file.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/digest.h"
#include "core/payload_part.h"
#include "engine/snapshot_books.h"
#include "engine/snapshot_format.h"
#include "engine/snapshot_store.h"
#include "tests/core/random_history.h"
#include "tests/core/random_workflow.h"
#include "tests/wal/memory_storage.h"

namespace stet::engine::snapshot_file_test {
namespace {

using core::Random;
using core::SeedOr;

struct Chunk {
  uint16_t kind = 0;
  std::string payload = {};
  bool operator==(const Chunk&) const = default;
};

const SnapshotHead kHead = {
    .anchor = {.seq = 7, .lsn = 0x1'0000'8000, .batch_id = {.low = 0x1234, .high = 0xABCD}},
    .state_digest = 0xFEEDFACE,
    .created_ns = 1'700'000'000'000'000'000};
const std::string kPath = "d/s";

wal::Bytes BytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string FileOf(const std::vector<Chunk>& chunks) {
  wal::MemoryStorage storage;
  auto writer = SnapshotFileWriter::Create(storage, kPath, kHead);
  REQUIRE(writer.ok());
  for (const Chunk& chunk : chunks) REQUIRE(writer->Add(chunk.kind, BytesOf(chunk.payload)).ok());
  REQUIRE(writer->Finish().ok());
  CHECK_EQ(writer->bytes(), storage.files.at(kPath).size());
  return storage.files.at(kPath);
}

absl::StatusOr<std::vector<Chunk>> ChunksOf(std::string file, SnapshotHead* head = nullptr) {
  wal::MemoryStorage storage;
  storage.files[kPath] = std::move(file);
  auto reader = SnapshotFileReader::Open(storage, kPath);
  if (!reader.ok()) return reader.status();
  if (head != nullptr) *head = reader->head();
  std::vector<Chunk> chunks;
  for (;;) {
    const absl::StatusOr<bool> more = reader->Next();
    if (!more.ok()) return more.status();
    if (!*more) return chunks;
    const wal::Bytes payload = reader->payload();
    chunks.push_back(
        {reader->kind(), {reinterpret_cast<const char*>(payload.data()), payload.size()}});
  }
}

std::vector<Chunk> FewChunks() {
  return {{1, "head"}, {2, ""}, {3, std::string(17, 'x')}, {kPayloadChunk, "payloads of 20 bytes"}};
}

// The state that a random history ends in, with the payloads of all its events.
Books BooksOf(const core::World& world) {
  Books books;
  for (const core::Stored& event : world.log()) {
    REQUIRE(core::Apply(event.ref(), books.state, nullptr).ok());
    books.payloads.Keep(event.ref());
  }
  return books;
}

using Kept = std::vector<std::pair<uint64_t, std::pair<std::string, std::string>>>;
Kept PayloadsOf(const Books& books) {
  Kept kept;
  REQUIRE(books.payloads
              .ForEach([&](uint64_t seq, std::string_view bytes, std::string_view type) {
                kept.push_back({seq, {std::string(bytes), std::string(type)}});
                return absl::OkStatus();
              })
              .ok());
  return kept;
}

TEST_SUITE_BEGIN("engine::SnapshotFile");

TEST_CASE("chunks of any size come back, in their order") {
  std::vector<Chunk> chunks = FewChunks();
  Random random(SeedOr(3));
  for (const size_t size : {0, 1, 15, 16, 4000, 4096, 70'000, 1 << 20, 5 << 20}) {
    Chunk chunk = {.kind = static_cast<uint16_t>(random.Below(0xFFFF)),
                   .payload = std::string(size, '\0')};
    for (char& c : chunk.payload) c = static_cast<char>(random.Next());
    chunks.push_back(std::move(chunk));
  }
  SnapshotHead head;
  const auto back = ChunksOf(FileOf(chunks), &head);
  REQUIRE_MESSAGE(back.ok(), back.status().ToString());
  CHECK(*back == chunks);
  CHECK((head == kHead));
  CHECK(ChunksOf(FileOf({}))->empty());
}

TEST_CASE("a chunk that is too large is refused, and the largest is not") {
  wal::MemoryStorage storage;
  auto writer = SnapshotFileWriter::Create(storage, kPath, kHead);
  const std::string large(kSnapshotChunkBytesMax + 1, 'x');
  CHECK_EQ(writer->Add(1, BytesOf(large)).code(), absl::StatusCode::kOutOfRange);
  CHECK(writer->Add(1, BytesOf(large).first(kSnapshotChunkBytesMax)).ok());
  REQUIRE(writer->Finish().ok());
  CHECK_EQ((*ChunksOf(storage.files.at(kPath)))[0].payload.size(), kSnapshotChunkBytesMax);
}

TEST_CASE("a file whose bytes differ anywhere is refused") {
  const std::string file = FileOf(FewChunks());
  for (size_t at = 0; at < file.size(); ++at) {
    for (const int mask : {1, 0x80, 0xFF}) {
      std::string changed = file;
      changed[at] = static_cast<char>(changed[at] ^ mask);
      const absl::Status status = ChunksOf(changed).status();
      REQUIRE_MESSAGE(absl::IsDataLoss(status), at, " ", mask, ": ", status.ToString());
      REQUIRE_NE(status.ToString().find(kPath), std::string::npos);
    }
  }
}

TEST_CASE("a file that is shorter or longer is refused, unless only zeros to its block are gone") {
  const std::string file = FileOf(FewChunks());
  const size_t end = file.find_last_not_of('\0') + 1;
  for (size_t size = 0; size < end; ++size) {
    const absl::Status status = ChunksOf(file.substr(0, size)).status();
    REQUIRE_MESSAGE(absl::IsDataLoss(status), size, ": ", status.ToString());
  }
  CHECK(absl::IsDataLoss(ChunksOf(file + std::string(4096, '\0')).status()));
  CHECK(absl::IsDataLoss(ChunksOf(file + "x").status()));
}

TEST_CASE("chunks that are left out, doubled or swapped, or of another snapshot, are refused") {
  const std::vector<Chunk> chunks = {{1, "aaaa"}, {1, "bbbb"}, {1, "cccc"}};
  const std::string file = FileOf(chunks);
  constexpr size_t kAt = 96;     // of the first chunk
  constexpr size_t kChunk = 48;  // bytes of each
  const auto chunk = [&](size_t i) { return file.substr(kAt + i * kChunk, kChunk); };
  const std::string head = file.substr(0, kAt);
  const std::string rest = file.substr(kAt + 3 * kChunk);
  REQUIRE(ChunksOf(head + chunk(0) + chunk(1) + chunk(2) + rest).ok());
  CHECK_FALSE(ChunksOf(head + chunk(0) + chunk(2) + rest).ok());
  CHECK_FALSE(ChunksOf(head + chunk(0) + chunk(0) + chunk(1) + chunk(2) + rest).ok());
  CHECK_FALSE(ChunksOf(head + chunk(1) + chunk(0) + chunk(2) + rest).ok());
  CHECK_FALSE(ChunksOf(head + chunk(0) + chunk(1) + rest).ok());
  const std::string other = FileOf({{1, "zzzz"}, {1, "bbbb"}, {1, "cccc"}});
  CHECK_FALSE(ChunksOf(file.substr(0, kAt + kChunk) + other.substr(kAt + kChunk)).ok());
}

TEST_CASE("places that cannot be read are an error, not a crash") {
  wal::MemoryStorage storage;
  storage.files[kPath] = FileOf({{1, std::string(3 << 20, 'x')}});
  storage.unreadable[kPath] = {2 << 20};
  auto reader = SnapshotFileReader::Open(storage, kPath);
  if (reader.ok()) CHECK_FALSE(reader->Next().ok());
}

// Made by FileOf(FewChunks()), without the zeros at its end.  Change the version if it must change.
TEST_CASE("golden: the bytes of a snapshot stay what they are") {
  const char* root = std::getenv("SOURCE_ROOT");  // NOLINT(concurrency-mt-unsafe)
  REQUIRE(root != nullptr);
  std::ifstream golden(std::string(root) + "/tests/golden/snapshot_file_v1.hex");
  REQUIRE(golden.is_open());
  const std::string file = FileOf(FewChunks());
  std::ostringstream lines;
  for (size_t at = 0; at < file.find_last_not_of('\0') + 1; at += 16) {
    lines << fmt::format("{:06x} ", at);
    for (size_t i = 0; i < 16; ++i)
      lines << fmt::format("{:02x}", static_cast<uint8_t>(file[at + i]));
    lines << "\n";
  }
  std::ostringstream expected;
  expected << golden.rdbuf();
  CHECK_EQ(lines.str(), expected.str());
}

TEST_CASE("a file of a later version is not understood, and named") {
  std::string file = FileOf({});
  RawHead head;
  std::memcpy(&head, file.data(), sizeof(head));
  head.major = 2;
  head.digest = DigestOf(head);
  std::memcpy(file.data(), &head, sizeof(head));
  const absl::Status status = ChunksOf(file).status();
  CHECK(absl::IsUnimplemented(status));
  CHECK_NE(status.ToString().find("2.0"), std::string::npos);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("engine::SnapshotBooks");

TEST_CASE("every state of a random history comes back equal, with its payloads") {
  const uint64_t seed = SeedOr(41);
  MESSAGE("STET_SEED=", seed);
  size_t states = 0;
  for (uint64_t history = 0; history < 6; ++history) {
    core::RandomHistory(seed * 1000 + history, [&](const core::World& world) {
      if (states++ % 4 != 0) return;
      const Books books = BooksOf(world);
      SnapshotHead head = kHead;
      head.anchor.seq = books.state.seq();
      head.state_digest = books.state.digest();
      wal::MemoryStorage storage;
      const auto written = WriteBooks(books, head, storage, kPath, Pace());
      REQUIRE_MESSAGE(written.ok(), written.status().ToString());
      const auto back = ReadBooks(storage, kPath, Pace());
      REQUIRE_MESSAGE(back.ok(), back.status().ToString());
      REQUIRE(back->state == books.state);
      REQUIRE_EQ(core::RecomputeDigest(back->state), books.state.digest());
      REQUIRE(PayloadsOf(*back) == PayloadsOf(books));
    });
  }
  CHECK_GT(states, 300);
}

TEST_CASE("payloads of a snapshot are found, forgotten, and written again with what came after") {
  PayloadStore store;
  wal::MemoryStorage storage;
  Books books;
  std::vector<std::string> parts;
  const auto keep_part = [&](core::Bytes bytes) {
    parts.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  };
  core::PayloadPartWriter writer(keep_part, 60);
  for (uint64_t seq = 1; seq <= 20; ++seq) {
    REQUIRE(
        writer.Add(seq * 2, fmt::format("bytes{}", seq), seq % 3 == 0 ? "text/plain" : "a/b").ok());
  }
  REQUIRE(writer.Flush().ok());
  REQUIRE_GT(parts.size(), 3);
  for (const std::string& part : parts) REQUIRE(store.Adopt(BytesOf(part)).ok());
  CHECK_EQ(store.count(), 20);
  CHECK_EQ(store.Get({.seq = 12, .digest = 1, .bytes = 6})->bytes, "bytes6");
  CHECK_EQ(store.Get({.seq = 12, .digest = 1, .bytes = 6})->content_type, "text/plain");
  CHECK_EQ(store.Get({.seq = 13, .digest = 1, .bytes = 6})->bytes, "");
  CHECK(absl::IsDataLoss(store.Adopt(BytesOf(parts[0]))));
  CHECK(absl::IsDataLoss(store.Adopt(BytesOf("nonsense"))));
  for (uint64_t seq = 1; seq <= 19; ++seq) {
    store.Forget(seq * 2);
    store.Forget(seq * 2);
  }
  CHECK_EQ(store.count(), 1);
  CHECK_EQ(store.Get({.seq = 12, .digest = 1, .bytes = 6})->bytes, "");
  CHECK_EQ(store.Get({.seq = 40, .digest = 1, .bytes = 7})->bytes, "bytes20");
}

TEST_CASE("a damaged part of payloads is refused, or gives bytes of its own") {
  std::string part;
  const auto keep_part = [&](core::Bytes bytes) {
    part.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  };
  core::PayloadPartWriter writer(keep_part, 1 << 20);
  for (uint64_t seq = 1; seq <= 5; ++seq) REQUIRE(writer.Add(seq, "some bytes", "a/b").ok());
  REQUIRE(writer.Flush().ok());
  Random random(SeedOr(5));
  for (size_t at = 0; at < part.size(); ++at) {
    for (int i = 0; i < 3; ++i) {
      std::string changed = part;
      changed[at] = static_cast<char>(changed[at] ^ (1 + random.Below(255)));
      PayloadStore store;
      if (!store.Adopt(BytesOf(changed)).ok()) continue;
      for (uint64_t seq = 0; seq <= 6; ++seq) {
        (void)store.Get({.seq = seq, .digest = 1, .bytes = 10});
      }
    }
  }
}

TEST_CASE("what was written and is not what is read back is no snapshot") {
  // A disk that flips a bit of each file that is flushed.
  class Flipping final : public wal::Storage {
   public:
    absl::StatusOr<std::unique_ptr<wal::File>> Open(const std::string& path,
                                                    wal::OpenMode mode) override {
      if (mode == wal::OpenMode::kRead) memory.files.at(path)[5000] ^= 1;
      return memory.Open(path, mode);
    }
    absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
      return memory.List(directory);
    }
    absl::Status Rename(const std::string& from, const std::string& to) override {
      return memory.Rename(from, to);
    }
    absl::Status Remove(const std::string& path) override { return memory.Remove(path); }
    absl::Status MakeDirectory(const std::string& path) override {
      return memory.MakeDirectory(path);
    }
    absl::Status SyncDirectory(const std::string& path) override {
      return memory.SyncDirectory(path);
    }
    absl::StatusOr<std::unique_ptr<wal::Lock>> TakeLock(const std::string& path,
                                                        absl::Duration wait) override {
      return memory.TakeLock(path, wait);
    }
    absl::StatusOr<std::unique_ptr<wal::Queue>> NewQueue() override { return memory.NewQueue(); }
    std::string name() const override { return "flipping"; }
    std::string note() const override { return {}; }
    wal::MemoryStorage memory;
  };
  Flipping storage;
  core::World world;
  world.Open();
  world.Start(world.Define(Workflow{.name = "w", .tasks = {{.name = "t", .activity = "a"}}}), "k",
              std::string(20'000, 'x'));
  wal::Options log;
  log.storage = &storage;
  auto store = SnapshotStore::Open("d", log);
  REQUIRE(store.ok());
  const auto made = store->Write(BooksOf(world), kHead.anchor, Pace());
  CHECK(absl::IsDataLoss(made.status()));
  CHECK(storage.memory.files.empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::engine::snapshot_file_test
