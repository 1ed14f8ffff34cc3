// Kinds, cleanup, compensation, repetition: stored and read back, refused where they cannot be, part of the hash.
#include "core/task_extra.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/check_workflow.h"
#include "core/chunk_writer.h"
#include "core/snapshot_decoder.h"
#include "core/workflow_hash.h"
#include "schema/parse.h"
#include "stet/reason.h"
#include "tests/core/random_workflow.h"
#include "tests/core/world.h"

namespace stet::core::task_extra_test {
namespace {

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

Task Idle(std::string name, KindSpec kind, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .after = std::move(after), .kind = std::move(kind)};
}

// Every field of every kind somewhere.
Workflow Everything() {
  Workflow w = {.name = "everything"};
  w.tasks = {Named("plain"), Named("loop"), Named("state"), Named("each", {"plain"})};
  w.tasks[1].kind =
      LoopTask{.max_iterations = 7,
               .break_when = When{.pointer = "/done", .op = CompareOp::kGreater, .value = "3"}};
  w.tasks[2].kind = StatefulTask{};
  w.tasks[2].repeat = Repeat{.count = 3, .interval = absl::Seconds(2)};
  w.tasks[3].kind = MapTask{.items = {.task = "plain", .pointer = "/x"}, .parallelism = 2};
  w.tasks.push_back(Idle(
      "if",
      ConditionalTask{.when = When{.task = "plain"}, .then = {"yes", "both"}, .otherwise = {"no"}},
      {"plain"}));
  for (const char* name : {"yes", "no", "both"}) w.tasks.push_back(Named(name, {"if", "plain"}));
  w.tasks.push_back(Idle("signal", EventTask{.signal = "go", .timeout = absl::Seconds(5)}));
  w.tasks.push_back(Idle("sleep", TimerTask{.duration = absl::Seconds(6)}));
  w.tasks.push_back(
      Idle("child", SubWorkflowTask{.workflow = "other", .input = {.pointer = "/a"}}));
  Task hourly = Named("hourly");
  hourly.repeat = Cron{.expression = "0 * * * *", .max_occurrences = 4};
  hourly.compensate = "undo";
  hourly.breaker = "bank";
  hourly.on_upstream_failure = UpstreamFailure::kRun;
  hourly.retry.non_retryable = {absl::StatusCode::kAborted, absl::StatusCode::kInternal};
  hourly.retry.deadline = absl::Hours(1);
  hourly.timeouts = Timeouts{.schedule_to_start = absl::Seconds(1),
                             .schedule_to_close = absl::Seconds(2),
                             .heartbeat = absl::Seconds(3)};
  hourly.concurrency_key = ConcurrencyKey{.key = "${key}", .held_in_retry = true};
  w.tasks.push_back(hourly);
  w.tasks.push_back(Named("cleanup", {"plain"}));
  w.tasks.back().trigger = Trigger::kExit;
  w.tasks.push_back(Named("after cleanup", {"cleanup"}));
  w.tasks.back().trigger = Trigger::kFailure;
  return w;
}

// The chunks and the end of a definition, as events.
std::vector<Stored> Events(const Workflow& workflow, size_t part_bytes) {
  const WorkflowHash hash = HashOf(workflow);
  auto edges = CheckWorkflow(workflow);
  REQUIRE_MESSAGE(edges.ok(), edges.status().ToString());
  schema::Packer pack;
  std::vector<Stored> events;
  const auto add = [&events](schema::EventType type, Bytes bytes) {
    events.push_back({.seq = events.size() + 1,
                      .type = static_cast<uint16_t>(type),
                      .bytes = {bytes.begin(), bytes.end()}});
  };
  uint32_t task = 0;
  uint32_t index = 0;
  std::span<const uint32_t> child = edges->child;
  std::span<const uint32_t> parent = edges->parent;
  while (task < workflow.tasks.size() || !child.empty()) {
    ChunkWriter chunk(part_bytes);
    const uint32_t first = task;
    for (; task < workflow.tasks.size() && !chunk.full(); ++task) {
      const Task& t = workflow.tasks[task];
      chunk.AddTask(t.name, t.config, t.activity, t.priority, StoredPolicy(t));
      if (HasExtra(t)) chunk.AddExtra(StoredExtra(t, task));
    }
    const size_t taken = task == workflow.tasks.size() ? chunk.AddEdges(child, parent) : 0;
    add(schema::EventType::DefinitionChunk,
        chunk.Pack(hash, workflow.name, index++, first, 5, pack));
    child = child.subspan(taken);
    parent = parent.subspan(taken);
  }
  add(schema::EventType::DefinitionSealed,
      pack.DefinitionSealed({.hash_high = hash.high,
                             .hash_low = hash.low,
                             .time = 5,
                             .task_count = static_cast<uint32_t>(workflow.tasks.size()),
                             .chunk_count = index}));
  return events;
}

absl::Status ApplyAll(const std::vector<Stored>& events, State& state) {
  for (const Stored& event : events) {
    const absl::Status status = Apply(event.ref(), state, nullptr);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// What Validate says of a workflow of one task, changed by `change`.
template <class Change>
std::string InvalidField(Change change) {
  Workflow workflow = {.name = "w", .tasks = {Named("t"), Named("u", {"t"})}};
  change(workflow.tasks[0]);
  const absl::Status status = CheckWorkflow(workflow).status();
  CHECK_EQ(ReasonOf(status), Reason::kInvalidPolicy);
  CHECK_EQ(ReasonField(status, "task"), "t");
  return ReasonField(status, "field");
}

template <class Kind>
std::string InvalidKind(Kind kind, bool activity = true) {
  return InvalidField([&](Task& task) {
    task.kind = kind;
    if (!activity) task.activity.clear();
  });
}

TEST_SUITE_BEGIN("core::TaskExtra");

TEST_CASE("every field of every kind comes back from chunks of any size, and from a snapshot") {
  const Workflow workflow = Everything();
  for (const size_t part_bytes : {1, 100, 300, 1'000'000}) {
    State state;
    const absl::Status applied = ApplyAll(Events(workflow, part_bytes), state);
    REQUIRE_MESSAGE(applied.ok(), applied.ToString());
    const Definition* definition = state.FindDefinition(HashOf(workflow));
    REQUIRE_NE(definition, nullptr);
    CHECK(definition->ToWorkflow() == workflow);
    CHECK_EQ(definition->extra(0), nullptr);
    CHECK_EQ(definition->extra(1)->iterations_max, 7);
    CHECK_EQ(definition->extras().size(), 10);

    SnapshotDecoder decoder;
    const absl::Status encoded = EncodeSnapshot(
        state, [&decoder](SnapshotPart part, Bytes bytes) { return decoder.Add(part, bytes); },
        part_bytes);
    REQUIRE_MESSAGE(encoded.ok(), encoded.ToString());
    const auto decoded = decoder.Finish();
    REQUIRE_MESSAGE(decoded.ok(), decoded.status().ToString());
    CHECK(*decoded == state);
    CHECK(decoded->FindDefinition(HashOf(workflow))->ToWorkflow() == workflow);
  }
}

TEST_CASE("any byte of its chunks may be changed: refused, or the same definition") {
  const uint64_t seed = SeedOr(11);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  const Workflow workflow = Everything();
  const std::vector<Stored> events = Events(workflow, 400);
  size_t refused = 0;
  for (size_t i = 0; i + 1 < events.size(); ++i) {
    for (size_t at = 0; at < events[i].bytes.size(); ++at) {
      std::vector<Stored> changed = events;
      changed[i].bytes[at] ^= static_cast<std::byte>(1 + random.Below(255));
      State state;
      if (!ApplyAll(changed, state).ok()) {
        ++refused;
        continue;
      }
      CHECK(state.FindDefinition(HashOf(workflow))->ToWorkflow() == workflow);
    }
  }
  CHECK_GT(refused, 1000);
}

TEST_CASE("an extra that contradicts itself, or its graph, is refused though its hash is right") {
  const auto refused = [](auto change) {
    Workflow workflow = {.name = "w", .tasks = {Named("t"), Named("u", {"t"})}};
    TaskExtra extra = {};
    change(extra, workflow);
    WorkflowHasher hasher(workflow.name, 2);
    ChunkWriter chunk(1000);
    for (const Task& t : workflow.tasks) {
      hasher.AddTask(t.name, t.activity, t.config, t.priority, StoredPolicy(t));
      hasher.AddDependencies(t.after.size());
      for (const std::string& name : t.after) hasher.AddDependency(name);
      chunk.AddTask(t.name, t.config, t.activity, t.priority, StoredPolicy(t));
    }
    hasher.AddExtra(extra);
    chunk.AddExtra(extra);
    const uint32_t child = 1;
    const uint32_t parent = 0;
    (void)chunk.AddEdges(std::span(&child, 1), std::span(&parent, 1));
    const WorkflowHash hash = hasher.Finish();
    schema::Packer pack;
    DefinitionBuilder builder;
    const auto chunk_bytes = chunk.Pack(hash, "w", 0, 0, 5, pack);
    const auto parsed = schema::Parse<fb::DefinitionChunk>(chunk_bytes);
    if (!parsed.ok()) return std::string(parsed.status().message());
    if (const auto added = builder.Add(**parsed); !added.ok()) return std::string(added.message());
    const auto sealed = schema::Parse<fb::DefinitionSealed>(pack.DefinitionSealed(
        {.hash_high = hash.high, .hash_low = hash.low, .task_count = 2, .chunk_count = 1}));
    return std::string(builder.Seal(**sealed).status().message());
  };
  const auto says = [](const std::string& message, std::string_view part) {
    CAPTURE(message);
    CHECK_NE(message.find(part), std::string::npos);
  };
  CHECK_EQ(refused([](TaskExtra& e, Workflow&) { e.breaker = "b"; }), "");
  says(refused([](TaskExtra&, Workflow&) {}), "contradicts itself");
  says(refused([](TaskExtra& e, Workflow&) { e.signal = "s"; }), "contradicts itself");
  says(refused([](TaskExtra& e, Workflow&) { e.heartbeat = -4; }), "timeouts.heartbeat");
  says(refused([](TaskExtra& e, Workflow&) { e.kind = static_cast<fb::TaskKind>(99); }),
       "out of range");
  says(refused([](TaskExtra& e, Workflow&) { e.task = 7; }), "out of place");
  says(refused([](TaskExtra& e, Workflow& w) {
         e.kind = fb::TaskKind::Conditional;
         e.then_tasks = {"nobody"};
         w.tasks[0].config = "c";
       }),
       "nobody");
  says(refused([](TaskExtra& e, Workflow&) { e.trigger = fb::Trigger::Exit; }), "cleanup");
}

TEST_CASE("what cannot be is refused by the name of its field") {
  CHECK_EQ(InvalidKind(TimerTask{.duration = absl::Seconds(1)}), "activity");
  CHECK_EQ(InvalidKind(TimerTask{}, false), "kind.duration");
  CHECK_EQ(InvalidKind(SubWorkflowTask{}, false), "kind.workflow");
  CHECK_EQ(InvalidKind(SubWorkflowTask{.workflow = "w", .input = {.task = "u"}}, false),
           "kind.input.task");
  CHECK_EQ(InvalidKind(EventTask{}), "kind.signal");
  CHECK_EQ(InvalidKind(EventTask{.signal = "s", .timeout = absl::ZeroDuration()}), "kind.timeout");
  CHECK_EQ(InvalidKind(LoopTask{.max_iterations = 0}), "kind.max_iterations");
  CHECK_EQ(InvalidKind(LoopTask{.break_when = When{.task = "u"}}), "kind.break_when.task");
  CHECK_EQ(InvalidKind(LoopTask{.break_when = When{.pointer = "x"}}), "kind.break_when.pointer");
  CHECK_EQ(InvalidKind(LoopTask{.break_when = When{.op = CompareOp::kLess}}),
           "kind.break_when.value");
  CHECK_EQ(InvalidKind(LoopTask{.break_when = When{.op = CompareOp::kLess, .value = "{"}}),
           "kind.break_when.value");
  CHECK_EQ(InvalidKind(LoopTask{.break_when = When{.value = "1"}}), "kind.break_when.value");
  CHECK_EQ(InvalidKind(MapTask{.parallelism = 0}), "kind.parallelism");
  CHECK_EQ(InvalidKind(MapTask{.items = {.pointer = "~2"}}), "kind.items.pointer");
  CHECK_EQ(InvalidKind(ConditionalTask{}), "kind.then");
  CHECK_EQ(InvalidKind(ConditionalTask{.when = When{.task = "u"}, .then = {"u"}}), "kind.when");
  CHECK_EQ(InvalidKind(ConditionalTask{.then = {"u"}}, false), "kind.when");
  CHECK_EQ(InvalidKind(ConditionalTask{.when = When{.task = "u"}, .then = {"u"}}, false),
           "kind.when.task");
  CHECK_EQ(InvalidKind(ConditionalTask{.then = {"u"}, .otherwise = {"u"}}), "kind.otherwise");
  CHECK_EQ(InvalidKind(ConditionalTask{.then = {"t"}}), "kind.then");
  CHECK_EQ(InvalidKind(ConditionalTask{.otherwise = {"nobody"}}), "kind.otherwise");
  CHECK_EQ(InvalidField([](Task& t) { t.repeat = Repeat{.count = 0}; }), "repeat.count");
  CHECK_EQ(InvalidField([](Task& t) { t.repeat = Repeat{.interval = -absl::Seconds(1)}; }),
           "repeat.interval");
  CHECK_EQ(InvalidField([](Task& t) { t.repeat = Cron{.expression = "0 0 30 2 *"}; }),
           "repeat.expression");
  CHECK_EQ(
      InvalidField([](Task& t) { t.repeat = Cron{.expression = "@daily", .max_occurrences = 0}; }),
      "repeat.max_occurrences");
  CHECK_EQ(InvalidField([](Task& t) {
             t.repeat = Repeat{};
             t.kind = LoopTask{};
           }),
           "repeat");
  CHECK_EQ(InvalidField([](Task& t) {
             t.trigger = Trigger::kExit;
             t.compensate = "undo";
           }),
           "compensate");
  CHECK_EQ(InvalidField([](Task& t) { t.compensate = "\n"; }), "compensate");
  CHECK_EQ(InvalidField([](Task& t) { t.breaker = "\n"; }), "breaker");
  CHECK_EQ(InvalidField([](Task& t) { t.concurrency_key = ConcurrencyKey{.held_in_retry = true}; }),
           "concurrency_key.key");
  CHECK_EQ(InvalidField([](Task& t) { t.timeouts = Timeouts{.heartbeat = absl::ZeroDuration()}; }),
           "timeouts.heartbeat");
  CHECK_EQ(InvalidField([](Task& t) {
             t.timeout = absl::Seconds(2);
             t.timeouts = Timeouts{.schedule_to_close = absl::Seconds(1)};
           }),
           "timeouts.schedule_to_close");
  CHECK_EQ(InvalidField([](Task& t) { t.retry.deadline = absl::InfiniteDuration(); }),
           "retry.deadline");
  CHECK_EQ(InvalidField([](Task& t) { t.retry.non_retryable = {absl::StatusCode::kOk}; }),
           "retry.non_retryable");
}

TEST_CASE("only cleanup tasks may depend on cleanup tasks") {
  Workflow workflow = {.name = "w", .tasks = {Named("t"), Named("u", {"t"})}};
  workflow.tasks[0].trigger = Trigger::kExit;
  const absl::Status status = CheckWorkflow(workflow).status();
  CHECK_EQ(ReasonOf(status), Reason::kInvalidPolicy);
  CHECK_EQ(ReasonField(status, "task"), "u");
  workflow.tasks[1].trigger = Trigger::kFailure;
  CHECK_EQ(ReasonOf(CheckWorkflow(workflow).status()), Reason::kEmptyWorkflow);
  workflow.tasks.push_back(Named("work"));
  CHECK(CheckWorkflow(workflow).ok());
}

TEST_CASE("every field of an extra counts in the hash, and a default counts for nothing") {
  const Workflow base = Everything();
  std::vector<WorkflowHash> hashes = {HashOf(base)};
  for (size_t i = 0; i < base.tasks.size(); ++i) {
    if (!HasExtra(base.tasks[i])) continue;
    const TaskExtra extra = StoredExtra(base.tasks[i], static_cast<uint32_t>(i));
    Workflow other = base;
    other.tasks[i] = Named(base.tasks[i].name, base.tasks[i].after);
    hashes.push_back(HashOf(other));
    RestoreExtra(extra, other.tasks[i]);
    other.tasks[i].activity = base.tasks[i].activity;
    CHECK(other == base);
  }
  const auto changed = [&](size_t task, auto change) {
    Workflow other = base;
    change(other.tasks[task]);
    hashes.push_back(HashOf(other));
  };
  const auto last = base.tasks.size() - 3;
  changed(last, [](Task& t) { t.timeouts.edit().heartbeat = absl::Seconds(9); });
  changed(last, [](Task& t) { t.timeouts.edit().schedule_to_start = absl::Seconds(9); });
  changed(last, [](Task& t) { t.timeouts.edit().schedule_to_close = absl::Seconds(9); });
  changed(last, [](Task& t) { t.concurrency_key.edit().held_in_retry = false; });
  changed(last, [](Task& t) { t.concurrency_key.edit().key = "k"; });
  changed(last, [](Task& t) { t.retry.non_retryable = {absl::StatusCode::kAborted}; });
  changed(last, [](Task& t) { t.retry.deadline = absl::Hours(2); });
  changed(last, [](Task& t) { t.repeat = Cron{.expression = "1 * * * *", .max_occurrences = 4}; });
  changed(last, [](Task& t) { t.compensate = "redo"; });
  changed(last, [](Task& t) { t.breaker = "other"; });
  changed(last, [](Task& t) { t.on_upstream_failure = UpstreamFailure::kSkip; });
  for (size_t i = 0; i < hashes.size(); ++i) {
    for (size_t k = 0; k < i; ++k) CHECK_NE(hashes[i], hashes[k]);
  }
  Workflow plain = {.name = "w", .tasks = {Named("t")}};
  const WorkflowHash hash = HashOf(plain);
  plain.tasks[0].kind = ActivityTask{};
  plain.tasks[0].repeat = Once{};
  plain.tasks[0].timeouts = Timeouts{};
  CHECK_EQ(HashOf(plain), hash);
}

TEST_CASE("names of kinds, comparisons and triggers go there and back") {
  for (size_t i = 0; i < kTaskKindCount; ++i) {
    const auto kind = static_cast<TaskKind>(i);
    CHECK_EQ(TaskKindFrom(ToString(kind)), kind);
  }
  for (size_t i = 0; i < kCompareOpCount; ++i) {
    const auto op = static_cast<CompareOp>(i);
    CHECK_EQ(CompareOpFrom(ToString(op)), op);
  }
  CHECK_EQ(TriggerFrom("cancel"), Trigger::kCancel);
  CHECK_FALSE(TriggerFrom("never").has_value());
  CHECK_EQ(ToString(UpstreamFailure::kRun), "run");
  CHECK_EQ(ToString(static_cast<TaskKind>(99)), "unknown");
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::task_extra_test
