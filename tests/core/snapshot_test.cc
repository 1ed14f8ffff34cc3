// A state as parts and back: the same state, whatever it is; and parts that are wrong are refused.
#include "core/snapshot.h"

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/snapshot_decoder.h"
#include "tests/core/random_history.h"
#include "tests/core/random_workflow.h"
#include "tests/core/world.h"

namespace stet::core::snapshot_test {
namespace {

struct Kept {
  SnapshotPart part = SnapshotPart::None;
  std::vector<std::byte> bytes = {};
};

std::vector<Kept> PartsOf(const State& state, size_t part_bytes = kSnapshotPartBytes) {
  std::vector<Kept> parts;
  const absl::Status status = EncodeSnapshot(
      state,
      [&parts](SnapshotPart part, Bytes bytes) {
        parts.push_back({.part = part, .bytes = {bytes.begin(), bytes.end()}});
        return absl::OkStatus();
      },
      part_bytes);
  REQUIRE_MESSAGE(status.ok(), status.ToString());
  return parts;
}

absl::StatusOr<State> Decode(const std::vector<Kept>& parts) {
  SnapshotDecoder decoder;
  for (const Kept& kept : parts) {
    if (absl::Status status = decoder.Add(kept.part, kept.bytes); !status.ok()) return status;
  }
  return decoder.Finish();
}

State Decoded(const std::vector<Kept>& parts) {
  absl::StatusOr<State> state = Decode(parts);
  REQUIRE_MESSAGE(state.ok(), state.status().ToString());
  return *std::move(state);
}

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

TEST_SUITE_BEGIN("core::Snapshot");

TEST_CASE("an empty state comes back") { CHECK(Decoded(PartsOf(State())) == State()); }

TEST_CASE("every state of a random history comes back whole, in parts of any size") {
  const uint64_t seed = SeedOr(17);
  MESSAGE("STET_SEED=", seed);
  size_t states = 0;
  for (uint64_t history = 0; history < 12; ++history) {
    RandomHistory(seed * 1000 + history, [&](const World& world) {
      const size_t part_bytes = states % 3 == 0 ? 1 : states % 3 == 1 ? 150 : kSnapshotPartBytes;
      ++states;
      const State back = Decoded(PartsOf(world.state(), part_bytes));
      REQUIRE(back == world.state());
      REQUIRE(Outstanding(back) == Outstanding(world.state()));
      REQUIRE_EQ(RecomputeDigest(back), world.state().digest());
    });
  }
  CHECK_GT(states, 500);
}

TEST_CASE("what is to be undone comes back in the order in which it completed") {
  World w;
  w.Open();
  std::vector<Task> tasks = {Named("a"), Named("b"), Named("c"), Named("bad", {"a", "b", "c"})};
  for (uint32_t task = 0; task < 3; ++task) tasks[task].compensate = "undo";
  const uint64_t id = w.Start(w.Define(Workflow{.name = "w", .tasks = std::move(tasks)}));
  std::vector<RunRef> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(w.Begin());
  for (const uint32_t task : {1U, 2U, 0U}) w.Succeed(runs[task]);
  REQUIRE_EQ(w.execution(id).undo, std::vector<uint32_t>{1, 2, 0});
  const State back = Decoded(PartsOf(w.state()));
  CHECK_EQ(back.FindExecution(id)->undo, std::vector<uint32_t>{1, 2, 0});
  CHECK(back == w.state());
}

TEST_CASE("what came back goes on as if nothing had happened") {
  const uint64_t seed = SeedOr(23);
  MESSAGE("STET_SEED=", seed);
  for (uint64_t history = 0; history < 8; ++history) {
    std::vector<Kept> parts;
    size_t at = 0;
    Random random(seed + history);
    World const* last = nullptr;
    std::vector<Stored> log;
    State end;
    RandomHistory(seed * 77 + history, [&](const World& world) {
      if (parts.empty() && random.OneIn(20)) {
        parts = PartsOf(world.state());
        at = world.log().size();
      }
      last = &world;
      log = world.log();
      end = world.Replayed();
    });
    REQUIRE(last != nullptr);
    if (parts.empty()) continue;
    State back = Decoded(parts);
    for (size_t i = at; i < log.size(); ++i) REQUIRE(Apply(log[i].ref(), back, nullptr).ok());
    CHECK(back == end);
  }
}

TEST_CASE("a definition that is being received goes on after a snapshot") {
  World world(DecideOptions{.part_bytes = 30});
  world.Open();
  Workflow workflow = {.name = "w",
                       .tasks = {Named("a"), Named("b", {"a"}), Named("c", {"a", "b"})}};
  const auto prepared = PreparedWorkflow::Make(workflow);
  world.Must(DefineWorkflow{.workflow = &*prepared});
  world.Must(DefineWorkflow{.workflow = &*prepared});
  REQUIRE_EQ(world.state().FindDefinition(prepared->hash()), nullptr);
  const std::vector<Kept> parts = PartsOf(world.state());
  const size_t at = world.log().size();
  State back = Decoded(parts);
  CHECK(back == world.state());
  world.Define(*prepared);
  for (size_t i = at; i < world.log().size(); ++i) {
    REQUIRE(Apply(world.log()[i].ref(), back, nullptr).ok());
  }
  CHECK(back == world.state());
  CHECK(back.FindDefinition(prepared->hash())->ToWorkflow() == workflow);
}

// A state with every kind of part.
std::vector<Kept> FullParts() {
  DecideOptions options = {.part_tasks = 1};
  options.breakers["a"] = {.failure_threshold = 2};
  World world(options);
  world.Open();
  const WorkflowHash hash = world.Define(
      {.name = "w",
       .tasks = {Named("bad"), Named("after", {"bad"}), Named("free"), Named("last", {"after"})}});
  world.Start(hash, "first", "{}");
  world.Start(hash, "second", "{}");
  world.Settle();
  Workflow hasty = {.name = "hasty", .tasks = {Named("h")}};
  hasty.tasks[0].concurrency_key = ConcurrencyKey{.key = "all"};
  hasty.tasks[0].timeouts = Timeouts{.schedule_to_close = absl::Seconds(60)};
  const WorkflowHash hasty_hash = world.Define(hasty);
  const WorkflowHash other = world.Define({.name = "other", .tasks = {Named("only")}});
  const uint64_t gone = world.Start(other, "gone");
  world.Must(SetPriority{.execution = gone, .priority = 9});
  world.Succeed(world.Begin());
  world.Must(Purge{.executions = std::span(&gone, 1), .key_retention_ns = kSecond});
  world.Fail(world.Begin());
  world.Must(
      SendSignal{.execution = world.state().executions()[0]->id, .name = "go", .id = "once"});
  world.Must(CreateSchedule{
      .name = "s", .workflow = hash, .cron = "0 3 * * *", .zone = "UTC", .next_at = 9});
  const RunRef busy = world.Begin();
  const Token token = world.slot(busy).token();
  world.Must(RecordStep{.run = busy, .token = token, .name = "s", .result = {.bytes = "1"}});
  world.Must(RecordCheckpoint{.run = busy, .token = token, .checkpoint = {.bytes = "2"}});
  world.Must(SetMetadata{.run = busy, .token = token, .key = "k", .value = "v"});
  world.Must(StartAttempt{.run = *NextReady(world.state()), .worker = "far", .lease_ns = kSecond});
  world.Start(hasty_hash, "hasty");
  world.Must(PauseActivity{.activity = "resting"});
  world.Must(PauseEngine{});
  std::vector<Kept> parts = PartsOf(world.state(), 200);
  std::set<SnapshotPart> kinds;
  for (const Kept& kept : parts) kinds.insert(kept.part);
  for (const SnapshotPart part :
       {SnapshotPart::Head, SnapshotPart::Definition, SnapshotPart::Sealed,
        SnapshotPart::Executions, SnapshotPart::Tasks, SnapshotPart::Lists,
        SnapshotPart::DeadLetters, SnapshotPart::Histories, SnapshotPart::Pauses,
        SnapshotPart::Tombstones, SnapshotPart::Signals, SnapshotPart::Schedule,
        SnapshotPart::Steps, SnapshotPart::Metadata, SnapshotPart::RunLimits, SnapshotPart::Keys,
        SnapshotPart::Breakers, SnapshotPart::Leases}) {
    CHECK(kinds.contains(part));
  }
  return parts;
}

// Refused, or harmless: the first chunk of a definition begins it anew, the last bytes of a part may be
// padding, and seq and time are no entities of the digest: the checksum of the file guards them.
void CheckHarmless(const std::vector<Kept>& parts, const State& state) {
  const absl::StatusOr<State> back = Decode(parts);
  if (!back.ok()) {
    CHECK((back.status().code() == absl::StatusCode::kDataLoss ||
           back.status().code() == absl::StatusCode::kUnimplemented));
    return;
  }
  CHECK_EQ(back->digest(), state.digest());
  CHECK_EQ(RecomputeDigest(*back), state.digest());
}

TEST_CASE("a part that is missing is noticed; doubled or cut it does no harm") {
  const std::vector<Kept> parts = FullParts();
  const State state = Decoded(parts);
  for (size_t i = 0; i < parts.size(); ++i) {
    std::vector<Kept> without = parts;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_EQ(Decode(without).status().code(), absl::StatusCode::kDataLoss);
    std::vector<Kept> twice = parts;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), parts[i]);
    CheckHarmless(twice, state);
    for (size_t size = 0; size < parts[i].bytes.size(); ++size) {
      std::vector<Kept> cut = parts;
      cut[i].bytes.resize(size);
      CheckHarmless(cut, state);
    }
  }
}

TEST_CASE("any byte of any part may be changed: refused or harmless") {
  const std::vector<Kept> parts = FullParts();
  const State state = Decoded(parts);
  const uint64_t seed = SeedOr(29);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  for (size_t i = 0; i < parts.size(); ++i) {
    for (size_t at = 0; at < parts[i].bytes.size(); ++at) {
      std::vector<Kept> changed = parts;
      changed[i].bytes[at] ^= static_cast<std::byte>(1 + random.Below(255));
      CheckHarmless(changed, state);
    }
  }
}

TEST_CASE("a digest of another version, and a part that is unknown, are not understood") {
  std::vector<Kept> parts = FullParts();
  fb::SnapshotHeadT head;
  flatbuffers::GetRoot<fb::SnapshotHead>(parts[0].bytes.data())->UnPackTo(&head);
  head.digest_version = 99;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::SnapshotHead::Pack(builder, &head));
  const Bytes bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  SnapshotDecoder decoder;
  CHECK_EQ(decoder.Add(SnapshotPart::Head, bytes).code(), absl::StatusCode::kUnimplemented);
  parts.push_back({.part = static_cast<SnapshotPart>(99)});
  CHECK_EQ(Decode(parts).status().code(), absl::StatusCode::kUnimplemented);
  CHECK_EQ(Decode({}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::snapshot_test
