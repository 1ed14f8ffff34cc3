// Tests of the buffer between producers and the log's thread.
#include "wal/group_buffer.h"

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "wal/batch.h"
#include "wal/writer_limits.h"

namespace stet::wal::group_buffer_test {
namespace {

constexpr uint64_t kSegmentBytes = 16 << 20;
constexpr size_t kLargeText = 2 << 20;

GroupBuffer::Added Add(GroupBuffer* buffer, const std::vector<std::string>& texts,
                       uint64_t state_digest = 0, Durability at_least = Durability::kMemory) {
  std::vector<NewRecord> group;
  std::vector<uint64_t> hashes;
  for (const std::string& text : texts) {
    group.push_back({.type = 1, .payload = std::as_bytes(std::span(text))});
    hashes.push_back(Hash64(group.back().payload));
  }
  const auto size = Measure(group, kSegmentBytes, kCommitAlignMin);
  REQUIRE(size.ok());
  return buffer->Add({.records = group,
                      .hashes = hashes,
                      .body_bytes = size->body_bytes,
                      .state_digest = state_digest,
                      .at_least = at_least});
}

std::string TextAt(Bytes records, uint64_t seq) {
  RecordHeader header;
  REQUIRE(records.size() >= sizeof(header));
  std::memcpy(&header, records.data(), sizeof(header));
  CHECK_EQ(header.seq, seq);
  const Bytes payload = records.subspan(sizeof(header), header.payload_bytes);
  return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}

// The i-th text of a thread; some take long enough to encode that they are met half done.
std::string TextOf(size_t thread, int i) {
  return std::to_string(thread) + ":" + std::to_string(i) + ":" +
         std::string(i % 50 == 0 ? kLargeText : 20, static_cast<char>('a' + i % 26));
}

// What is there for the taking, one record a group.
void TakeAll(GroupBuffer* buffer, uint64_t* seq, std::vector<int>* next) {
  const uint64_t last_seq = buffer->Take();
  while (const GroupBuffer::Group* group = buffer->Front()) {
    const std::string text = TextAt(group->records, ++*seq);
    const auto thread = static_cast<size_t>(std::stoi(text));
    CHECK_EQ(group->count, 1);
    CHECK_EQ(group->payload_bytes, text.size());
    CHECK_EQ(group->state_digest, thread + 7);
    CHECK_EQ(text, TextOf(thread, (*next)[thread]++));
    buffer->PopFront();
  }
  if (last_seq != 0) CHECK_EQ(last_seq, *seq);
}

TEST_SUITE("wal::GroupBuffer") {
  TEST_CASE("groups are taken as they were added, and seqs go on") {
    GroupBuffer buffer(64 << 10, 64 << 10);
    buffer.Start(41);
    CHECK_EQ(buffer.Take(), 0);
    CHECK_EQ(Add(&buffer, {"a", "bc"}, 9).last_seq, 42);
    CHECK_EQ(Add(&buffer, {"d"}, 0, Durability::kCommit).last_seq, 43);
    CHECK_EQ(buffer.next_seq(), 44);
    CHECK_EQ(buffer.Take(), 43);
    const GroupBuffer::Group first = *buffer.Front();
    CHECK_EQ(first.count, 2);
    CHECK_EQ(first.payload_bytes, 3);
    CHECK_EQ(first.state_digest, 9);
    CHECK_EQ(first.at_least, Durability::kMemory);
    CHECK_EQ(TextAt(first.records, 41), "a");
    buffer.PopFront();
    // What is added now goes to the other half.
    CHECK_EQ(Add(&buffer, {"e"}).last_seq, 44);
    CHECK_EQ(TextAt(buffer.Front()->records, 43), "d");
    CHECK_EQ(buffer.Front()->at_least, Durability::kCommit);
    buffer.PopFront();
    CHECK(buffer.Front() == nullptr);
    CHECK_EQ(buffer.Take(), 44);
    CHECK_EQ(TextAt(buffer.Front()->records, 44), "e");
  }

  TEST_CASE("a seq needs more than forty bits") {
    GroupBuffer buffer(64 << 10, 64 << 10);
    const uint64_t start = (uint64_t{5} << 40) - 2;
    buffer.Start(start);
    for (uint64_t i = 0; i < 6; ++i) {
      CHECK_EQ(Add(&buffer, {"x"}).last_seq, start + i);
      if (i % 2 == 1) continue;
      CHECK_EQ(buffer.Take(), start + i);
      while (buffer.Front() != nullptr) buffer.PopFront();
    }
  }

  TEST_CASE("a full half refuses, the largest group goes into any that is not") {
    GroupBuffer buffer(4 << 10, 256 << 10);
    buffer.Start(1);
    while (buffer.used() < 3 << 10)
      CHECK_EQ(Add(&buffer, {"x"}).outcome, GroupBuffer::Outcome::kAdded);
    CHECK(buffer.has_room());
    const std::string large(200 << 10, 'y');
    const uint64_t seq = Add(&buffer, {large}).last_seq;
    CHECK(seq > 1);
    CHECK(!buffer.has_room());
    CHECK_EQ(Add(&buffer, {"z"}).outcome, GroupBuffer::Outcome::kFull);
    CHECK_EQ(buffer.Take(), seq);
    CHECK(buffer.has_room());
    const uint64_t read_seq = seq;
    uint64_t at = 0;
    while (buffer.Front() != nullptr) {
      if (++at == read_seq) CHECK_EQ(TextAt(buffer.Front()->records, at), large);
      buffer.PopFront();
    }
    CHECK_EQ(at, seq);
  }

  TEST_CASE("a closed buffer refuses, and keeps what it has") {
    GroupBuffer buffer(4 << 10, 4 << 10);
    buffer.Start(1);
    Add(&buffer, {"x"});
    buffer.Close();
    CHECK(!buffer.has_room());
    CHECK_EQ(Add(&buffer, {"y"}).outcome, GroupBuffer::Outcome::kClosed);
    CHECK_EQ(buffer.Take(), 1);
    buffer.Reopen();
    CHECK_EQ(Add(&buffer, {"y"}).last_seq, 2);
  }

  TEST_CASE("many producers: each group is taken once, whole, in the order of its seq") {
    constexpr int kProducers = 6;
    constexpr int kGroups = 1000;
    GroupBuffer buffer(64 << 10, 2 * kLargeText);
    buffer.Start(1);
    std::atomic<int> running = kProducers;
    std::vector<std::thread> producers;
    for (int t = 0; t < kProducers; ++t) {
      producers.emplace_back([&, t] {
        for (int i = 0; i < kGroups; ++i) {
          const std::string text = TextOf(static_cast<size_t>(t), i);
          const auto digest = static_cast<uint64_t>(t) + 7;
          while (Add(&buffer, {text}, digest).outcome != GroupBuffer::Outcome::kAdded) {
            std::this_thread::yield();
          }
        }
        --running;
      });
    }
    uint64_t seq = 0;
    std::vector<int> next(kProducers);
    while (running.load() > 0) {
      TakeAll(&buffer, &seq, &next);
      std::this_thread::yield();
    }
    for (std::thread& producer : producers) producer.join();
    TakeAll(&buffer, &seq, &next);
    CHECK_EQ(seq, uint64_t{kProducers} * kGroups);
    CHECK_EQ(next, std::vector<int>(kProducers, kGroups));
  }
}

}  // namespace
}  // namespace stet::wal::group_buffer_test
